//! What an answer in JSON, or in events or lines of it, says: the tokens that it used, and audio.
//!
//! Tokens:
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
//!
//! Audio, as base64 unless it is said:
//!
//! | where | who |
//! |---|---|
//! | `/audio` | OpenAI's speech with `stream_format: sse` (`speech.audio.delta`; …/api-reference/audio/speech-audio-delta-event), Dify's `tts_message`, Hume, LMNT |
//! | `/delta`, if `/type` ends in `audio.delta` | OpenAI's Responses and Realtime |
//! | `/choices/*/delta/audio/data`, `/choices/*/message/audio/data` | OpenAI's chat (…/guides/audio) |
//! | `/choices/*/delta/content` | Zhipu's GLM-TTS, streamed (docs.bigmodel.cn/cn/guide/models/sound-and-video/glm-tts) |
//! | `/audio_base64` | ElevenLabs, with timestamps (elevenlabs.io/docs/api-reference/text-to-speech/stream-with-timestamps) |
//! | `/audioContent`, `/result/audioContent`, `/audio_content`, `/base64_audio`, `/audios/*`, `/generations/*/audio`, `/Response/Audio` | Google, Inworld, Resemble, Telnyx, Sarvam, Hume, Tencent |
//! | `/output/audio/data` | Alibaba's Qwen-TTS and CosyVoice |
//! | `/data/audio` (hex) | MiniMax (platform.minimax.io, T2A v2), whose last event, with `status` 2, repeats all |
//! | `/data` | Volcengine, Cartesia |
//! | `…/inlineData/data`, if `mimeType` is `audio/…` | Gemini (ai.google.dev/gemini-api/docs/speech-generation) |
//!
//! The audio of an event or a line counts once its document is complete, since nobody can play it before;
//! that of a single document as it comes.
//!
//! An event or a line that is no JSON says nothing (`[DONE]`), and of one that JSON's limits here
//! refuse, what came before counts.

mod encoded;
mod places;
mod sink;
mod sse;

use std::rc::Rc;
use std::time::Duration;

use self::encoded::Brought;
use self::places::Places;
use self::sink::Said;
use self::sse::{Events, Part};
use super::media_type::MediaType;
use super::told::Told;
use super::{Format, Kind};
use crate::body::json::Json;
use crate::spec::{BodyFormat, DuplicateKeys};

/// An answer while it streams.
#[derive(Debug)]
pub(super) struct Answer {
    framing: Framing,
    document: Document,
}

#[derive(Debug)]
enum Framing {
    /// One document, or some one behind the other.
    Whole,
    /// One a line.
    Lines(Lines),
    /// One an event.
    Events(Events),
}

#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// Bytes since the last end of a line.
    since: u64,
    /// Whether those are more than white space.
    has_content: bool,
    /// Complete lines that were not empty.
    count: u64,
}

/// The document that is being read.
#[derive(Debug)]
struct Document {
    json: Json,
    /// Whether the rest of it says nothing any more.
    is_skipped: bool,
    said: Said,
    /// What complete documents brought.
    brought: Option<Brought>,
}

// === impl Answer ===

impl Answer {
    /// `asked` is the sample rate that the request asked for, in Hz.
    pub(super) fn of(media_type: &MediaType<'_>, asked: Option<u64>) -> Option<Self> {
        let framing = match media_type.name() {
            "text/event-stream" => Framing::Events(Events::default()),
            name if BodyFormat::Jsonl.has_media_type(name) => Framing::Lines(Lines::default()),
            name if BodyFormat::Json.has_media_type(name) => Framing::Whole,
            _ => return None,
        };
        Some(Self { framing, document: Document::new(asked) })
    }

    /// Looks through so much leading silence; before any bytes.
    pub(super) fn set_silence(&mut self, silence: Duration) {
        self.document.said.set_silence(silence);
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let Self { framing, document } = self;
        match framing {
            Framing::Whole => document.feed_all(bytes),
            Framing::Lines(lines) => lines.feed(bytes, document),
            Framing::Events(events) => events.feed(bytes, |part| match part {
                Part::Data(data) => document.feed(data),
                Part::EndOfEvent => document.restart(),
            }),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.framing {
            Framing::Whole => Kind::Other,
            Framing::Lines(_) => Kind::Lines,
            Framing::Events(_) => Kind::Events,
        }
    }

    pub(super) fn told(&self) -> Told {
        let (brought, units, tail) = match &self.framing {
            Framing::Whole => (self.document.said.encoded.brought(), 0, 0),
            Framing::Lines(it) => (self.document.brought(), it.count, it.since),
            Framing::Events(it) => (self.document.brought(), it.count(), it.tail()),
        };
        let format = match (&self.framing, brought) {
            (Framing::Whole, None) => Format::Json,
            (Framing::Whole, Some(_)) => Format::JsonAudio,
            (Framing::Lines(_), None) => Format::Jsonl,
            (Framing::Lines(_), Some(_)) => Format::JsonlAudio,
            (Framing::Events(_), None) => Format::Sse,
            (Framing::Events(_), Some(_)) => Format::SseAudio,
        };
        let audible = brought.and_then(|it| it.audible);
        Told { length: brought.map(|it| it.length), audible, units, tail, format }
    }

    pub(super) fn tokens(&self) -> Option<u64> {
        self.document.said.tokens()
    }
}

// === impl Lines ===

impl Lines {
    fn feed(&mut self, bytes: &[u8], document: &mut Document) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at_checked(end).unwrap_or_default();
            document.feed(line);
            document.restart();
            self.has_content |= has_content(line);
            self.count = self.count.saturating_add(std::mem::take(&mut self.has_content).into());
            self.since = 0;
            rest = after.get(1..).unwrap_or_default();
        }
        document.feed(rest);
        self.has_content |= has_content(rest);
        self.since = self.since.saturating_add(rest.len() as u64);
    }
}

fn has_content(line: &[u8]) -> bool {
    line.iter().any(|it| !it.is_ascii_whitespace())
}

// === impl Document ===

impl Document {
    fn new(asked: Option<u64>) -> Self {
        let json = Json::new(Rc::clone(&Places::shared().tree), DuplicateKeys::LastWins);
        Self { json, is_skipped: false, said: Said::new(asked), brought: None }
    }

    fn feed(&mut self, bytes: &[u8]) {
        if !self.is_skipped {
            self.is_skipped = self.json.feed(bytes, &mut self.said).is_err();
        }
    }

    /// Also documents one behind the other, as ElevenLabs streams them under the type of one.
    fn feed_all(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !self.is_skipped {
            let before = self.json.offset();
            if self.json.feed(rest, &mut self.said).is_ok() {
                return;
            }
            if !self.json.is_complete() {
                self.is_skipped = true;
                return;
            }
            let read = self.json.offset().saturating_sub(before);
            rest = rest.get(usize::try_from(read).unwrap_or(usize::MAX)..).unwrap_or_default();
            self.restart();
        }
    }

    /// Another one begins.
    fn restart(&mut self) {
        self.brought = self.brought();
        self.said.is_closed |= self.is_repeated();
        self.json.restart();
        self.said.restart();
        self.is_skipped = false;
    }

    /// What counts so far.
    fn brought(&self) -> Option<Brought> {
        let is_whole = self.json.is_complete() && !self.is_skipped;
        match is_whole && !self.is_repeated() && !self.said.is_closed {
            true => self.said.encoded.brought(),
            false => self.brought,
        }
    }

    /// Whether the document repeats the audio of those before.
    fn is_repeated(&self) -> bool {
        self.said.is_last && self.brought.is_some()
    }
}
