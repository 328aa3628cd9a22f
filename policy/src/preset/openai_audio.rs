//! OpenAI's audio API: <https://developers.openai.com/api/reference/resources/audio>; bodies as in
//! its specification, <https://github.com/openai/openai-openapi/blob/main/openapi.yaml>
//! (`CreateSpeechRequest`, `CreateTranscriptionRequest`, `CreateVoiceRequest`).
//!
//! A model's name may have slashes (`org/model`) on servers that run open models.
//!
//! Voices are created from recordings (or a prompt), so `POST /v1/audio/voices` and the recording of
//! consent are `voice.create`. `/v1/voices` is how OpenAI-compatible speech servers spell it:
//! <https://github.com/travisvn/chatterbox-tts-api/blob/main/app/api/endpoints/voices.py>.

use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{
    Audio, Consent, Format, Model, Reference, SampleRate, Speed, Stream, Text, Voice,
};

pub(super) const PRESET: Preset = Preset {
    name: "openai-audio",
    source: "https://developers.openai.com/api/reference/resources/audio",
    voices: VOICES,
    rules: &RULES,
};

/// As `CreateSpeechRequest` lists them.
pub(super) const VOICES: &[&str] = &[
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
    "marin", "cedar",
];

const RULES: [PresetRule; 16] = [
    rule("speech", "POST", "/v1/audio/speech", &["tts.synthesize"]).json(SPEECH),
    rule("transcriptions", "POST", "/v1/audio/transcriptions", &["asr.transcribe"])
        .multipart(TRANSCRIPTION),
    rule("translations", "POST", "/v1/audio/translations", &["asr.transcribe"])
        .multipart(TRANSCRIPTION),
    rule("voices-create", "POST", "/v1/audio/voices", &["voice.create"]).multipart(VOICE),
    rule("voices-list", "GET", "/v1/audio/voices", &["voice.list"]),
    rule("voices-delete", "DELETE", "/v1/audio/voices/{voice_id}", &["voice.delete"]),
    rule("consents-create", "POST", "/v1/audio/voice_consents", &["voice.create"])
        .multipart(CONSENT),
    rule("consents-list", "GET", "/v1/audio/voice_consents", &["voice.list"]),
    rule("consents-get", "GET", "/v1/audio/voice_consents/{consent_id}", &["voice.list"]),
    rule("consents-update", "POST", "/v1/audio/voice_consents/{consent_id}", &["voice.create"]),
    rule("consents-delete", "DELETE", "/v1/audio/voice_consents/{consent_id}", &["voice.delete"]),
    rule("library-create", "POST", "/v1/voices", &["voice.create"]).multipart(LIBRARY),
    rule("library-list", "GET", "/v1/voices", &["voice.list"]),
    rule("library-delete", "DELETE", "/v1/voices/{voice_name}", &["voice.delete"]),
    rule("models-list", "GET", "/v1/models", &["model.list"]),
    rule("models-get", "GET", "/v1/models/**", &["model.list"]),
];

/// With what compatible servers add: `speaker`, `ref_audio`, … of vLLM-Omni
/// (<https://github.com/vllm-project/vllm-omni/blob/main/vllm_omni/entrypoints/openai/protocol/audio.py>,
/// which takes an embedding in place of a recording, and names the aliases that are in use),
/// `references` of SGLang-Omni
/// (<https://github.com/sgl-project/sglang-omni/blob/main/sglang_omni/serve/protocol.py>) and of
/// SiliconFlow (<https://docs.siliconflow.cn/cn/api-reference/audio/create-speech>). The transcripts
/// in `references` are no recordings, so its members stand here one by one.
const SPEECH: Places = &[
    (Text, "/input"),
    (Model, "/model"),
    (Voice, "/voice"),
    (Voice, "/voice/id"),
    (Voice, "/speaker"),
    (Format, "/response_format"),
    (SampleRate, "/sample_rate"),
    (Speed, "/speed"),
    (Stream, "/stream"),
    (Reference, "/ref_audio"),
    (Reference, "/ref_audio_2"),
    (Reference, "/speaker_embedding"),
    (Reference, "/reference_audio"),
    (Reference, "/voice_prompt"),
    (Reference, "/speaker_audio"),
    (Reference, "/references"),
    (Reference, "/references/*/audio"),
    (Reference, "/references/*/audio_path"),
    (Reference, "/references/*/base64"),
    (Reference, "/references/*/url"),
    (Reference, "/references/*/vq_codes"),
];

/// The recordings of known speakers name who speaks; nothing is spoken with them.
const TRANSCRIPTION: Places = &[
    (Audio, "/file"),
    (Audio, "/known_speaker_references/*"),
    (Model, "/model"),
    (Format, "/response_format"),
    (Stream, "/stream"),
];

/// `speaker_embedding`: vLLM-Omni, as above.
const VOICE: Places =
    &[(Reference, "/audio_sample"), (Reference, "/speaker_embedding"), (Consent, "/consent")];

/// Its recording is no voice to speak with, only the proof.
const CONSENT: Places = &[(Audio, "/recording")];

const LIBRARY: Places = &[(Reference, "/voice_file")];
