//! A string, from behind its opening quote to its closing one (RFC 8259 §7).

use super::super::Malformed;
use super::super::skip::{self, Run};

/// How far a string was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Between characters.
    Plain,
    /// Within a character of more than one byte, of which these came.
    Sequence { begun: [u8; 4], len: usize },
    /// Behind a backslash.
    Escape,
    /// Behind `\u` and some of its digits; perhaps behind a whole high surrogate.
    Unicode { high: Option<u16>, unit: u16, digits: u8 },
    /// Behind a high surrogate, where `\` must come.
    LowEscape { high: u16 },
    /// Behind a high surrogate and `\`, where `u` must come.
    LowUnicode { high: u16 },
}

/// What a step through a string finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Nothing yet.
    None,
    /// Characters in UTF-8, as they stand.
    Run(&'a [u8]),
    /// A character that was escaped, or split.
    Char(char),
    /// The closing quote.
    End,
}

/// What is wrong with a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub what: Malformed,
    /// Where, counted from the first byte of the step; a split character begins before it.
    pub at: i8,
}

type Step<'a> = Result<(usize, Piece<'a>), Fault>;

// === impl Text ===

impl Text {
    /// The next piece of `bytes`, and how many of them it takes. Characters come whole, however the
    /// bytes are split.
    pub(super) fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        let Some(&byte) = bytes.first() else { return Ok((0, Piece::None)) };
        match *self {
            Self::Plain => self.plain(bytes),
            Self::Sequence { begun, len } => self.sequence(begun, len, byte),
            Self::Escape => self.escape(byte),
            Self::Unicode { high, unit, digits } => self.unicode(bytes, high, unit, digits),
            Self::LowEscape { high } if byte == b'\\' => {
                self.become_within(Self::LowUnicode { high })
            }
            Self::LowUnicode { high } if byte == b'u' => {
                self.become_within(Self::Unicode { high: Some(high), unit: 0, digits: 0 })
            }
            Self::LowEscape { .. } | Self::LowUnicode { .. } => fault(Malformed::LoneSurrogate),
        }
    }

    fn plain<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        let Run { len, is_ascii } = skip::unescaped(bytes);
        let text = bytes.get(..len).unwrap_or_default();
        if text.is_empty() {
            return match bytes.first() {
                Some(b'"') => Ok((1, Piece::End)),
                Some(b'\\') => match whole_escape(bytes) {
                    Some((taken, character)) => Ok((taken, Piece::Char(character))),
                    None => self.become_within(Self::Escape),
                },
                _ => fault(Malformed::ControlCharacter),
            };
        }
        if is_ascii {
            return Ok((len, Piece::Run(text)));
        }
        let Err(error) = std::str::from_utf8(text) else { return Ok((len, Piece::Run(text))) };
        let valid = error.valid_up_to();
        if valid > 0 {
            return Ok((valid, Piece::Run(text.get(..valid).unwrap_or_default())));
        }
        if error.error_len().is_some() {
            return fault(Malformed::NotUtf8);
        }
        let mut begun = [0; 4];
        begun.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        *self = Self::Sequence { begun, len };
        Ok((len, Piece::None))
    }

    fn sequence<'a>(&mut self, mut begun: [u8; 4], len: usize, byte: u8) -> Step<'a> {
        let longer = len.saturating_add(1);
        if let Some(next) = begun.get_mut(len) {
            *next = byte;
        }
        match std::str::from_utf8(begun.get(..longer).unwrap_or_default()) {
            Ok(whole) => {
                *self = Self::Plain;
                Ok((1, whole.chars().next().map_or(Piece::None, Piece::Char)))
            }
            Err(error) if error.error_len().is_none() => {
                self.become_within(Self::Sequence { begun, len: longer })
            }
            Err(_) => Err(Fault { what: Malformed::NotUtf8, at: place(len).wrapping_neg() }),
        }
    }

    fn escape<'a>(&mut self, byte: u8) -> Step<'a> {
        if let Some(character) = escaped(byte) {
            *self = Self::Plain;
            return Ok((1, Piece::Char(character)));
        }
        if byte != b'u' {
            return fault(Malformed::Escape);
        }
        self.become_within(Self::Unicode { high: None, unit: 0, digits: 0 })
    }

    /// Reads as many of the four digits as there are.
    fn unicode<'a>(&mut self, bytes: &[u8], high: Option<u16>, unit: u16, digits: u8) -> Step<'a> {
        let (mut unit, mut digits, mut taken) = (unit, digits, 0_usize);
        for byte in bytes {
            let Some(digit) = hex(*byte) else {
                return Err(Fault { what: Malformed::Escape, at: place(taken) });
            };
            unit = unit << 4 | digit;
            digits = digits.wrapping_add(1);
            taken = taken.wrapping_add(1);
            if digits == 4 {
                return self.unit(high, unit, taken);
            }
        }
        *self = Self::Unicode { high, unit, digits };
        Ok((taken, Piece::None))
    }

    /// A code unit of UTF-16 is complete.
    fn unit<'a>(&mut self, high: Option<u16>, unit: u16, taken: usize) -> Step<'a> {
        if high.is_none() && matches!(unit, 0xd800..=0xdbff) {
            *self = Self::LowEscape { high: unit };
            return Ok((taken, Piece::None));
        }
        let mut characters = char::decode_utf16(high.into_iter().chain([unit]));
        let Some(Ok(character)) = characters.next() else {
            return Err(Fault {
                what: Malformed::LoneSurrogate,
                at: place(taken.saturating_sub(1)),
            });
        };
        *self = Self::Plain;
        Ok((taken, Piece::Char(character)))
    }

    fn become_within<'a>(&mut self, next: Self) -> Step<'a> {
        *self = next;
        Ok((1, Piece::None))
    }
}

fn fault<'a>(what: Malformed) -> Step<'a> {
    Err(Fault { what, at: 0 })
}

/// It is one of the few bytes of an escape or of a character.
fn place(index: usize) -> i8 {
    i8::try_from(index).unwrap_or_default()
}

/// The escape that `bytes` begin with, if all of it is there and it is no surrogate. Python escapes
/// all that is not ASCII, so a long text may be nothing else.
fn whole_escape(bytes: &[u8]) -> Option<(usize, char)> {
    match bytes {
        [_, b'u', a, b, c, d, ..] => {
            let unit = hex(*a)? << 12 | hex(*b)? << 8 | hex(*c)? << 4 | hex(*d)?;
            Some((6, char::from_u32(unit.into())?))
        }
        [_, byte, ..] => Some((2, escaped(*byte)?)),
        _ => None,
    }
}

/// What stands behind a backslash for one character.
fn escaped(byte: u8) -> Option<char> {
    Some(match byte {
        b'"' | b'\\' | b'/' => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

fn hex(byte: u8) -> Option<u16> {
    char::from(byte).to_digit(16).and_then(|it| u16::try_from(it).ok())
}
