//! What a gate is told by the policy and by the learned capacity, anew at each call.

use std::time::Duration;

use crate::shed::work::{TierKey, Work};

/// What a service can do, and how tiers share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateTerms {
    /// The most work in flight.
    pub capacity: Work,
    /// The tiers of the policy. One that is not here has share 1, no reserve and no queue.
    pub tiers: Vec<TierTerms>,
    /// For how long a request counts without being renewed. Renew at least every third of it.
    pub lease: Duration,
    /// How often a waiting request may be overtaken.
    pub max_overtakes: u8,
}

/// What of it is a tier's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierTerms {
    /// Which tier.
    pub tier: TierKey,
    /// Its weight among the tiers that want the same room; 0 is taken for 1.
    pub share: u32,
    /// Percent of the capacity that others are never lent.
    pub reserve_percent: u8,
    /// Whether its requests may wait.
    pub queue: Option<QueueTerms>,
}

/// How a tier's requests wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTerms {
    /// How many requests wait at most.
    pub max: usize,
    /// For how long.
    pub wait: Duration,
}

// === impl GateTerms ===

impl GateTerms {
    /// The most work that a request of a tier can have, or it is never admitted: the capacity
    /// without the reserves of other tiers.
    pub fn most(&self, tier: TierKey) -> Work {
        let others = self.tiers.iter().filter(|it| it.tier != tier);
        others.fold(self.capacity, |left, it| left.minus(it.reserve(self.capacity)))
    }

    pub(super) fn queue(&self, tier: TierKey) -> Option<&QueueTerms> {
        self.tiers.iter().find(|it| it.tier == tier)?.queue.as_ref()
    }
}

// === impl TierTerms ===

impl TierTerms {
    pub(super) fn reserve(&self, capacity: Work) -> Work {
        let percent = u128::from(self.reserve_percent.min(100));
        let reserve = u128::from(capacity.0).saturating_mul(percent) / 100;
        Work(u64::try_from(reserve).unwrap_or(u64::MAX))
    }
}
