//! The little that is kept of a key or a number.

use std::fmt;

use super::super::field_tree::MAX_KEY_BYTES;

/// The beginning of a key or a number, and its length.
#[derive(Clone)]
pub(super) struct Prefix {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

// === impl Prefix ===

impl Prefix {
    /// What a pointer's key can have.
    pub(super) const CAPACITY: usize = MAX_KEY_BYTES;

    pub(super) fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn push(&mut self, more: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        room.iter_mut().zip(more).for_each(|(to, from)| *to = *from);
        self.len = self.len.saturating_add(more.len());
    }

    /// How many bytes came, kept or not.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// All bytes that came, unless they are more than [`CAPACITY`](Self::CAPACITY).
    pub(super) fn whole(&self) -> Option<&[u8]> {
        self.bytes.get(..self.len)
    }
}

/// Without the bytes: nothing of a body is ever shown.
impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefix").field("len", &self.len).finish_non_exhaustive()
    }
}
