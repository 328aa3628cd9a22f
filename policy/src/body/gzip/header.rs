//! The header of a gzip member (RFC 1952 §2.3), byte by byte.

use super::crc::Crc32;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;

/// How far a header came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    place: Place,
    flags: u8,
    crc: Crc32,
}

/// What the next byte is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The ten bytes that are always there, from 0.
    Fixed(u8),
    ExtraLength {
        low: Option<u8>,
    },
    Extra {
        left: u16,
    },
    Name,
    Comment,
    /// The CRC of the header, least significant byte first.
    Crc {
        expected: u16,
        is_second: bool,
    },
}

/// What is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoHeader;

impl Default for Place {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

// === impl Header ===

impl Header {
    /// One byte more; `None` after the last.
    pub(super) fn next(mut self, byte: u8) -> Result<Option<Self>, NoHeader> {
        self.crc.update(&[byte]);
        self.place = match self.place {
            Place::Fixed(0) if byte != 0x1f => return Err(NoHeader),
            Place::Fixed(1) if byte != 0x8b => return Err(NoHeader),
            // 8 is DEFLATE; there is no other.
            Place::Fixed(2) if byte != 8 => return Err(NoHeader),
            Place::Fixed(3) => {
                // FTEXT, the lowest bit, is a guess. The three highest are reserved.
                if byte & 0xe0 != 0 {
                    return Err(NoHeader);
                }
                self.flags = byte;
                Place::Fixed(4)
            }
            Place::Fixed(9) => return Ok(self.after(0)),
            Place::Fixed(at) => Place::Fixed(at.saturating_add(1)),
            Place::ExtraLength { low: None } => Place::ExtraLength { low: Some(byte) },
            Place::ExtraLength { low: Some(low) } => match u16::from_le_bytes([low, byte]) {
                0 => return Ok(self.after(FEXTRA)),
                left => Place::Extra { left },
            },
            Place::Extra { left: 1 } => return Ok(self.after(FEXTRA)),
            Place::Extra { left } => Place::Extra { left: left.saturating_sub(1) },
            Place::Name if byte == 0 => return Ok(self.after(FNAME)),
            Place::Comment if byte == 0 => return Ok(self.after(FCOMMENT)),
            Place::Name | Place::Comment => return Ok(Some(self)),
            Place::Crc { expected, is_second } => {
                let [low, high] = expected.to_le_bytes();
                if byte != if is_second { high } else { low } {
                    return Err(NoHeader);
                }
                if is_second {
                    return Ok(None);
                }
                Place::Crc { expected, is_second: true }
            }
        };
        Ok(Some(self))
    }

    /// At the field that comes after that of `flag`, in the order of RFC 1952.
    fn after(mut self, flag: u8) -> Option<Self> {
        let has = |it: u8| self.flags & it != 0;
        self.place = if flag < FEXTRA && has(FEXTRA) {
            Place::ExtraLength { low: None }
        } else if flag < FNAME && has(FNAME) {
            Place::Name
        } else if flag < FCOMMENT && has(FCOMMENT) {
            Place::Comment
        } else if has(FHCRC) {
            let [first, second, ..] = self.crc.value().to_le_bytes();
            Place::Crc { expected: u16::from_le_bytes([first, second]), is_second: false }
        } else {
            return None;
        };
        Some(self)
    }
}
