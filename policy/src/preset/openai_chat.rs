//! OpenAI's text API: <https://developers.openai.com/api/reference/resources/chat>, its list of
//! endpoints: <https://github.com/openai/openai-python/blob/main/api.md>.
//!
//! A model's name may have slashes (`org/model`) on servers that run open models.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "openai-chat",
    source: "https://github.com/openai/openai-python/blob/main/api.md",
    rules: &RULES,
};

const RULES: [PresetRule; 14] = [
    rule("chat", "POST", "/v1/chat/completions", &["llm.chat"]),
    rule("chat-stored", "GET", "/v1/chat/completions/**", &["llm.chat"]),
    rule("chat-update", "POST", "/v1/chat/completions/{completion_id}", &["llm.chat"]),
    rule("chat-delete", "DELETE", "/v1/chat/completions/{completion_id}", &["llm.chat"]),
    rule("completions", "POST", "/v1/completions", &["llm.chat"]),
    rule("responses", "POST", "/v1/responses", &["llm.chat"]),
    rule("responses-compact", "POST", "/v1/responses/compact", &["llm.chat"]),
    rule("responses-tokens", "POST", "/v1/responses/input_tokens", &["llm.chat"]),
    rule("responses-cancel", "POST", "/v1/responses/{response_id}/cancel", &["llm.chat"]),
    rule("responses-get", "GET", "/v1/responses/{response_id}", &["llm.chat"]),
    rule("responses-items", "GET", "/v1/responses/{response_id}/input_items", &["llm.chat"]),
    rule("responses-delete", "DELETE", "/v1/responses/{response_id}", &["llm.chat"]),
    rule("models-list", "GET", "/v1/models", &["model.list"]),
    rule("models-get", "GET", "/v1/models/**", &["model.list"]),
];
