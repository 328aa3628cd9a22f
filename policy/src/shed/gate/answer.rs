//! What a gate answers.

use crate::shed::work::{TierKey, Work};

/// What became of a request that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is in flight.
    Admitted,
    /// It waits; [`standing`](super::Gate::standing) says how it goes on.
    Queued,
    /// The gate does not know it.
    Refused(Full),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// There is no room, and this tier or request does not wait.
    Capacity,
    /// Its tier's queue is full, and its tenant has as many there as any.
    Queue,
    /// It has more work than can ever be admitted under these terms.
    TooLarge {
        /// What can.
        most: Work,
    },
    /// [`MAX_IN_FLIGHT`](super::MAX_IN_FLIGHT) is reached.
    Bound,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in flight.
    Admitted,
    /// It waits.
    Waiting {
        /// The work in flight, and what goes before it if nobody else comes or leaves.
        ahead: Work,
    },
    /// It expired, lost its place in a full queue to another tenant, left, or never came.
    Gone,
}

/// What a request was that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its tier.
    pub tier: TierKey,
    /// Its work.
    pub work: Work,
    /// Whether it was in flight; else it waited.
    pub was_admitted: bool,
}

/// What the passing of time came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Requests that waited and are in flight now.
    pub admitted: usize,
    /// Requests whose lease ran out, in flight or waiting: their worker is gone.
    pub lapsed: usize,
    /// Requests that waited as long as they may.
    pub timed_out: usize,
    /// Whether the gate must be kept. If not, a caller need not write it: nothing is lost.
    pub changed: bool,
}

/// What a gate holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// In flight.
    pub in_flight: Tally,
    /// Waiting.
    pub queued: Tally,
    /// The same of each tier that has any, by key.
    pub tiers: Vec<TierSummary>,
}

/// What a tier has of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TierSummary {
    /// Which tier.
    pub tier: TierKey,
    /// In flight.
    pub in_flight: Tally,
    /// Waiting.
    pub queued: Tally,
}

/// A number of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub requests: usize,
    /// Their work.
    pub work: Work,
}

// === impl Tally ===

impl Tally {
    pub(super) fn add(&mut self, work: Work) {
        self.requests = self.requests.saturating_add(1);
        self.work = self.work.plus(work);
    }
}
