//! How samples are written, and where the first audible one stands.

use std::time::Duration;

/// How one sample of one channel is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// 8 bits around 128, as WAV and `L8` have them.
    Unsigned8,
    /// Two's complement of so many bytes.
    Signed(usize, Order),
    /// IEEE 754 of 4 or 8 bytes.
    Float(usize, Order),
    /// ITU-T G.711.
    MuLaw,
    ALaw,
}

/// Which byte of a sample comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
    /// RFC 2586 has `audio/L16` in network order, Google's Gemini sends it in the other: a sample is
    /// audible if it is in both.
    Either,
}

/// Looks for the first audible sample. What is silent for longer than is looked through is audible from
/// its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Onset {
    samples: Samples,
    channels: u64,
    rate: u64,
    /// Of all channels.
    seen: u64,
    /// After so many it is not looked for any longer.
    most: u64,
    /// A sample that was cut.
    held: [u8; 8],
    held_len: usize,
    /// Where it stands, in samples of every channel.
    found: Option<u64>,
}

/// A thousandth of full scale, -60 dB, is heard by nobody: so a float, and a signed number in units of
/// its full scale.
const THRESHOLD: f64 = 0.001;

/// Of a signed number of 64 bits: 2^63.
const FULL_SCALE: f64 = 9_223_372_036_854_775_808.0;

// === impl Samples ===

impl Samples {
    /// Of one channel, in bytes; 1 to 8.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Unsigned8 | Self::MuLaw | Self::ALaw => 1,
            Self::Signed(len, _) | Self::Float(len, _) => len.clamp(1, 8),
        }
    }

    fn first_audible(self, bytes: &[u8]) -> Option<usize> {
        // One loop for each, because this is what a stream's first chunks cost.
        match self {
            Self::Unsigned8 => bytes.iter().position(|it| it.abs_diff(128) >= 2),
            Self::MuLaw => bytes.iter().position(|it| !it & 0x7f >= 4),
            Self::ALaw => bytes.iter().position(|it| (it ^ 0x55) & 0x7f >= 2),
            Self::Signed(2, Order::Little) => {
                let (samples, _) = bytes.as_chunks::<2>();
                samples.iter().position(|it| i16::from_le_bytes(*it).unsigned_abs() >= 33)
            }
            _ => bytes.chunks_exact(self.len()).position(|it| self.is_audible(it)),
        }
    }

    fn is_audible(self, sample: &[u8]) -> bool {
        let (len, order) = match self {
            Self::Signed(len, order) | Self::Float(len, order) => (len, order),
            _ => return self.first_audible(sample).is_some(),
        };
        let read = |order: Order| {
            let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
            let bits = match order {
                Order::Big => sample.iter().fold(0, fold),
                _ => sample.iter().rev().fold(0, fold),
            };
            let value = match self {
                Self::Float(4, _) => f32::from_bits(u32::try_from(bits).unwrap_or_default()).into(),
                Self::Float(..) => f64::from_bits(bits),
                _ => {
                    let unused = 64_usize.saturating_sub(len.saturating_mul(8)) as u32;
                    let top = bits.checked_shl(unused).unwrap_or_default().cast_signed();
                    top as f64 / FULL_SCALE
                }
            };
            value.abs() >= THRESHOLD
        };
        match order {
            Order::Either => read(Order::Little) && read(Order::Big),
            order => read(order),
        }
    }
}

// === impl Onset ===

impl Onset {
    /// `rate` in Hz. Without `silence`, or where it is not known how samples are written, the first
    /// sample is audible.
    pub(super) fn new(
        samples: Option<Samples>,
        channels: u64,
        rate: u64,
        silence: Duration,
    ) -> Self {
        let frames = silence.as_millis().saturating_mul(rate.into()) / 1000;
        let most = u64::try_from(frames).unwrap_or(u64::MAX).saturating_mul(channels);
        Self {
            samples: samples.unwrap_or(Samples::Unsigned8),
            channels: channels.max(1),
            rate,
            seen: 0,
            most,
            held: [0; 8],
            held_len: 0,
            found: (samples.is_none() || most == 0).then_some(0),
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        let len = self.samples.len();
        while self.found.is_none() && self.held_len > 0 {
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.hold(*byte);
            bytes = rest;
            if self.held_len >= len {
                let held = self.held;
                self.held_len = 0;
                self.look(held.get(..len).unwrap_or_default());
            }
        }
        if self.found.is_some() {
            return;
        }
        let whole = bytes.len().checked_div(len).unwrap_or_default().saturating_mul(len);
        let (whole, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        self.look(whole);
        if self.found.is_none() {
            rest.iter().for_each(|it| self.hold(*it));
        }
    }

    /// Where it stands, once it came; `frames` is how many samples of every channel came.
    pub(super) fn audible(&self, frames: u64) -> Option<Duration> {
        let found = self.found.filter(|it| frames > *it)?;
        let micros = u128::from(found).saturating_mul(1_000_000).checked_div(self.rate.into())?;
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    fn hold(&mut self, byte: u8) {
        if let Some(place) = self.held.get_mut(self.held_len) {
            *place = byte;
            self.held_len = self.held_len.saturating_add(1);
        }
    }

    /// Whole samples.
    fn look(&mut self, bytes: &[u8]) {
        let left = self.most.saturating_sub(self.seen);
        let count = (bytes.len() as u64).checked_div(self.samples.len() as u64).unwrap_or_default();
        match self.samples.first_audible(bytes).map(|it| it as u64).filter(|it| *it < left) {
            Some(at) => self.found = self.seen.saturating_add(at).checked_div(self.channels),
            None if count >= left => self.found = Some(0),
            None => self.seen = self.seen.saturating_add(count),
        }
    }
}
