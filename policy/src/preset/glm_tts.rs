//! GLM-TTS: `POST /tts` online, `POST /batch` with one job a line.
//!
//! The project (<https://github.com/zai-org/GLM-TTS>) ships a command line and a Gradio page but no
//! HTTP API of its own; these are the two endpoints that its deployments put before it, as
//! Voxgate's testbed does. Whether reference audio is brought stands in the body.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "glm-tts",
    source: "https://github.com/zai-org/GLM-TTS (no HTTP API of its own; the endpoints of its deployments)",
    rules: &RULES,
};

const RULES: [PresetRule; 2] = [
    rule("tts", "POST", "/tts", &["tts.synthesize"]),
    rule("batch", "POST", "/batch", &["tts.batch"]),
];
