//! ElevenLabs: <https://elevenlabs.io/docs/api-reference>, endpoints and bodies as in the vendor's
//! client: <https://github.com/elevenlabs/elevenlabs-python/tree/main/src/elevenlabs>
//! (`text_to_speech/raw_client.py`, …).
//!
//! `/v1/voices/add` always brings recordings; a voice designed from a prompt or taken from the shared
//! library is a new voice in the account, too. Speech to speech brings audio to be spoken again, not a
//! reference for cloning. WebSockets open with a GET; their text comes later and is not seen here.

use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{Audio, Format, Model, Reference, Speed, Text, Voice};

pub(super) const PRESET: Preset = Preset {
    name: "elevenlabs",
    source: "https://elevenlabs.io/docs/api-reference",
    voices: VOICES,
    rules: &RULES,
};

/// The voices that `GET /v1/voices` calls `premade` and `is_default`, as accounts had them in 2025;
/// the first two are older ones that the vendor's own examples use.
const VOICES: &[&str] = &[
    "21m00Tcm4TlvDq8ikWAM", // Rachel
    "pNInz6obpgDQGcFmaJgB", // Adam
    "9BWtsMINqrJLrRacOk9x", // Aria
    "CwhRBWXzGAHq8TQ4Fs17", // Roger
    "EXAVITQu4vr4xnSDxMaL", // Sarah
    "FGY2WhTYpPnrIDTdsKH5", // Laura
    "IKne3meq5aSn9XLyUdCD", // Charlie
    "JBFqnCBsd6RMkjVDRZzb", // George
    "N2lVS1w4EtoT3dr4eOWO", // Callum
    "SAz9YHcvj6GT2YYXdXww", // River
    "TX3LPaxmHKxFdv7VOQHJ", // Liam
    "XB0fDUnXU5powFXDhCwa", // Charlotte
    "Xb7hH8MSUJpSbSDYk0k2", // Alice
    "XrExE9yKIg1WjnnlVkGX", // Matilda
    "bIHbv24MWmeRgasZH58o", // Will
    "cgSgspJ2msm6clMCkdW9", // Jessica
    "cjVigY5qzO86Huf0OWal", // Eric
    "iP95p4xoKVk53GoZ742B", // Chris
    "nPczCjzI2devNBz1zQrb", // Brian
    "onwK4e9ZLuTAKqWW03F9", // Daniel
    "pFZP5JQG7iQjIQuC4Bku", // Lily
    "pqHfZKP75CvOlQylNhV4", // Bill
];

const RULES: [PresetRule; 31] = [
    speech("speech", "/v1/text-to-speech/{voice_id}"),
    speech("speech-stream", "/v1/text-to-speech/{voice_id}/stream"),
    speech("speech-timestamps", "/v1/text-to-speech/{voice_id}/with-timestamps"),
    speech("speech-stream-timestamps", "/v1/text-to-speech/{voice_id}/stream/with-timestamps"),
    socket("speech-socket", "/v1/text-to-speech/{voice_id}/stream-input"),
    socket("speech-multi-socket", "/v1/text-to-speech/{voice_id}/multi-stream-input"),
    dialogue("dialogue", "/v1/text-to-dialogue"),
    dialogue("dialogue-stream", "/v1/text-to-dialogue/stream"),
    dialogue("dialogue-timestamps", "/v1/text-to-dialogue/with-timestamps"),
    dialogue("dialogue-stream-timestamps", "/v1/text-to-dialogue/stream/with-timestamps"),
    conversion("speech-to-speech", "/v1/speech-to-speech/{voice_id}"),
    conversion("speech-to-speech-stream", "/v1/speech-to-speech/{voice_id}/stream"),
    rule("voice-design", "POST", "/v1/text-to-voice/**", &["voice.create"])
        .json(DESIGN)
        .query(OUTPUT),
    rule(
        "voice-design-preview",
        "GET",
        "/v1/text-to-voice/{generated_voice_id}/stream",
        &["voice.create"],
    ),
    rule("voices-add", "POST", "/v1/voices/add", &["voice.create"]).multipart(SAMPLES),
    rule(
        "voices-add-shared",
        "POST",
        "/v1/voices/add/{public_user_id}/{voice_id}",
        &["voice.create"],
    ),
    rule("voices-professional", "POST", "/v1/voices/pvc/**", &["voice.create"])
        .json_or_multipart(PROFESSIONAL),
    rule("voices-edit", "POST", "/v1/voices/{voice_id}/edit", &["voice.create"]).multipart(SAMPLES),
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
    rule("voices-similar", "POST", "/v1/similar-voices", &["voice.list"]).multipart(SIMILAR),
    rule("transcribe", "POST", "/v1/speech-to-text", &["asr.transcribe"]).multipart(TRANSCRIPTION),
    rule("transcribe-socket", "GET", "/v1/speech-to-text/realtime", &["asr.transcribe"])
        .query(MODEL),
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

const MODEL: Places = &[(Model, "/model_id")];

/// `mp3_44100_128`: a format and a sample rate.
const OUTPUT: Places = &[(Format, "/output_format")];

const SPEECH: Places = &[(Text, "/text"), (Model, "/model_id"), (Speed, "/voice_settings/speed")];

const SOCKET: Places = &[(Model, "/model_id"), (Format, "/output_format")];

const DIALOGUE: Places =
    &[(Text, "/inputs/*/text"), (Voice, "/inputs/*/voice_id"), (Model, "/model_id")];

const CONVERSION: Places = &[(Audio, "/audio"), (Model, "/model_id")];

/// The text is what the previews say.
const DESIGN: Places =
    &[(Text, "/text"), (Model, "/model_id"), (Reference, "/reference_audio_base64")];

const SAMPLES: Places = &[(Reference, "/files/*")];

/// Samples and documents are `files`; `recording` is the owner who reads a captcha.
const PROFESSIONAL: Places =
    &[(Reference, "/files/*"), (Reference, "/recording"), (Model, "/model_id")];

const SIMILAR: Places = &[(Audio, "/audio_file")];

/// The URLs are of audio, too, which the service fetches.
const TRANSCRIPTION: Places = &[
    (Audio, "/file"),
    (Audio, "/cloud_storage_url"),
    (Audio, "/source_url"),
    (Model, "/model_id"),
];

const fn speech(name: &'static str, path: &'static str) -> PresetRule {
    rule(name, "POST", path, &["tts.synthesize"]).json(SPEECH).query(OUTPUT).voice("voice_id")
}

const fn socket(name: &'static str, path: &'static str) -> PresetRule {
    rule(name, "GET", path, &["tts.synthesize"]).query(SOCKET).voice("voice_id")
}

const fn dialogue(name: &'static str, path: &'static str) -> PresetRule {
    rule(name, "POST", path, &["tts.synthesize"]).json(DIALOGUE).query(OUTPUT)
}

const fn conversion(name: &'static str, path: &'static str) -> PresetRule {
    rule(name, "POST", path, &["tts.synthesize"])
        .multipart(CONVERSION)
        .query(OUTPUT)
        .voice("voice_id")
}
