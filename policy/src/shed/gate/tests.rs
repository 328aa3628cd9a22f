mod admission;
mod cost;
mod expiry;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod pushes;
mod queue;
mod tiers;

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

const NOW: UnixMillis = UnixMillis(1_795_000_000_000);

const LEASE: Duration = Duration::from_secs(30);

const WAIT: Duration = Duration::from_secs(5);

const FREE: TierKey = TierKey(1);
const BASIC: TierKey = TierKey(2);
const PREMIUM: TierKey = TierKey(3);

fn tier(tier: TierKey, share: u32, reserve_percent: u8) -> TierTerms {
    let queue = Some(QueueTerms { max: 64, wait: WAIT });
    TierTerms { tier, share, reserve_percent, queue }
}

fn terms(capacity: u64, tiers: &[TierTerms]) -> GateTerms {
    GateTerms { capacity: Work(capacity), tiers: tiers.to_vec(), lease: LEASE, max_overtakes: 8 }
}

/// A capacity of one tier.
fn basic(capacity: u64) -> GateTerms {
    terms(capacity, &[tier(BASIC, 1, 0)])
}

/// Two tiers of equal shares, one with a reserve.
fn reserved(capacity: u64, percent: u8) -> GateTerms {
    terms(capacity, &[tier(BASIC, 1, 0), tier(PREMIUM, 1, percent)])
}

/// Each request its own tenant's.
fn ask(id: u64, tier: TierKey, work: u64) -> Ask {
    of(id, id, tier, work)
}

fn of(tenant: u64, id: u64, tier: TierKey, work: u64) -> Ask {
    Ask { id, tenant, tier, work: Work(work), until: None, may_wait: true }
}

fn at_once(ask: Ask) -> Ask {
    Ask { may_wait: false, ..ask }
}

fn later(millis: u64) -> UnixMillis {
    UnixMillis(NOW.0 + millis)
}

/// A gate at which these came, in this order.
fn gate(asks: &[Ask], terms: &GateTerms) -> Gate {
    let mut gate = Gate::default();
    for ask in asks {
        gate.arrive(ask, terms, NOW);
    }
    gate
}

impl Gate {
    fn ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.in_flight.iter().map(|it| it.id).collect();
        ids.sort_unstable();
        ids
    }

    fn waiting_ids(&self) -> Vec<u64> {
        self.queue.iter().map(|it| it.entry.id).collect()
    }

    /// One leaves, and these are admitted for it.
    fn after(&mut self, leaving: u64, terms: &GateTerms) -> Vec<u64> {
        let before = self.ids();
        self.leave(leaving).expect("it is there");
        self.advance(terms, NOW);
        self.ids().into_iter().filter(|it| !before.contains(it)).collect()
    }
}
