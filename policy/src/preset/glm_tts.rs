//! GLM-TTS: `POST /tts` online, `POST /batch` with one job a line.
//!
//! The project (<https://github.com/zai-org/GLM-TTS>) ships a command line and a Gradio page but no
//! HTTP API of its own; these are the two endpoints that its deployments put before it, as
//! Voxgate's testbed does. A job is named as in the project's own
//! (<https://github.com/zai-org/GLM-TTS/blob/main/examples/example_zh.jsonl>: `syn_text`,
//! `prompt_speech`, `prompt_text`) or as in its deployments (`input_text`, `prompt_audio`, `voice`).
//!
//! `prompt_speech` is a path on the server in the examples. It counts as a recording brought along
//! all the same: nobody but its operator knows which paths are there for anyone.

use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{
    Consent, Format, Model, Reference, SampleRate, Speed, Stream, Text, Voice,
};

pub(super) const PRESET: Preset = Preset {
    name: "glm-tts",
    source: "https://github.com/zai-org/GLM-TTS (no HTTP API of its own; the endpoints of its deployments)",
    voices: VOICES,
    rules: &RULES,
};

/// The speakers of `configs/spk_prompt_dict.yaml`, and the one of `examples/prompt`.
const VOICES: &[&str] = &["tongtong", "xiaochen", "chuichui", "jiayan"];

const RULES: [PresetRule; 2] = [
    rule("tts", "POST", "/tts", &["tts.synthesize"]).json(JOB),
    rule("batch", "POST", "/batch", &["tts.batch"]).jsonl(JOB),
];

const JOB: Places = &[
    (Text, "/text"),
    (Text, "/input_text"),
    (Text, "/syn_text"),
    (Model, "/model"),
    (Voice, "/voice"),
    (Format, "/format"),
    (Format, "/response_format"),
    (SampleRate, "/sample_rate"),
    (Speed, "/speed"),
    (Stream, "/stream"),
    (Reference, "/prompt_audio"),
    (Reference, "/prompt_speech"),
    (Reference, "/ref_audio"),
    (Reference, "/reference_audio"),
    (Consent, "/consent"),
];
