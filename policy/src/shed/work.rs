//! How much a request asks of a service.

use serde::{Deserialize, Serialize};

/// An amount of work: milliseconds of audio, characters or requests, by the policy's unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Work(pub u64);

/// Names a tier past the policy that knows it: while requests are in flight another one may come,
/// with other tiers in another order. FNV-1a of the tier's name.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct TierKey(pub u32);

// === impl Work ===

impl Work {
    /// This work and more.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// This work and less, not below none.
    #[must_use]
    pub fn minus(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }
}

// === impl TierKey ===

impl TierKey {
    /// Callers without a tier.
    pub const NONE: Self = Self(0);

    /// The key of the tier called `name`.
    pub fn of(name: &str) -> Self {
        let hash = name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self(hash)
    }
}
