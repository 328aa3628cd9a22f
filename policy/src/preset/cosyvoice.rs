//! CosyVoice's FastAPI server:
//! <https://github.com/FunAudioLLM/CosyVoice/blob/main/runtime/python/fastapi/server.py>.
//!
//! Zero-shot, cross-lingual and instruct2 require an upload `prompt_wav`, so they always clone from
//! a recording sent along. `/stream/…` stands in forks and versions of the server that stream; the
//! server of some versions takes GET with a form, too.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "cosyvoice",
    source: "https://github.com/FunAudioLLM/CosyVoice/blob/main/runtime/python/fastapi/server.py",
    rules: &RULES,
};

const RULES: [PresetRule; 20] = [
    rule("sft", "POST", "/inference_sft", &["tts.synthesize"]),
    rule("sft-get", "GET", "/inference_sft", &["tts.synthesize"]),
    rule("zero-shot", "POST", "/inference_zero_shot", &["tts.synthesize", "voice.create"]),
    rule("zero-shot-get", "GET", "/inference_zero_shot", &["tts.synthesize", "voice.create"]),
    rule("cross-lingual", "POST", "/inference_cross_lingual", &["tts.synthesize", "voice.create"]),
    rule(
        "cross-lingual-get",
        "GET",
        "/inference_cross_lingual",
        &["tts.synthesize", "voice.create"],
    ),
    rule("instruct", "POST", "/inference_instruct", &["tts.synthesize"]),
    rule("instruct-get", "GET", "/inference_instruct", &["tts.synthesize"]),
    rule("instruct2", "POST", "/inference_instruct2", &["tts.synthesize", "voice.create"]),
    rule("instruct2-get", "GET", "/inference_instruct2", &["tts.synthesize", "voice.create"]),
    rule("stream-sft", "POST", "/stream/inference_sft", &["tts.synthesize"]),
    rule("stream-sft-get", "GET", "/stream/inference_sft", &["tts.synthesize"]),
    rule(
        "stream-zero-shot",
        "POST",
        "/stream/inference_zero_shot",
        &["tts.synthesize", "voice.create"],
    ),
    rule(
        "stream-zero-shot-get",
        "GET",
        "/stream/inference_zero_shot",
        &["tts.synthesize", "voice.create"],
    ),
    rule(
        "stream-cross-lingual",
        "POST",
        "/stream/inference_cross_lingual",
        &["tts.synthesize", "voice.create"],
    ),
    rule(
        "stream-cross-lingual-get",
        "GET",
        "/stream/inference_cross_lingual",
        &["tts.synthesize", "voice.create"],
    ),
    rule("stream-instruct", "POST", "/stream/inference_instruct", &["tts.synthesize"]),
    rule("stream-instruct-get", "GET", "/stream/inference_instruct", &["tts.synthesize"]),
    rule(
        "stream-instruct2",
        "POST",
        "/stream/inference_instruct2",
        &["tts.synthesize", "voice.create"],
    ),
    rule(
        "stream-instruct2-get",
        "GET",
        "/stream/inference_instruct2",
        &["tts.synthesize", "voice.create"],
    ),
];
