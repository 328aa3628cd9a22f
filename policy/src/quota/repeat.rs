//! Repeats of a request, by `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! A repeat has the same key, method, path and body from the same caller: so a key cannot be used
//! again for another text, however long. Each repeat reserves what it costs; the first that
//! succeeds is charged and remembered, the others get theirs back, and while it is remembered
//! further ones reserve nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::request::RequestHead;

/// The longest `Idempotency-Key` that counts, in bytes.
pub const MAX_KEY_BYTES: usize = 256;

/// What tells a repeat from another request.
#[derive(Clone, Debug, Default)]
pub struct RepeatKey(Sha256);

/// A request that was charged, until its repeats are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Charged {
    pub(super) digest: [u8; 16],
    pub(super) until: u64,
}

// === impl Charged ===

impl Charged {
    /// Those of a slot; none if it was not written by this code.
    pub(super) fn decode(cell: &[u8]) -> Vec<Self> {
        postcard::from_bytes(cell).unwrap_or_default()
    }

    /// Numbers cannot fail to serialise.
    pub(super) fn encode(all: &[Self]) -> Vec<u8> {
        postcard::to_allocvec(all).unwrap_or_default()
    }
}

// === impl RepeatKey ===

impl RepeatKey {
    /// The key of a request with one `Idempotency-Key`, from this caller; `None` without.
    pub fn new(head: &RequestHead, tenant: Option<&str>, user: Option<&str>) -> Option<Self> {
        let key = head.only("idempotency-key").ok().flatten()?;
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return None;
        }
        let mut hash = Sha256::new();
        let caller = [tenant.unwrap_or_default(), user.unwrap_or_default()];
        let caller = caller.iter().map(|it| it.as_bytes());
        for part in caller.chain([key, head.method(), head.path()]) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Some(Self(hash))
    }

    /// More of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// After all of the body.
    pub fn finish(&self) -> [u8; 16] {
        first_half(self.0.clone().finalize().into())
    }
}

/// The first half of a digest: 128 bits are more than enough to tell callers and requests apart.
pub(super) fn first_half(digest: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    half
}
