//! OpenAI's audio API: <https://developers.openai.com/api/reference/resources/audio>.
//!
//! A model's name may have slashes (`org/model`) on servers that run open models.
//!
//! Voices are created from recordings (or a prompt), so `POST /v1/audio/voices` and the recording of
//! consent are `voice.create`. `/v1/voices` is how OpenAI-compatible speech servers spell it:
//! <https://github.com/travisvn/chatterbox-tts-api/wiki/Voice-Upload-&-Library>.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "openai-audio",
    source: "https://developers.openai.com/api/reference/resources/audio",
    rules: &RULES,
};

const RULES: [PresetRule; 16] = [
    rule("speech", "POST", "/v1/audio/speech", &["tts.synthesize"]),
    rule("transcriptions", "POST", "/v1/audio/transcriptions", &["asr.transcribe"]),
    rule("translations", "POST", "/v1/audio/translations", &["asr.transcribe"]),
    rule("voices-create", "POST", "/v1/audio/voices", &["voice.create"]),
    rule("voices-list", "GET", "/v1/audio/voices", &["voice.list"]),
    rule("voices-delete", "DELETE", "/v1/audio/voices/{voice_id}", &["voice.delete"]),
    rule("consents-create", "POST", "/v1/audio/voice_consents", &["voice.create"]),
    rule("consents-list", "GET", "/v1/audio/voice_consents", &["voice.list"]),
    rule("consents-get", "GET", "/v1/audio/voice_consents/{consent_id}", &["voice.list"]),
    rule("consents-update", "POST", "/v1/audio/voice_consents/{consent_id}", &["voice.create"]),
    rule("consents-delete", "DELETE", "/v1/audio/voice_consents/{consent_id}", &["voice.delete"]),
    rule("library-create", "POST", "/v1/voices", &["voice.create"]),
    rule("library-list", "GET", "/v1/voices", &["voice.list"]),
    rule("library-delete", "DELETE", "/v1/voices/{voice_name}", &["voice.delete"]),
    rule("models-list", "GET", "/v1/models", &["model.list"]),
    rule("models-get", "GET", "/v1/models/**", &["model.list"]),
];
