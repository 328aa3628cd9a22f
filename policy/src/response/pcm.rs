//! Samples without a container: the content type tells what they are.
//!
//! - `audio/L16` (RFC 2586, now RFC 4856: `rate`, and `channels`, 1 by default), `L8` (RFC 4856),
//!   `L20`, `L24` (RFC 3190). Google's Gemini says `audio/L16;codec=pcm;rate=24000`.
//! - `audio/basic` (RFC 2046 §4.2), `PCMU`, `PCMA` (RFC 4856): 8 bits, 8 kHz by default, mono.
//! - `audio/pcm` and its like, which nobody registered: OpenAI's `pcm` is 24 kHz, 16 bits, mono
//!   (platform.openai.com/docs/guides/text-to-speech, "Supported output formats").
//! - `audio/x-raw` of GStreamer: `format=S16LE`.

use std::time::Duration;

use super::Format;
use super::length::Length;
use super::media_type::MediaType;
use super::samples::{Onset, Order, Samples};
use super::told::Told;

/// Raw samples while they stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcm {
    bytes: u64,
    rate: u64,
    /// Of one sample of every channel, never 0.
    bits: u64,
    channels: u64,
    /// How they are written, where that is known.
    samples: Option<Samples>,
    onset: Onset,
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
        let network = |bytes: usize| Some(Samples::Signed(bytes, Order::Either));
        let (bits, rate, samples) = match media_type.name() {
            "audio/l8" => (8, None, Some(Samples::Unsigned8)),
            "audio/l16" => (16, None, network(2)),
            "audio/l20" => (20, None, None),
            "audio/l24" => (24, None, network(3)),
            "audio/basic" | "audio/pcmu" => (8, Some(8000), Some(Samples::MuLaw)),
            "audio/pcma" => (8, Some(8000), Some(Samples::ALaw)),
            "audio/pcm" | "audio/x-pcm" | "audio/raw" | "audio/x-raw" => {
                let format = media_type.parameter("format");
                let of_format = format.and_then(bits_of_format);
                let bits = media_type.number(&["bits"], MAX_BITS).or(of_format).unwrap_or(16);
                (bits, None, written(format.unwrap_or_default(), bits))
            }
            _ => return None,
        };
        let asked = asked.filter(|it| (1..=MAX_RATE).contains(it));
        let told = media_type.number(&["rate", "sample_rate"], MAX_RATE);
        let rate = told.or(rate).or(asked).unwrap_or(DEFAULT_RATE);
        let channels = media_type.number(&["channels"], MAX_CHANNELS).unwrap_or(1);
        Some(Self::new(bits, channels, rate, samples))
    }

    /// What services send without a word: 16 bits, mono.
    pub(super) fn usual(asked: Option<u64>) -> Self {
        let rate = asked.filter(|it| (1..=MAX_RATE).contains(it)).unwrap_or(DEFAULT_RATE);
        Self::new(16, 1, rate, Some(Samples::Signed(2, Order::Little)))
    }

    fn new(bits: u64, channels: u64, rate: u64, samples: Option<Samples>) -> Self {
        let onset = Onset::new(samples, channels, rate, Duration::ZERO);
        Self { bytes: 0, rate, bits: bits.saturating_mul(channels), channels, samples, onset }
    }

    /// Looks through so much leading silence; before any bytes.
    pub(super) fn set_silence(&mut self, silence: Duration) {
        self.onset = Onset::new(self.samples, self.channels, self.rate, silence);
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.onset.feed(bytes);
    }

    /// Whole samples only.
    pub(super) fn told(&self) -> Told {
        let bits = self.bytes.saturating_mul(8);
        let samples = bits.checked_div(self.bits).unwrap_or_default();
        // Samples of 20 bits end at a byte every other time.
        let border = self.bits.checked_shr(self.bits.trailing_zeros().min(3)).unwrap_or_default();
        Told {
            length: Some(Length::default().with(samples, self.rate)),
            audible: self.onset.audible(samples),
            units: 0,
            tail: self.bytes.checked_rem(border).unwrap_or_default(),
            format: Format::Pcm,
        }
    }
}

/// `S16LE`, `F32LE`, `U8` (gstreamer.freedesktop.org, "GstAudioFormat"): the container's bits for
/// `S24_32LE`, which stand last.
fn bits_of_format(format: &[u8]) -> Option<u64> {
    let mut digits = format.split(|it| !it.is_ascii_digit()).filter(|it| !it.is_empty());
    let bits = std::str::from_utf8(digits.next_back()?).ok()?.parse().ok()?;
    (1..=MAX_BITS).contains(&bits).then_some(bits)
}

/// How samples of such a format are written; without one, as `S…LE`, or `U8`. Of `S24_32LE` only a part
/// of the bits counts.
fn written(format: &[u8], bits: u64) -> Option<Samples> {
    let bytes = usize::try_from(bits / 8)
        .ok()
        .filter(|it| bits.is_multiple_of(8) && (1..=8).contains(it))?;
    let order = if format.ends_with(b"BE") { Order::Big } else { Order::Little };
    match (format.first(), bytes) {
        (Some(b'F'), 4 | 8) => Some(Samples::Float(bytes, order)),
        (None | Some(b'U'), 1) => Some(Samples::Unsigned8),
        (None | Some(b'S'), _) if !format.contains(&b'_') => Some(Samples::Signed(bytes, order)),
        _ => None,
    }
}
