//! Reads the small values: flags, sample rates, speeds, formats.
//!
//! A value that servers may read in different ways is read as the one that allows least.

#[cfg(test)]
mod tests;

/// How fast to speak, in thousandths of the normal speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(u64);

/// How a string or a number reads as a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// It is one of the words for true, or a number that is not zero.
    True,
    /// It is one of the words for false, or zero.
    False,
    /// It is neither.
    Unclear,
}

/// Reads a flag as Pydantic does, on which most of these services stand: `true`, `1`, `yes`, `on`,
/// … in any case; any number but zero (GPT-SoVITS' `streaming_mode` is 0 to 3).
pub fn flag(text: &[u8]) -> Flag {
    let is = |words: &[&str]| words.iter().any(|it| text.eq_ignore_ascii_case(it.as_bytes()));
    if is(&["true", "t", "yes", "y", "on"]) {
        Flag::True
    } else if is(&["", "false", "f", "no", "n", "off"]) {
        Flag::False
    } else {
        match Decimal::parse(text) {
            Some(number) if number.digits == 0 => Flag::False,
            Some(_) => Flag::True,
            None => Flag::Unclear,
        }
    }
}

/// Reads a sample rate in Hz; the empty text is none. One that is not written as digits only may be
/// any rate to the service, so it is read as one above every limit.
pub fn sample_rate(text: &[u8]) -> Option<u64> {
    if text.is_empty() { None } else { Some(digits(text).unwrap_or(u64::MAX)) }
}

/// The sample rate in a format's name as ElevenLabs writes them (`mp3_44100_128`: codec, rate,
/// bits per second), in Hz.
pub fn sample_rate_of_format(name: &[u8]) -> Option<u64> {
    digits(name.split(|it| *it == b'_').nth(1)?)
}

/// All digits; `u64::MAX` if it is a larger number.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let next = |value: u64, it: &u8| value.saturating_mul(10).saturating_add((it & 0x0f).into());
    Some(text.iter().fold(0, next))
}

/// Whether a text is a number from zero to `limit`.
pub fn is_at_most(text: &[u8], limit: u64) -> bool {
    let Some(Decimal { digits, exponent, is_negative }) = Decimal::parse(text) else {
        return false;
    };
    let (mut value, mut limit) = (digits, limit);
    // After twenty of either, nothing changes any more.
    for _ in 0..exponent.unsigned_abs().min(20) {
        let scaled = if exponent > 0 { &mut value } else { &mut limit };
        *scaled = scaled.saturating_mul(10);
    }
    value <= limit && (!is_negative || value == 0)
}

// === impl Speed ===

impl Speed {
    /// As recorded voices speak.
    pub const NORMAL: Self = Self(1000);

    /// The fastest that any of the services has, so that a text is never shorter.
    pub const FASTEST: Self = Self(4000);

    /// Some of the services take any speed.
    const SLOWEST: Self = Self(10);

    /// Reads a speed, and holds it between a hundredth and four times the normal one. What is no
    /// number is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let Decimal { digits, exponent, is_negative } = Decimal::parse(text.trim_ascii())?;
        let mut thousandths = if is_negative { 0 } else { digits };
        let shift = exponent.saturating_add(3);
        // After twenty of either, nothing changes any more.
        for _ in 0..shift.unsigned_abs().min(20) {
            thousandths = if shift > 0 { thousandths.saturating_mul(10) } else { thousandths / 10 };
        }
        Some(Self(thousandths).clamp(Self::SLOWEST, Self::FASTEST))
    }

    /// What something takes at this speed that takes `normal` at the normal one, rounded up.
    pub fn stretch(self, normal: u64) -> u64 {
        let product = u128::from(normal).saturating_mul(1000);
        u64::try_from(product.div_ceil(self.0.max(1).into())).unwrap_or(u64::MAX)
    }
}

/// A number, its first 18 digits at least.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: u64,
    /// Of ten.
    exponent: i64,
    is_negative: bool,
}

// === impl Decimal ===

impl Decimal {
    /// A sign, digits with a point or without, an exponent: what JSON and Python's `float()` have.
    fn parse(text: &[u8]) -> Option<Self> {
        let (is_negative, text) = unsigned(text);
        let at = text.iter().position(|it| matches!(it, b'e' | b'E'));
        let (mantissa, exponent) = match at {
            Some(at) => (text.get(..at)?, text.get(at.saturating_add(1)..)?),
            None => (text, &b"0"[..]),
        };
        let (exponent_is_negative, exponent) = unsigned(exponent);
        let exponent = i64::try_from(digits(exponent)?).unwrap_or(i64::MAX);
        let exponent = if exponent_is_negative { exponent.saturating_neg() } else { exponent };
        let mut number = Self { digits: 0, exponent, is_negative };
        let (mut has_digits, mut has_point) = (false, false);
        for byte in mantissa {
            match byte {
                b'.' if !has_point => has_point = true,
                b'0'..=b'9' => {
                    has_digits = true;
                    number.push(byte & 0x0f, has_point);
                }
                _ => return None,
            }
        }
        has_digits.then_some(number)
    }

    fn push(&mut self, digit: u8, is_fraction: bool) {
        let has_room = self.digits < 100_000_000_000_000_000;
        if has_room {
            self.digits = self.digits.saturating_mul(10).saturating_add(digit.into());
        }
        let change = match (has_room, is_fraction) {
            (true, true) => -1,
            (false, false) => 1,
            _ => 0,
        };
        self.exponent = self.exponent.saturating_add(change);
    }
}

fn unsigned(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}
