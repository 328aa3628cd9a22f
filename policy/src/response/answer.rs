//! The tokens that an answer says it used.
//!
//! | where | who |
//! |---|---|
//! | `/usage/total_tokens`, else `prompt_tokens` + `completion_tokens` | OpenAI chat, completions, embeddings; vLLM (platform.openai.com/docs/api-reference/chat/object). In a stream only with `stream_options.include_usage`, in its last event |
//! | `/response/usage/…` | OpenAI's Responses, streamed: `response.completed` (…/api-reference/responses-streaming) |
//! | `/usage/input_tokens` + `output_tokens` | Anthropic's Messages, OpenAI's Responses and speech |
//! | `/message/usage/input_tokens`, then `/usage/output_tokens` | Anthropic's, streamed: `message_start`, `message_delta`, which is cumulative (docs.anthropic.com/en/docs/build-with-claude/streaming) |
//! | `/prompt_eval_count` + `/eval_count` | Ollama, in its last line (github.com/ollama/ollama, docs/api.md) |
//!
//! What Anthropic reads from its cache or writes to it stands beside `input_tokens` and is not added.
//! An event or a line that is no JSON says nothing (`[DONE]`), and of one that JSON's limits here
//! refuse, what came before counts.

mod sink;
mod sse;

use std::rc::Rc;

use self::sink::{Places, Usage};
use self::sse::{Events, Part};
use super::media_type::MediaType;
use super::{Format, Kind};
use crate::body::json::Json;
use crate::spec::{BodyFormat, DuplicateKeys};

/// An answer of a language model while it streams.
#[derive(Debug)]
pub(super) struct Answer {
    framing: Framing,
    json: Json,
    /// Whether the rest of a document says nothing any more.
    is_skipped: bool,
    usage: Usage,
}

#[derive(Debug)]
enum Framing {
    /// One document.
    Whole,
    /// One a line.
    Lines,
    /// One an event.
    Events(Events),
}

// === impl Answer ===

impl Answer {
    pub(super) fn of(media_type: &MediaType<'_>, _asked: Option<u64>) -> Option<Self> {
        let framing = match media_type.name() {
            "text/event-stream" => Framing::Events(Events::default()),
            name if BodyFormat::Jsonl.has_media_type(name) => Framing::Lines,
            name if BodyFormat::Json.has_media_type(name) => Framing::Whole,
            _ => return None,
        };
        let json = Json::new(Rc::clone(&Places::shared().tree), DuplicateKeys::LastWins);
        Some(Self { framing, json, is_skipped: false, usage: Usage::new() })
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let Self { framing, json, is_skipped, usage } = self;
        let mut document = Document { json, is_skipped, usage };
        match framing {
            Framing::Whole => document.feed(bytes),
            Framing::Lines => {
                let mut rest = bytes;
                while let Some(end) = memchr::memchr(b'\n', rest) {
                    let (line, after) = rest.split_at_checked(end).unwrap_or_default();
                    document.feed(line);
                    document.restart();
                    rest = after.get(1..).unwrap_or_default();
                }
                document.feed(rest);
            }
            Framing::Events(events) => events.feed(bytes, |part| match part {
                Part::Data(data) => document.feed(data),
                Part::EndOfEvent => document.restart(),
            }),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.framing {
            Framing::Whole => Kind::Other,
            Framing::Lines => Kind::Lines,
            Framing::Events(_) => Kind::Events,
        }
    }

    pub(super) fn format(&self) -> Format {
        match self.framing {
            Framing::Whole => Format::Json,
            Framing::Lines => Format::Jsonl,
            Framing::Events(_) => Format::Sse,
        }
    }

    pub(super) fn set_silence(&mut self, _: std::time::Duration) {}

    pub(super) fn told(&self) -> super::told::Told {
        super::told::Told { format: self.format(), ..Default::default() }
    }

    pub(super) fn tokens(&self) -> Option<u64> {
        self.usage.tokens()
    }
}

/// The document that is being read.
struct Document<'a> {
    json: &'a mut Json,
    is_skipped: &'a mut bool,
    usage: &'a mut Usage,
}

// === impl Document ===

impl Document<'_> {
    fn feed(&mut self, bytes: &[u8]) {
        if !*self.is_skipped {
            *self.is_skipped = self.json.feed(bytes, self.usage).is_err();
        }
    }

    fn restart(&mut self) {
        self.json.restart();
        self.usage.restart();
        *self.is_skipped = false;
    }
}
