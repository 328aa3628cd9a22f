//! Decodes base64 as it streams, or only counts what it would be.
//!
//! Crates decode whole texts, or refuse what is not strict; Python's `b64decode`, which reads most
//! of these recordings, skips whatever is not of the alphabet. So does this, and says so.

#[cfg(test)]
mod tests;

/// Base64 (RFC 4648 §4) or base64url (§5), mixed if need be, with white space anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base64 {
    /// Characters of the alphabet.
    sextets: u64,
    /// The last of them that make no byte yet.
    bits: u32,
    padding: u64,
    /// Whether something else came, or more after the padding.
    is_broken: bool,
}

/// Decoded bytes of one step.
const CHUNK: usize = 768;

/// What is of neither alphabet: a bit that no value has.
const STRANGE: u8 = 0x40;

/// What each byte stands for.
#[allow(clippy::indexing_slicing, reason = "it runs when this is compiled")]
const VALUES: [u8; 256] = {
    let mut values = [STRANGE; 256];
    let (standard, url): (&[u8; 64], &[u8; 64]) = (
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    );
    let mut value = 0;
    while value < 64_u8 {
        values[standard[value as usize] as usize] = value;
        values[url[value as usize] as usize] = value;
        value += 1;
    }
    values
};

// === impl Base64 ===

impl Base64 {
    /// Takes the next characters; `out` gets what they decode to.
    pub fn decode(&mut self, text: &[u8], out: &mut dyn FnMut(&[u8])) {
        let mut decoded = [0; CHUNK];
        let mut length = 0_usize;
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            let quad = rest.split_first_chunk().filter(|_| self.is_aligned());
            let bytes = match quad.and_then(|(quad, after)| Some((decode_quad(*quad)?, after))) {
                Some((bytes, after)) => {
                    self.sextets = self.sextets.saturating_add(4);
                    rest = after;
                    Some(bytes)
                }
                None => {
                    rest = after;
                    self.step(*first)
                }
            };
            let Some(bytes) = bytes else { continue };
            let end = length.saturating_add(3);
            if let Some(place) = decoded.get_mut(length..end) {
                place.copy_from_slice(&bytes);
            }
            length = end;
            if length >= CHUNK {
                out(&decoded);
                length = 0;
            }
        }
        out(decoded.get(..length).unwrap_or_default());
    }

    fn is_aligned(&self) -> bool {
        self.sextets.is_multiple_of(4) && self.padding == 0
    }

    /// Takes a character; every fourth makes three bytes.
    fn step(&mut self, byte: u8) -> Option<[u8; 3]> {
        let bits = self.sextet(byte)?;
        self.bits = self.bits << 6 | u32::from(bits);
        if !self.sextets.is_multiple_of(4) {
            return None;
        }
        let [_, bytes @ ..] = std::mem::take(&mut self.bits).to_be_bytes();
        Some(bytes)
    }

    /// Takes the next characters without decoding them. Nothing can be decoded after that.
    pub fn count(&mut self, text: &[u8]) {
        for block in text.chunks(64) {
            let value = |it: &u8| VALUES.get(usize::from(*it)).copied().unwrap_or(STRANGE);
            let all = block.iter().fold(0_u8, |all, it| all | value(it));
            if all & STRANGE == 0 && self.padding == 0 {
                self.sextets = self.sextets.saturating_add(block.len() as u64);
            } else {
                block.iter().for_each(|it| _ = self.sextet(*it));
            }
        }
    }

    /// The last bytes, after the last character; none if it was only counted.
    pub fn finish(&mut self) -> ([u8; 2], usize) {
        // RFC 4648 §4: two characters left are one byte, three are two.
        let left = usize::try_from(self.sextets % 4).unwrap_or_default();
        let [.., high, low] = match left {
            2 => (self.bits >> 4).to_be_bytes(),
            3 => (self.bits >> 2).to_be_bytes(),
            _ => [0; 4],
        };
        match left {
            2 => ([low, 0], 1),
            3 => ([high, low], 2),
            _ => ([0; 2], 0),
        }
    }

    /// How many bytes it is, decoded.
    pub fn decoded_len(&self) -> u64 {
        let whole = (self.sextets / 4).saturating_mul(3);
        whole.saturating_add((self.sextets % 4).saturating_sub(1))
    }

    /// Whether all so far is base64.
    pub fn is_valid(&self) -> bool {
        !self.is_broken
    }

    fn sextet(&mut self, byte: u8) -> Option<u8> {
        match byte {
            b'=' => {
                self.padding = self.padding.saturating_add(1);
                self.is_broken |= self.padding > 2;
                return None;
            }
            b' ' | b'\t' | b'\r' | b'\n' => return None,
            _ => {}
        }
        let bits = value(byte);
        self.is_broken |= self.padding > 0 || bits == STRANGE;
        if bits == STRANGE {
            return None;
        }
        self.sextets = self.sextets.saturating_add(1);
        Some(bits)
    }
}

/// Four characters of the alphabet.
fn decode_quad(quad: [u8; 4]) -> Option<[u8; 3]> {
    let [a, b, c, d] = quad.map(value);
    if (a | b | c | d) & STRANGE != 0 {
        return None;
    }
    let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
    let [_, bytes @ ..] = bits.to_be_bytes();
    Some(bytes)
}

fn value(byte: u8) -> u8 {
    VALUES.get(usize::from(byte)).copied().unwrap_or(STRANGE)
}

/// Whether a byte is of either alphabet.
pub fn is_alphabet(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26
        || byte.wrapping_sub(b'0') < 10
        || (byte == b'+') | (byte == b'/') | (byte == b'-') | (byte == b'_')
}
