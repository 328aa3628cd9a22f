//! CosyVoice's FastAPI server:
//! <https://github.com/FunAudioLLM/CosyVoice/blob/main/runtime/python/fastapi/server.py>.
//!
//! Its parameters are `Form()`, which FastAPI reads from either kind of form, and `UploadFile`, which
//! only multipart has. Zero-shot, cross-lingual and instruct2 require an upload `prompt_wav`, so they
//! always clone from a recording sent along. `/stream/…` stands in forks and versions of the server
//! that stream. GET takes the same form as POST: the project's own client sends it so.

use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{Reference, Text, Voice};

pub(super) const PRESET: Preset = Preset {
    name: "cosyvoice",
    source: "https://github.com/FunAudioLLM/CosyVoice/blob/main/runtime/python/fastapi/server.py",
    voices: SFT_VOICES,
    rules: &RULES,
};

/// Of the model CosyVoice-300M-SFT, as in
/// <https://github.com/Kedreamix/Linly-Talker/blob/main/webui.py> (`sft_dropdown`).
const SFT_VOICES: &[&str] = &["中文女", "中文男", "日语男", "粤语女", "英文女", "英文男", "韩语女"];

const RULES: [PresetRule; 20] = [
    speaks("sft", "POST", "/inference_sft"),
    speaks("sft-get", "GET", "/inference_sft"),
    clones("zero-shot", "POST", "/inference_zero_shot"),
    clones("zero-shot-get", "GET", "/inference_zero_shot"),
    clones("cross-lingual", "POST", "/inference_cross_lingual"),
    clones("cross-lingual-get", "GET", "/inference_cross_lingual"),
    speaks("instruct", "POST", "/inference_instruct"),
    speaks("instruct-get", "GET", "/inference_instruct"),
    clones("instruct2", "POST", "/inference_instruct2"),
    clones("instruct2-get", "GET", "/inference_instruct2"),
    speaks("stream-sft", "POST", "/stream/inference_sft"),
    speaks("stream-sft-get", "GET", "/stream/inference_sft"),
    clones("stream-zero-shot", "POST", "/stream/inference_zero_shot"),
    clones("stream-zero-shot-get", "GET", "/stream/inference_zero_shot"),
    clones("stream-cross-lingual", "POST", "/stream/inference_cross_lingual"),
    clones("stream-cross-lingual-get", "GET", "/stream/inference_cross_lingual"),
    speaks("stream-instruct", "POST", "/stream/inference_instruct"),
    speaks("stream-instruct-get", "GET", "/stream/inference_instruct"),
    clones("stream-instruct2", "POST", "/stream/inference_instruct2"),
    clones("stream-instruct2-get", "GET", "/stream/inference_instruct2"),
];

const SPEAKER: Places = &[(Text, "/tts_text"), (Voice, "/spk_id")];

const PROMPT: Places = &[(Text, "/tts_text"), (Reference, "/prompt_wav")];

/// With a voice that the model knows.
const fn speaks(name: &'static str, method: &'static str, path: &'static str) -> PresetRule {
    rule(name, method, path, &["tts.synthesize"]).form(SPEAKER)
}

/// With the voice of a recording in the request.
const fn clones(name: &'static str, method: &'static str, path: &'static str) -> PresetRule {
    rule(name, method, path, &["tts.synthesize", "voice.create"]).multipart(PROMPT)
}
