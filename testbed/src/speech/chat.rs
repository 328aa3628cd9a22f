//! `POST /v1/chat/completions` (OpenAI, "Create chat completion"): repeats what it was told, so
//! that the tokens of an answer can be counted beforehand.

use super::Service;
use super::api::Refusal;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const PATH: &str = "/v1/chat/completions";

/// What it says before the text of the last message.
const PREFIX: &str = "You said:";

#[derive(Debug, Deserialize)]
struct Chat {
    model: Option<String>,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: StreamOptions,
    #[serde(alias = "max_tokens")]
    max_completion_tokens: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// Of a part that is no text, as an image, nothing is counted.
#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: bool,
}

/// An answer: a word is a token.
#[derive(Debug)]
struct Completion {
    model: String,
    words: Vec<String>,
    prompt_tokens: usize,
    /// Whether it ends because it may not be longer.
    is_cut: bool,
}

pub(super) async fn complete(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|error| Refusal::Body(error.body_text()))?;
    let chat: Chat = serde_json::from_slice(&body)?;
    let completion = Completion::of(&chat);
    if !chat.stream {
        return Ok(Json(completion.whole()).into_response());
    }
    let events = completion.events(chat.stream_options.include_usage);
    let pace = service.options.pace.of_request(&headers);
    let head = [(header::CONTENT_TYPE, "text/event-stream")];
    let body = Body::from_stream(pace.apply_to_words(stream::iter(events)));
    Ok((head, body).into_response())
}

// === impl Content ===

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(|part| part.text.as_str()).collect(),
        }
    }
}

// === impl Completion ===

impl Completion {
    /// A prompt has a token for every four characters of its messages' text, rounded up.
    fn of(chat: &Chat) -> Self {
        let text =
            |message: &Message| message.content.as_ref().map_or_else(String::new, Content::text);
        let texts: Vec<String> = chat.messages.iter().map(text).collect();
        let chars: usize = texts.iter().map(|text| text.chars().count()).sum();
        let last = texts.last().map_or("", String::as_str);
        let mut words: Vec<String> = [PREFIX, last]
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(Into::into)
            .collect();
        let most = chat.max_completion_tokens.unwrap_or(usize::MAX);
        let is_cut = words.len() > most;
        words.truncate(most);
        Self {
            model: chat.model.clone().unwrap_or_else(|| "echo".to_owned()),
            words,
            prompt_tokens: chars.div_ceil(4),
            is_cut,
        }
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.words.len(),
            "total_tokens": self.prompt_tokens + self.words.len(),
        })
    }

    fn finish_reason(&self) -> &'static str {
        if self.is_cut { "length" } else { "stop" }
    }

    /// The same every time: no date, no number of its own.
    fn object(&self, kind: &str, choices: Value) -> Value {
        json!({
            "id": "chatcmpl-1",
            "object": kind,
            "created": 1_700_000_000,
            "model": self.model,
            "choices": choices,
        })
    }

    fn whole(&self) -> Value {
        let choice = json!({
            "index": 0,
            "message": { "role": "assistant", "content": self.words.join(" ") },
            "finish_reason": self.finish_reason(),
        });
        let mut whole = self.object("chat.completion", json!([choice]));
        whole["usage"] = self.usage();
        whole
    }

    /// Server-sent events, one a word, as OpenAI streams them: usage, if it is asked for, stands in
    /// a last chunk without choices, and is `null` in those before.
    fn events(&self, include_usage: bool) -> Vec<Bytes> {
        let chunk = |choices: Value, usage: Value| {
            let mut chunk = self.object("chat.completion.chunk", choices);
            if include_usage {
                chunk["usage"] = usage;
            }
            Bytes::from(format!("data: {chunk}\n\n"))
        };
        let delta = |delta: Value, finish: Value| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
            chunk(json!([choice]), Value::Null)
        };
        let words = self.words.iter().enumerate().map(|(number, word)| {
            let space = if number == 0 { "" } else { " " };
            delta(json!({ "content": format!("{space}{word}") }), Value::Null)
        });
        let mut events = vec![delta(json!({ "role": "assistant", "content": "" }), Value::Null)];
        events.extend(words);
        events.push(delta(json!({}), json!(self.finish_reason())));
        if include_usage {
            events.push(chunk(json!([]), self.usage()));
        }
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        events
    }
}
