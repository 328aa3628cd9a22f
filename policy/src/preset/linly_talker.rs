//! Linly-Talker: <https://github.com/Kedreamix/Linly-Talker/tree/main/api> (`tts_api.py`,
//! `llm_api.py`, `talker_api.py`), and
//! <https://github.com/Kedreamix/Linly-Talker/blob/main/LLM/Linly-api-fast.py> for the model that
//! answers at `/`.
//!
//! The ASR stage has no HTTP API in the project. `/…_change_model` swaps the model for everyone, which
//! asks for no less than bringing one; `/api/v1/models/upload` is where deployments take new ones.

use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{Audio, Model, Reference, Speed, Text, Voice};

pub(super) const PRESET: Preset = Preset {
    name: "linly-talker",
    source: "https://github.com/Kedreamix/Linly-Talker/tree/main/api",
    voices: VOICES,
    rules: &RULES,
};

/// Microsoft's online voices (`zh-CN-XiaoxiaoNeural`), which EdgeTTS speaks with, and those of the
/// CosyVoice model that the project loads.
const VOICES: &[&str] =
    &["*-*-*Neural", "中文女", "中文男", "日语男", "粤语女", "英文女", "英文男", "韩语女"];

const RULES: [PresetRule; 8] = [
    rule("tts", "POST", "/tts_response", &["tts.synthesize"]).form(TTS),
    rule("tts-model", "POST", "/tts_change_model", &["model.upload"]).query(MODEL_NAME),
    rule("llm", "POST", "/llm_response", &["llm.chat"]).json(QUESTION),
    rule("llm-model", "POST", "/llm_change_model", &["model.upload"]).query(MODEL_NAME),
    rule("llm-root", "POST", "/", &["llm.chat"]).json(PROMPT),
    rule("talker", "POST", "/talker_response", &["face.animate"]).multipart(TALKER),
    rule("talker-model", "POST", "/talker_change_model", &["model.upload"]).query(MODEL_NAME),
    rule("model-upload", "POST", "/api/v1/models/upload", &["model.upload"]),
];

/// Which of the two voices is spoken with depends on `tts_method`, so both must be allowed.
const TTS: Places = &[
    (Text, "/text"),
    (Model, "/tts_method"),
    (Voice, "/voice"),
    (Voice, "/sft_dropdown"),
    (Speed, "/speed_factor"),
    (Reference, "/ref_audio"),
];

const MODEL_NAME: Places = &[(Model, "/model_name")];

const QUESTION: Places = &[(Text, "/question"), (Model, "/model_name")];

/// The server takes `history` and leaves it unread; the models it was made after read it.
const PROMPT: Places = &[(Text, "/prompt"), (Text, "/history")];

const TALKER: Places = &[(Audio, "/driven_audio"), (Model, "/talker_method")];
