//! Base64 and hex in pieces of any size.

/// A value while it is decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decoder {
    /// As the first long value has it; all others, too.
    coding: Option<Coding>,
    /// The value's first characters: they tell what it is.
    start: [u8; START],
    start_len: usize,
    is_begun: bool,
    /// Of a group of characters, those that came.
    bits: u32,
    held: u8,
    /// How many characters were read before one that does not belong there.
    read: u64,
    is_padded: bool,
    is_bad: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Base64,
    Hex,
}

/// Twelve bytes of hex, which tell a file.
const START: usize = 24;

/// So many characters that are all hexadecimal digits are hex: in base64 that happens once in 4^16
/// times, but in runs of the same, and those have capitals (`AAAA` is silence).
const HEX: usize = 16;

/// What a character is worth in base64, by itself; in both alphabets of RFC 4648.
const VALUES: [u8; 256] = values();

const NONE: u8 = 0xff;

// === impl Decoder ===

impl Decoder {
    /// Another value begins.
    pub(super) fn begin(&mut self) {
        *self = Self { coding: self.coding, ..Self::default() };
    }

    /// More of it; bytes are told with whether they are the value's first ones.
    pub(super) fn feed(&mut self, characters: &[u8], mut tell: impl FnMut(&[u8], bool)) {
        let mut rest = characters;
        if !self.is_begun {
            let missing = START.saturating_sub(self.start_len);
            let (first, more) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
            let places = self.start.get_mut(self.start_len..).unwrap_or_default();
            places.iter_mut().zip(first).for_each(|(to, from)| *to = *from);
            self.start_len = self.start_len.saturating_add(first.len());
            if self.start_len < START {
                return;
            }
            rest = more;
            self.begun(&mut tell);
        }
        self.decode(rest, |bytes| tell(bytes, false));
    }

    /// It has ended. Whether all of it was as it must be.
    pub(super) fn end(&mut self, mut tell: impl FnMut(&[u8], bool)) -> bool {
        if !self.is_begun {
            self.begun(&mut tell);
        }
        let coding = self.coding.unwrap_or(Coding::Base64);
        let bits = self.bits;
        match (coding, self.held) {
            (Coding::Base64, 2) => tell(&[byte(bits >> 4)], false),
            (Coding::Base64, 3) => tell(&[byte(bits >> 10), byte(bits >> 2)], false),
            _ => {}
        }
        let is_whole = match coding {
            Coding::Base64 => self.read.is_multiple_of(4),
            Coding::Hex => self.held == 0,
        };
        is_whole && !self.is_bad
    }

    /// How many characters were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Whether none came.
    pub(super) fn is_empty(&self) -> bool {
        self.start_len == 0
    }

    fn begun(&mut self, tell: &mut impl FnMut(&[u8], bool)) {
        self.is_begun = true;
        let start = self.start;
        let start = start.get(..self.start_len).unwrap_or_default();
        if self.coding.is_none() && start.len() >= HEX {
            let is_hex = start.iter().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
            self.coding = Some(if is_hex { Coding::Hex } else { Coding::Base64 });
        }
        self.decode(start, |bytes| tell(bytes, true));
    }

    fn decode(&mut self, characters: &[u8], mut tell: impl FnMut(&[u8])) {
        let mut decoded = Decoded::default();
        let mut rest = characters;
        while let (Some((first, after)), false) = (rest.split_first(), self.is_bad) {
            if decoded.is_full() {
                tell(decoded.take());
            }
            rest = after;
            if let Some(more) = self.groups(*first, after, &mut decoded) {
                rest = more;
                continue;
            }
            match self.coding {
                Some(Coding::Hex) => self.digit(*first, &mut decoded),
                _ => self.character(*first, &mut decoded),
            }
        }
        let last = decoded.take();
        if !last.is_empty() {
            tell(last);
        }
    }

    /// Whole groups of base64, as many as there is room for, and what follows them: this is where the time
    /// goes. `None` if there is not one.
    fn groups<'a>(&mut self, first: u8, after: &'a [u8], to: &mut Decoded) -> Option<&'a [u8]> {
        if self.held != 0 || self.is_padded || self.coding == Some(Coding::Hex) {
            return None;
        }
        let (three, mut rest) = after.split_first_chunk::<3>()?;
        let [b, c, d] = *three;
        to.group([first, b, c, d])?;
        let mut read = 4_u64;
        while !to.is_full() {
            let Some((four, more)) = rest.split_first_chunk::<4>() else { break };
            if to.group(*four).is_none() {
                break;
            }
            rest = more;
            read = read.saturating_add(4);
        }
        self.read = self.read.saturating_add(read);
        Some(rest)
    }

    fn character(&mut self, it: u8, to: &mut Decoded) {
        match value(it) {
            // MIME has ends of lines between (RFC 2045 §6.8).
            NONE if matches!(it, b'\r' | b'\n') => return,
            NONE if it == b'=' && (self.held >= 2 || self.is_padded) => self.is_padded = true,
            value if value != NONE && !self.is_padded => {
                self.bits = self.bits << 6 | u32::from(value);
                self.held = self.held.saturating_add(1);
                if self.held == 4 {
                    [16_u8, 8, 0].iter().for_each(|it| to.push(byte(self.bits >> it)));
                    self.held = 0;
                    self.bits = 0;
                }
            }
            _ => {
                self.is_bad = true;
                return;
            }
        }
        self.read = self.read.saturating_add(1);
    }

    fn digit(&mut self, it: u8, to: &mut Decoded) {
        let Some(digit) = char::from(it).to_digit(16) else {
            self.is_bad = true;
            return;
        };
        self.read = self.read.saturating_add(1);
        self.bits = self.bits << 4 | digit;
        self.held ^= 1;
        if self.held == 0 {
            to.push(byte(self.bits));
            self.bits = 0;
        }
    }
}

/// The lowest eight bits.
fn byte(bits: u32) -> u8 {
    let [.., lowest] = bits.to_be_bytes();
    lowest
}

fn value(character: u8) -> u8 {
    VALUES.get(usize::from(character)).copied().unwrap_or(NONE)
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the compiler evaluates it: what is wrong does not build"
)]
const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE; 256];
    let mut i = 0;
    while i < 64 {
        values[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
}

/// Bytes on their way.
struct Decoded {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Default for Decoded {
    fn default() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }
}

// === impl Decoded ===

impl Decoded {
    const CAPACITY: usize = 768;

    /// Whether there is no room for another group.
    fn is_full(&self) -> bool {
        self.len > Self::CAPACITY.saturating_sub(3)
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    /// Four characters, unless one of them is none of base64.
    fn group(&mut self, four: [u8; 4]) -> Option<()> {
        let [a, b, c, d] = four.map(value);
        if (a | b | c | d) & 0xc0 != 0 {
            return None;
        }
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        let [_, x, y, z] = bits.to_be_bytes();
        let places = self.bytes.get_mut(self.len..)?.first_chunk_mut::<3>()?;
        *places = [x, y, z];
        self.len = self.len.saturating_add(3);
        Some(())
    }

    fn take(&mut self) -> &[u8] {
        let len = std::mem::take(&mut self.len);
        self.bytes.get(..len).unwrap_or_default()
    }
}
