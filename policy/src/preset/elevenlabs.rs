//! ElevenLabs: <https://elevenlabs.io/docs/api-reference>, endpoints as in the vendor's client:
//! <https://github.com/elevenlabs/elevenlabs-python>.
//!
//! `/v1/voices/add` always brings recordings; a voice designed from a prompt or taken from the shared
//! library is a new voice in the account, too. Speech to speech brings audio to be spoken again, not a
//! reference for cloning. WebSockets open with a GET.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "elevenlabs",
    source: "https://elevenlabs.io/docs/api-reference",
    rules: &RULES,
};

const RULES: [PresetRule; 31] = [
    rule("speech", "POST", "/v1/text-to-speech/{voice_id}", &["tts.synthesize"]),
    rule("speech-stream", "POST", "/v1/text-to-speech/{voice_id}/stream", &["tts.synthesize"]),
    rule(
        "speech-timestamps",
        "POST",
        "/v1/text-to-speech/{voice_id}/with-timestamps",
        &["tts.synthesize"],
    ),
    rule(
        "speech-stream-timestamps",
        "POST",
        "/v1/text-to-speech/{voice_id}/stream/with-timestamps",
        &["tts.synthesize"],
    ),
    rule("speech-socket", "GET", "/v1/text-to-speech/{voice_id}/stream-input", &["tts.synthesize"]),
    rule(
        "speech-multi-socket",
        "GET",
        "/v1/text-to-speech/{voice_id}/multi-stream-input",
        &["tts.synthesize"],
    ),
    rule("dialogue", "POST", "/v1/text-to-dialogue", &["tts.synthesize"]),
    rule("dialogue-stream", "POST", "/v1/text-to-dialogue/stream", &["tts.synthesize"]),
    rule(
        "dialogue-timestamps",
        "POST",
        "/v1/text-to-dialogue/with-timestamps",
        &["tts.synthesize"],
    ),
    rule(
        "dialogue-stream-timestamps",
        "POST",
        "/v1/text-to-dialogue/stream/with-timestamps",
        &["tts.synthesize"],
    ),
    rule("speech-to-speech", "POST", "/v1/speech-to-speech/{voice_id}", &["tts.synthesize"]),
    rule(
        "speech-to-speech-stream",
        "POST",
        "/v1/speech-to-speech/{voice_id}/stream",
        &["tts.synthesize"],
    ),
    rule("voice-design", "POST", "/v1/text-to-voice/**", &["voice.create"]),
    rule(
        "voice-design-preview",
        "GET",
        "/v1/text-to-voice/{generated_voice_id}/stream",
        &["voice.create"],
    ),
    rule("voices-add", "POST", "/v1/voices/add", &["voice.create"]),
    rule(
        "voices-add-shared",
        "POST",
        "/v1/voices/add/{public_user_id}/{voice_id}",
        &["voice.create"],
    ),
    rule("voices-professional", "POST", "/v1/voices/pvc/**", &["voice.create"]),
    rule("voices-edit", "POST", "/v1/voices/{voice_id}/edit", &["voice.create"]),
    rule("voices-settings", "POST", "/v1/voices/{voice_id}/settings/edit", &["voice.create"]),
    rule(
        "voices-sample-delete",
        "DELETE",
        "/v1/voices/{voice_id}/samples/{sample_id}",
        &["voice.delete"],
    ),
    rule(
        "voices-professional-sample-delete",
        "DELETE",
        "/v1/voices/pvc/{voice_id}/samples/{sample_id}",
        &["voice.delete"],
    ),
    rule("voices-delete", "DELETE", "/v1/voices/{voice_id}", &["voice.delete"]),
    rule("voices-get", "GET", "/v1/voices/**", &["voice.list"]),
    rule("voices-search", "GET", "/v2/voices", &["voice.list"]),
    rule("voices-shared", "GET", "/v1/shared-voices", &["voice.list"]),
    rule("voices-similar", "POST", "/v1/similar-voices", &["voice.list"]),
    rule("transcribe", "POST", "/v1/speech-to-text", &["asr.transcribe"]),
    rule("transcribe-socket", "GET", "/v1/speech-to-text/realtime", &["asr.transcribe"]),
    rule(
        "transcript-get",
        "GET",
        "/v1/speech-to-text/transcripts/{transcription_id}",
        &["asr.transcribe"],
    ),
    rule(
        "transcript-delete",
        "DELETE",
        "/v1/speech-to-text/transcripts/{transcription_id}",
        &["asr.transcribe"],
    ),
    rule("models-list", "GET", "/v1/models", &["model.list"]),
];
