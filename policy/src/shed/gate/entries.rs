//! The requests that a gate knows.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Timer;
use super::{Ask, GateTerms};
use crate::shed::work::{TierKey, Work};
use crate::time::UnixMillis;

/// A request in flight. Hashes are not made shorter by a variable length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(with = "postcard::fixint::le")]
    pub id: u64,
    #[serde(with = "postcard::fixint::le")]
    pub tenant: u64,
    pub tier: TierKey,
    pub work: Work,
    pub lease: Timer,
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub entry: Entry,
    pub patience: Timer,
    /// Whether another of its tenant was in flight or waited when it came.
    pub is_further: bool,
    /// How often another was admitted that the fair order has after it.
    pub overtaken: u8,
}

/// Who loses its place in a full queue to the last there: the newest of the tenant that has most
/// requests of this tier in it, if those are at least two more than the newcomer's tenant had.
pub(super) fn displaced(queue: &[Waiting], newcomer: &Ask) -> Option<usize> {
    let of_tier = || queue.iter().map(|it| &it.entry).filter(|it| it.tier == newcomer.tier);
    let mut waiting = BTreeMap::<u64, usize>::new();
    for entry in of_tier() {
        let number = waiting.entry(entry.tenant).or_default();
        *number = number.saturating_add(1);
    }
    let own = waiting.get(&newcomer.tenant).copied().unwrap_or_default();
    let (most, _) = waiting.iter().filter(|it| *it.1 > own).max_by_key(|it| it.1)?;
    queue.iter().rposition(|it| it.entry.tier == newcomer.tier && it.entry.tenant == *most)
}

// === impl Entry ===

impl Entry {
    pub fn new(ask: &Ask, terms: &GateTerms) -> Self {
        let Ask { id, tenant, tier, work, .. } = *ask;
        Self { id, tenant, tier, work, lease: Timer::of(terms.lease) }
    }
}

// === impl Waiting ===

impl Waiting {
    pub fn new(ask: &Ask, is_further: bool, terms: &GateTerms, now: UnixMillis) -> Self {
        let queue = terms.queue(ask.tier).filter(|_| ask.may_wait);
        let wait = queue.map_or(Duration::ZERO, |it| it.wait);
        let useful = ask.until.map_or(Duration::MAX, |it| it.since(now));
        let patience = Timer::of(wait.min(useful));
        Self { entry: Entry::new(ask, terms), patience, is_further, overtaken: 0 }
    }
}
