//! Linly-Talker: <https://github.com/Kedreamix/Linly-Talker/tree/main/api>, and `Linly-api.py` for
//! the model that answers at `/`.
//!
//! The ASR stage has no HTTP API in the project. `/…_change_model` swaps the model for everyone, which
//! asks for no less than bringing one; `/api/v1/models/upload` is where deployments take new ones.
//! Whether `/tts_response` brings reference audio stands in the body.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "linly-talker",
    source: "https://github.com/Kedreamix/Linly-Talker/tree/main/api",
    rules: &RULES,
};

const RULES: [PresetRule; 8] = [
    rule("tts", "POST", "/tts_response", &["tts.synthesize"]),
    rule("tts-model", "POST", "/tts_change_model", &["model.upload"]),
    rule("llm", "POST", "/llm_response", &["llm.chat"]),
    rule("llm-model", "POST", "/llm_change_model", &["model.upload"]),
    rule("llm-root", "POST", "/", &["llm.chat"]),
    rule("talker", "POST", "/talker_response", &["face.animate"]),
    rule("talker-model", "POST", "/talker_change_model", &["model.upload"]),
    rule("model-upload", "POST", "/api/v1/models/upload", &["model.upload"]),
];
