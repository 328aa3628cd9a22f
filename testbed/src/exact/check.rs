//! A stream compared with what was sent.

use bytes::Bytes;

/// How much of a difference is shown.
const SHOWN: usize = 12;

/// How far a stream is the same as what was sent.
#[derive(Debug, Clone)]
pub struct Check {
    sent: Bytes,
    at: usize,
}

/// The first byte that is not what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} of {length}: {found:02x?} came, {sent:02x?} was sent")]
pub struct Difference {
    /// Its position.
    pub at: usize,
    /// How many bytes were sent.
    pub length: usize,
    /// What came from there.
    pub found: Vec<u8>,
    /// What was sent from there; nothing, if more came than was sent.
    pub sent: Vec<u8>,
}

// === impl Check ===

impl Check {
    /// Nothing has come yet of what was sent.
    pub fn of(sent: Bytes) -> Self {
        Self { sent, at: 0 }
    }

    /// The next bytes came.
    ///
    /// # Errors
    /// When they are not the next ones that were sent.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), Difference> {
        let rest = &self.sent[self.at..];
        if rest.starts_with(chunk) {
            self.at += chunk.len();
            return Ok(());
        }
        let same = rest.iter().zip(chunk).take_while(|(sent, found)| sent == found).count();
        let shown = |bytes: &[u8]| bytes.iter().skip(same).take(SHOWN).copied().collect();
        Err(Difference {
            at: self.at + same,
            length: self.sent.len(),
            found: shown(chunk),
            sent: shown(rest),
        })
    }

    /// How many bytes came, all of them as they were sent.
    pub fn came(&self) -> usize {
        self.at
    }

    /// How many bytes were sent.
    pub fn sent(&self) -> usize {
        self.sent.len()
    }

    /// Whether all came.
    pub fn is_whole(&self) -> bool {
        self.at == self.sent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chunks: &[&str]) -> Result<bool, Difference> {
        let mut check = Check::of(Bytes::from_static(b"one two three"));
        chunks.iter().try_for_each(|chunk| check.take(chunk.as_bytes()))?;
        Ok(check.is_whole())
    }

    #[test]
    fn what_is_lost_doubled_or_out_of_order_is_found_where_it_is() {
        assert_eq!(check(&["one ", "", "two three"]), Ok(true));
        assert_eq!(check(&["one ", "two"]), Ok(false));
        for (chunks, at) in [
            (&["one ", "three"][..], 5),
            (&["one ", "one ", "two three"], 4),
            (&["two one three"], 0),
            (&["one two three", "!"], 13),
        ] {
            assert_eq!(check(chunks).unwrap_err().at, at, "{chunks:?}");
        }
    }
}
