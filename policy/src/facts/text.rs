//! Counts characters, and how long they take to speak.

use std::ops::ControlFlow;

use super::script::Script;
use super::speech_rate::SpeechRates;

#[cfg(test)]
mod tests;

/// An amount of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextAmount {
    /// Unicode scalar values; each byte that is no UTF-8 counts as one.
    pub chars: u64,
    /// How long they take to speak at normal speed, in microseconds.
    pub micros: u64,
}

/// Splits a stream of bytes into scalar values and counts them.
///
/// A sequence that breaks off is as many bytes that are no UTF-8, wherever the stream was split.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextCounter {
    /// The bits of the sequence that is under way.
    scalar: u32,
    /// Its bytes so far; 0 between characters.
    seen: u8,
    /// How many are missing.
    missing: u8,
}

/// A run of ASCII.
#[derive(Clone, Copy, Debug)]
struct Ascii {
    len: usize,
    digits: u64,
}

/// `0` in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// What brings ten to the high bit, in each byte.
const UP_FROM_TEN: u64 = 0x7676_7676_7676_7676;

/// The high bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

// === impl TextCounter ===

impl TextCounter {
    /// Counts the next bytes.
    pub fn feed(&mut self, bytes: &[u8], rates: &SpeechRates, amount: &mut TextAmount) {
        let latin = rates.micros(Script::Latin);
        let digit = rates.micros(Script::Digit);
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.seen == 0 {
                let Ascii { len, digits } = Ascii::before_others(rest);
                let letters = (len as u64).saturating_sub(digits);
                let micros =
                    letters.saturating_mul(latin).saturating_add(digits.saturating_mul(digit));
                amount.add(TextAmount { chars: len as u64, micros });
                rest = rest.get(len..).unwrap_or_default();
            }
            // One ASCII character more at the end of a sequence that breaks off there.
            let others = rest.iter().position(u8::is_ascii).map_or(rest.len(), |it| it.max(1));
            let (others, after) = rest.split_at_checked(others).unwrap_or((rest, &[]));
            self.feed_others(others, rates, amount);
            rest = after;
        }
    }

    /// Counts what is not ASCII, for the most part.
    fn feed_others(&mut self, others: &[u8], rates: &SpeechRates, amount: &mut TextAmount) {
        let mut rest = others;
        while let [first, after @ ..] = rest {
            // Most characters are whole and not at the edge of what is allowed.
            let (scalar, next) = match rest {
                _ if self.seen > 0 => (None, after),
                [ascii @ 0x00..=0x7f, ..] => (Some(u32::from(*ascii)), after),
                [a @ (0xe1..=0xec | 0xee | 0xef), b @ 0x80..=0xbf, c @ 0x80..=0xbf, next @ ..] => {
                    let bits = [a & 0x0f, b & 0x3f, c & 0x3f].map(u32::from);
                    (Some(bits[0] << 12 | bits[1] << 6 | bits[2]), next)
                }
                [a @ 0xc2..=0xdf, b @ 0x80..=0xbf, next @ ..] => {
                    (Some(u32::from(a & 0x1f) << 6 | u32::from(b & 0x3f)), next)
                }
                _ => (None, after),
            };
            match scalar {
                Some(scalar) => amount.add_one(Script::of(scalar), rates),
                None => self.step(*first, rates, amount),
            }
            rest = next;
        }
    }

    /// Counts what was left unfinished.
    pub fn finish(&mut self, rates: &SpeechRates, amount: &mut TextAmount) {
        for _ in 0..self.seen {
            amount.add_one(Script::Other, rates);
        }
        *self = Self::default();
    }

    fn step(&mut self, byte: u8, rates: &SpeechRates, amount: &mut TextAmount) {
        if self.seen > 0 {
            match self.carry_on(byte) {
                ControlFlow::Continue(None) => return,
                ControlFlow::Continue(Some(scalar)) => {
                    return amount.add_one(Script::of(scalar), rates);
                }
                ControlFlow::Break(()) => self.finish(rates, amount),
            }
        }
        let (missing, bits) = match byte {
            b'0'..=b'9' => return amount.add_one(Script::Digit, rates),
            0x00..=0x7f => return amount.add_one(Script::Latin, rates),
            0xc2..=0xdf => (1, byte & 0x1f),
            0xe0..=0xef => (2, byte & 0x0f),
            0xf0..=0xf4 => (3, byte & 0x07),
            _ => return amount.add_one(Script::Other, rates),
        };
        *self = Self { scalar: bits.into(), seen: 1, missing };
    }

    /// The next byte of a sequence, by the table 3-7 of Unicode; breaks if it is none.
    fn carry_on(&mut self, byte: u8) -> ControlFlow<(), Option<u32>> {
        let fits = match (self.seen, self.missing, self.scalar) {
            (1, 2, 0x0) => (0xa0..=0xbf).contains(&byte),
            (1, 2, 0xd) => (0x80..=0x9f).contains(&byte),
            (1, 3, 0x0) => (0x90..=0xbf).contains(&byte),
            (1, 3, 0x4) => (0x80..=0x8f).contains(&byte),
            _ => (0x80..=0xbf).contains(&byte),
        };
        if !fits {
            return ControlFlow::Break(());
        }
        self.scalar = self.scalar << 6 | u32::from(byte & 0x3f);
        self.seen = self.seen.saturating_add(1);
        self.missing = self.missing.saturating_sub(1);
        if self.missing > 0 {
            return ControlFlow::Continue(None);
        }
        let scalar = self.scalar;
        *self = Self::default();
        ControlFlow::Continue(Some(scalar))
    }
}

// === impl Ascii ===

impl Ascii {
    /// Of the beginning of `bytes`. A word at a time: a module built for size has no vector
    /// instructions.
    fn before_others(bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let mut found = Self { len: 0, digits: 0 };
        for word in words {
            let word = u64::from_le_bytes(*word);
            if word & HIGH != 0 {
                break;
            }
            // Below ten only for digits; then adding this does not reach the high bit.
            let others = (word ^ ZEROS).wrapping_add(UP_FROM_TEN) & HIGH;
            found.digits =
                found.digits.saturating_add(u64::from(others.count_zeros()).saturating_sub(56));
            found.len = found.len.saturating_add(8);
        }
        let rest = bytes.get(found.len..).unwrap_or_default();
        for byte in rest.iter().take_while(|it| it.is_ascii()) {
            found.digits = found.digits.saturating_add(byte.is_ascii_digit().into());
            found.len = found.len.saturating_add(1);
        }
        found
    }
}

// === impl TextAmount ===

impl TextAmount {
    /// This and that.
    pub fn add(&mut self, other: Self) {
        self.chars = self.chars.saturating_add(other.chars);
        self.micros = self.micros.saturating_add(other.micros);
    }

    fn add_one(&mut self, script: Script, rates: &SpeechRates) {
        self.add(Self { chars: 1, micros: rates.micros(script) });
    }
}
