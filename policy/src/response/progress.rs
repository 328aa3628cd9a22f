//! How far a response is, at any moment: what tells when a listener hears something, and where a stream
//! may be cut.

use std::time::Duration;

/// How far a response is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamProgress {
    /// Of the body, encoded if it is.
    pub bytes: u64,
    /// How long the complete samples or frames that came play, in whole microseconds; `None` if the
    /// format is not measured. As [`Delivered::audio`](super::Delivered::audio), but for the rounding.
    pub audio: Option<Duration>,
    /// Where in the audio the first audible sample stands, once it came: past the header and, of PCM and
    /// WAV, past leading silence up to a bound. Of other formats 0, with their first frame.
    pub audible: Option<Duration>,
    /// Complete ones of what the format is made of: events, lines, messages, frames, pages, samples.
    pub units: u64,
    /// Bytes since the last border, which must stay together with those that follow; 0 at a border, and
    /// for what has none.
    pub tail: u64,
    /// What the body is.
    pub format: Format,
}

/// What a response is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A recording, or samples.
    Audio,
    /// `text/event-stream`.
    Events,
    /// One JSON document a line.
    Lines,
    /// Anything else.
    Other,
}

/// What a body is, as far as that is known: a few names, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "they are the names of formats")]
pub enum Format {
    Wav,
    Pcm,
    Mp3,
    Aac,
    Ogg,
    Flac,
    Fmp4,
    /// Events without audio, so far.
    Sse,
    /// Events that bring audio.
    SseAudio,
    /// Lines without audio, so far.
    Jsonl,
    /// Lines that bring audio.
    JsonlAudio,
    /// One document without audio, so far.
    Json,
    /// One document that brings audio.
    JsonAudio,
    Grpc,
    /// Not known, or not yet.
    #[default]
    Other,
}

// === impl Format ===

impl Format {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Wav,
        Self::Pcm,
        Self::Mp3,
        Self::Aac,
        Self::Ogg,
        Self::Flac,
        Self::Fmp4,
        Self::Sse,
        Self::SseAudio,
        Self::Jsonl,
        Self::JsonlAudio,
        Self::Json,
        Self::JsonAudio,
        Self::Grpc,
        Self::Other,
    ];

    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Pcm => "pcm",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Ogg => "ogg",
            Self::Flac => "flac",
            Self::Fmp4 => "fmp4",
            Self::Sse => "sse",
            Self::SseAudio => "sse_audio",
            Self::Jsonl => "jsonl",
            Self::JsonlAudio => "jsonl_audio",
            Self::Json => "json",
            Self::JsonAudio => "json_audio",
            Self::Grpc => "grpc",
            Self::Other => "other",
        }
    }
}
