//! Passes over bytes that mean nothing to a parser, a word at a time.
//!
//! `cargo bench -p voxgate-policy --bench scan` says what that is worth.

/// Text before the first byte that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// How many bytes.
    pub len: usize,
    /// Whether all of them are ASCII.
    pub is_ascii: bool,
}

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// What stands unescaped in a string of JSON (RFC 8259 §7): all but `"`, `\` and control characters.
/// Whether it is UTF-8 is not looked at.
pub(super) fn unescaped(bytes: &[u8]) -> Run {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut seen = 0;
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word & HIGH;
        let ends = control | equal(word, b'"') | equal(word, b'\\');
        if ends != 0 {
            let bits = ends.trailing_zeros() & !7;
            seen |= word & !u64::MAX.wrapping_shl(bits);
            return Run { len: place(i, bits), is_ascii: seen & HIGH == 0 };
        }
        seen |= word;
    }
    let ends = |it: &u8| *it < 0x20 || *it == b'"' || *it == b'\\';
    let len = tail.iter().position(ends).unwrap_or(tail.len());
    let is_ascii = seen & HIGH == 0 && tail.iter().take(len).all(u8::is_ascii);
    Run { len: place(words.len(), 0).saturating_add(len), is_ascii }
}

/// The high bit of each byte that is `byte`, and perhaps of some after the first: the lowest one is
/// right, because a borrow goes upwards only.
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ ONES.wrapping_mul(u64::from(byte));
    differs.wrapping_sub(ONES) & !differs & HIGH
}

fn place(words: usize, bits: u32) -> usize {
    words.saturating_mul(8).saturating_add(bits as usize / 8)
}

#[cfg(test)]
mod tests;
