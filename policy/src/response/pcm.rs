//! Samples without a container: the content type tells what they are.
//!
//! - `audio/L16` (RFC 2586, now RFC 4856: `rate`, and `channels`, 1 by default), `L8` (RFC 4856),
//!   `L20`, `L24` (RFC 3190). Google's Gemini says `audio/L16;codec=pcm;rate=24000`.
//! - `audio/basic` (RFC 2046 §4.2), `PCMU`, `PCMA` (RFC 4856): 8 bits, 8 kHz by default, mono.
//! - `audio/pcm` and its like, which nobody registered: OpenAI's `pcm` is 24 kHz, 16 bits, mono
//!   (platform.openai.com/docs/guides/text-to-speech, "Supported output formats").
//! - `audio/x-raw` of GStreamer: `format=S16LE`.

use super::length::Length;
use super::media_type::MediaType;

/// Raw samples while they stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcm {
    bytes: u64,
    rate: u64,
    /// Of one sample of every channel, never 0.
    bits: u64,
}

/// Without a word from the type or the request: OpenAI's.
const DEFAULT_RATE: u64 = 24_000;

/// More is no sample rate (DSD apart, which is not PCM).
const MAX_RATE: u64 = 768_000;

const MAX_CHANNELS: u64 = 64;

const MAX_BITS: u64 = 64;

// === impl Pcm ===

impl Pcm {
    /// Of a type of raw samples; `asked` is the rate that the request asked for, in Hz.
    pub(super) fn of(media_type: &MediaType<'_>, asked: Option<u64>) -> Option<Self> {
        let (bits, rate) = match media_type.name() {
            "audio/l8" => (8, None),
            "audio/l16" => (16, None),
            "audio/l20" => (20, None),
            "audio/l24" => (24, None),
            "audio/basic" | "audio/pcmu" | "audio/pcma" => (8, Some(8000)),
            "audio/pcm" | "audio/x-pcm" | "audio/raw" | "audio/x-raw" => {
                let format = media_type.parameter("format").and_then(bits_of_format);
                (media_type.number(&["bits"], MAX_BITS).or(format).unwrap_or(16), None)
            }
            _ => return None,
        };
        let asked = asked.filter(|it| (1..=MAX_RATE).contains(it));
        let told = media_type.number(&["rate", "sample_rate"], MAX_RATE);
        let rate = told.or(rate).or(asked).unwrap_or(DEFAULT_RATE);
        let channels = media_type.number(&["channels"], MAX_CHANNELS).unwrap_or(1);
        Some(Self { bytes: 0, rate, bits: bits.saturating_mul(channels) })
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
    }

    /// Whole samples only.
    pub(super) fn length(&self) -> Length {
        let bits = self.bytes.saturating_mul(8);
        Length::default().with(bits.checked_div(self.bits).unwrap_or_default(), self.rate)
    }
}

/// `S16LE`, `F32LE`, `U8` (gstreamer.freedesktop.org, "GstAudioFormat"): the container's bits for
/// `S24_32LE`, which stand last.
fn bits_of_format(format: &[u8]) -> Option<u64> {
    let mut digits = format.split(|it| !it.is_ascii_digit()).filter(|it| !it.is_empty());
    let bits = std::str::from_utf8(digits.next_back()?).ok()?.parse().ok()?;
    (1..=MAX_BITS).contains(&bits).then_some(bits)
}
