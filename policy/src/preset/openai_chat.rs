//! OpenAI's text API: <https://developers.openai.com/api/reference/resources/chat>, its list of
//! endpoints: <https://github.com/openai/openai-python/blob/main/api.md>; bodies as in its
//! specification, <https://github.com/openai/openai-openapi/blob/main/openapi.yaml>.
//!
//! A model's name may have slashes (`org/model`) on servers that run open models.
//!
//! All that the model reads is text: system prompts, earlier answers, the results of tools, and the
//! definitions of tools with every string in them. Images, files and prompts that the service keeps
//! are not.

use super::openai_audio::VOICES;
use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{Audio, Format, Model, Stream, Text, Voice};

pub(super) const PRESET: Preset = Preset {
    name: "openai-chat",
    source: "https://github.com/openai/openai-python/blob/main/api.md",
    voices: VOICES,
    rules: &RULES,
};

const RULES: [PresetRule; 14] = [
    rule("chat", "POST", "/v1/chat/completions", &["llm.chat"]).json(CHAT),
    rule("chat-stored", "GET", "/v1/chat/completions/**", &["llm.chat"]),
    rule("chat-update", "POST", "/v1/chat/completions/{completion_id}", &["llm.chat"]),
    rule("chat-delete", "DELETE", "/v1/chat/completions/{completion_id}", &["llm.chat"]),
    rule("completions", "POST", "/v1/completions", &["llm.chat"]).json(COMPLETION),
    rule("responses", "POST", "/v1/responses", &["llm.chat"]).json(RESPONSE),
    rule("responses-compact", "POST", "/v1/responses/compact", &["llm.chat"]).json(RESPONSE),
    rule("responses-tokens", "POST", "/v1/responses/input_tokens", &["llm.chat"]).json(RESPONSE),
    rule("responses-cancel", "POST", "/v1/responses/{response_id}/cancel", &["llm.chat"]),
    rule("responses-get", "GET", "/v1/responses/{response_id}", &["llm.chat"]),
    rule("responses-items", "GET", "/v1/responses/{response_id}/input_items", &["llm.chat"]),
    rule("responses-delete", "DELETE", "/v1/responses/{response_id}", &["llm.chat"]),
    rule("models-list", "GET", "/v1/models", &["model.list"]),
    rule("models-get", "GET", "/v1/models/**", &["model.list"]),
];

/// `audio_url` is vLLM's
/// (<https://docs.vllm.ai/en/stable/features/multimodal_inputs/>), `audios` SGLang-Omni's
/// (<https://github.com/sgl-project/sglang-omni/blob/main/sglang_omni/serve/protocol.py>).
const CHAT: Places = &[
    (Text, "/messages/*/content"),
    (Text, "/messages/*/content/*/text"),
    (Text, "/messages/*/content/*/refusal"),
    (Text, "/messages/*/refusal"),
    (Text, "/messages/*/tool_calls/*/function/arguments"),
    (Text, "/messages/*/tool_calls/*/custom/input"),
    (Text, "/messages/*/function_call/arguments"),
    (Text, "/prediction/content"),
    (Text, "/tools"),
    (Text, "/functions"),
    (Audio, "/messages/*/content/*/input_audio/data"),
    (Audio, "/messages/*/content/*/audio_url"),
    (Audio, "/audios/*"),
    (Model, "/model"),
    (Voice, "/audio/voice"),
    (Voice, "/audio/voice/id"),
    (Format, "/audio/format"),
    (Stream, "/stream"),
];

const COMPLETION: Places =
    &[(Text, "/prompt"), (Text, "/suffix"), (Model, "/model"), (Stream, "/stream")];

/// `ResponseInputAudio` is an item of its own or a part of a message.
const RESPONSE: Places = &[
    (Text, "/input"),
    (Text, "/input/*/content"),
    (Text, "/input/*/content/*/text"),
    (Text, "/input/*/content/*/refusal"),
    (Text, "/input/*/arguments"),
    (Text, "/input/*/input"),
    (Text, "/input/*/output"),
    (Text, "/input/*/output/*/text"),
    (Text, "/input/*/summary/*/text"),
    (Text, "/instructions"),
    (Text, "/prompt/variables"),
    (Text, "/tools"),
    (Audio, "/input/*/input_audio/data"),
    (Audio, "/input/*/content/*/input_audio/data"),
    (Model, "/model"),
    (Stream, "/stream"),
];
