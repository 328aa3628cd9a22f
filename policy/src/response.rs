//! What a response delivered, measured as it streams: to settle a quota that was reserved by an
//! estimate.
//!
//! Audio is measured by its own format, never by time or by what a header claims to follow: only
//! what came counts, so that a stream that ends early, or whose client goes away, tells how much was
//! delivered.
//!
//! | content type | what counts | source |
//! |---|---|---|
//! | `audio/wav`, `x-wav`, `wave`, `vnd.wave` | bytes of the data chunk | `recording::wav` |
//! | `audio/pcm`, `L16`, `basic`, `x-raw`, … | all bytes | `pcm` |
//! | `audio/mpeg`, `mp3`, `aac`, `aacp` | complete frames that are not an encoder's count | `recording::frames` |
//! | `audio/ogg`, `application/ogg`, `audio/opus` | positions of complete pages | `recording::ogg` |
//! | `audio/flac`, `x-flac` | complete frames | `recording::flac` |
//! | `audio/mp4`, `video/mp4` | the audio track's samples in complete fragments | `recording::mp4` |
//! | another `audio/*`, `application/octet-stream`, none | by the first bytes, one of these | `recording` |
//! | `application/json`, `*+json`, JSONL, `text/event-stream` | tokens that the answer says it used, and audio that stands in it as base64 or hex | `answer` |
//!
//! Anything else, and whatever has a content encoding, has only its bytes counted.
//!
//! [`ResponseMeter::progress`] also tells, at any moment, where the last border was behind which a stream
//! may be cut without a frame, an event, a line or a message being torn.

mod answer;
mod grpc;
mod length;
mod media_type;
mod pcm;
mod progress;
mod recording;
mod samples;
mod told;

#[cfg(test)]
mod tests;

use std::time::Duration;

use self::answer::Answer;
use self::grpc::Messages;
use self::length::Length;
use self::media_type::MediaType;
use self::pcm::Pcm;
use self::recording::Measured;
use self::told::Told;
use crate::facts::AudioMillis;

pub use self::progress::{Format, Kind, StreamProgress};

/// How a response says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// The status. Of what is not 2xx nothing is audio and no tokens are read: it is not what was
    /// asked for.
    pub status: u16,
    /// `content-type`; empty if there is none.
    pub content_type: &'a [u8],
    /// `content-encoding`; empty if there is none.
    pub content_encoding: &'a [u8],
    /// In Hz, as the request asked for it: for raw samples whose type does not tell.
    pub sample_rate_hz: Option<u64>,
}

/// Measures a response as it streams, in any slices. It keeps about a kilobyte, nothing of it text or
/// audio but the block of a header that is being read, and a sample that is cut.
#[derive(Debug)]
pub struct ResponseMeter {
    bytes: u64,
    contents: Contents,
}

#[derive(Debug)]
enum Contents {
    /// Not measured.
    Opaque,
    /// An error that calls itself audio: whatever it is, nobody asked to hear it.
    NoAudio,
    Pcm(Pcm),
    Recording(Box<Measured>),
    Answer(Box<Answer>),
    Messages(Messages),
}

/// What was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Of the body, encoded if it is.
    pub bytes: u64,
    /// How long what came plays, rounded up once; `None` if the format is not measured. Never more
    /// than [`MAX_MILLIS_PER_BYTE`] allows.
    pub audio: Option<AudioMillis>,
    /// The tokens that the answer says it used, the last word of it. It is the service's claim,
    /// each figure of it believed up to [`MAX_TOKENS`].
    pub tokens: Option<u64>,
}

/// The most audio that one byte is believed to hold, in milliseconds: 64 bit/s, headers included.
///
/// Headers can claim any length and any rate. What encoders really write stays above this: digital
/// silence in FLAC at 8 kHz and 4,096 samples a frame has 190 bit/s, Opus in its discontinuous mode
/// (RFC 6716 §2.1.9) at least 1 byte for each 20 ms, which is 400 bit/s.
pub const MAX_MILLIS_PER_BYTE: u64 = 125;

/// The most tokens that one figure of an answer is believed to be: a hundred times what any model reads
/// at once. A figure beyond it is ignored.
pub const MAX_TOKENS: u64 = 1_000_000_000;

// === impl ResponseMeter ===

impl ResponseMeter {
    /// A meter for the body behind `head`.
    pub fn new(head: &ResponseHead<'_>) -> Self {
        Self { bytes: 0, contents: Contents::of(head) }
    }

    /// Looks through so much leading silence of PCM and WAV for the first audible sample; what is silent
    /// for longer is audible from its first sample, as everything is without it. Before any bytes.
    pub fn with_silence(mut self, silence: Duration) -> Self {
        match &mut self.contents {
            Contents::Pcm(it) => it.set_silence(silence),
            Contents::Recording(it) => it.set_silence(silence),
            Contents::Answer(it) => it.set_silence(silence),
            Contents::Opaque | Contents::NoAudio | Contents::Messages(_) => {}
        }
        self
    }

    /// The next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        match &mut self.contents {
            Contents::Opaque | Contents::NoAudio => {}
            Contents::Pcm(it) => it.feed(bytes),
            Contents::Recording(it) => it.feed(bytes),
            Contents::Answer(it) => it.feed(bytes),
            Contents::Messages(it) => it.feed(bytes),
        }
    }

    /// What the response is made of. What a body without a type is, its first bytes tell.
    pub fn kind(&self) -> Kind {
        match &self.contents {
            Contents::Pcm(_) | Contents::NoAudio => Kind::Audio,
            Contents::Recording(it) => it.kind(),
            Contents::Answer(it) => it.kind(),
            Contents::Opaque | Contents::Messages(_) => Kind::Other,
        }
    }

    /// How far it is.
    pub fn progress(&self) -> StreamProgress {
        let Told { length, audible, units, tail, format } = self.contents.told();
        let most = Duration::from_millis(self.most());
        let audio = length.map(|it| it.duration().min(most));
        let audible = audible.map(|it| it.min(most));
        StreamProgress { bytes: self.bytes, audio, audible, units, tail, format }
    }

    /// What was delivered so far; after the last bytes, at all.
    pub fn delivered(&self) -> Delivered {
        let most = AudioMillis(self.most());
        let audio = self.contents.told().length.map(|it| it.millis().min(most));
        let tokens = match &self.contents {
            Contents::Answer(it) => it.tokens(),
            _ => None,
        };
        Delivered { bytes: self.bytes, audio, tokens }
    }

    /// Audio, in milliseconds.
    fn most(&self) -> u64 {
        self.bytes.saturating_mul(MAX_MILLIS_PER_BYTE)
    }
}

// === impl Contents ===

impl Contents {
    fn told(&self) -> Told {
        match self {
            Self::Opaque => Told::default(),
            Self::NoAudio => Told { length: Some(Length::default()), ..Told::default() },
            Self::Pcm(it) => it.told(),
            Self::Recording(it) => it.told(),
            Self::Answer(it) => it.told(),
            Self::Messages(it) => it.told(),
        }
    }

    fn of(head: &ResponseHead<'_>) -> Self {
        let media_type = MediaType::parse(head.content_type);
        if !(200..300).contains(&head.status) {
            return if media_type.is_audio() { Self::NoAudio } else { Self::Opaque };
        }
        let encoding = head.content_encoding.trim_ascii();
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
            return Self::Opaque;
        }
        if let Some(messages) = Messages::of(&media_type) {
            return Self::Messages(messages);
        }
        if let Some(pcm) = Pcm::of(&media_type, head.sample_rate_hz) {
            return Self::Pcm(pcm);
        }
        if let Some(recording) = Measured::of(&media_type) {
            return Self::Recording(Box::new(recording));
        }
        let answer = Answer::of(&media_type, head.sample_rate_hz);
        answer.map_or(Self::Opaque, |it| Self::Answer(Box::new(it)))
    }
}

// === impl Delivered ===

impl Delivered {
    /// Whether nothing came that was asked for: no body at all, or audio without a single sample.
    /// An answer that is not measured is not silent.
    pub fn is_silent(&self) -> bool {
        self.bytes == 0 || self.audio == Some(AudioMillis(0))
    }
}
