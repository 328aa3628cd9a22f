//! What can happen to workers and their accounts.

use proptest::prelude::*;

use super::driver::LATE;

#[derive(Clone, Debug)]
pub(super) enum Event {
    Reserve {
        worker: usize,
        who: usize,
        wants: Vec<Want>,
    },
    Settle {
        worker: usize,
        which: usize,
        part: u8,
    },
    Renew {
        worker: usize,
        which: usize,
    },
    /// Nobody will settle it.
    Crash {
        which: usize,
    },
    GiveBack {
        worker: usize,
        who: usize,
    },
    Pass(i64),
    Limit {
        kind: usize,
        rule: usize,
        limit: u64,
        burst: u64,
    },
    Sweep {
        worker: usize,
    },
    /// So many writes fail.
    Disturb(u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub kind: usize,
    pub rule: usize,
    pub units: u64,
    pub is_estimate: bool,
    pub is_shadow: bool,
}

pub(super) fn want() -> impl Strategy<Value = Want> {
    (0..3_usize, 0..3_usize, 1..9_u64, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |(kind, rule, units, is_estimate, is_shadow)| Want {
            kind,
            rule,
            units,
            // What is held is known.
            is_estimate: is_estimate && rule > 0,
            is_shadow,
        },
    )
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let worker = 0..LATE.len();
    let which = 0..100_usize;
    prop_oneof![
        8 => (worker.clone(), 0..2_usize, prop::collection::vec(want(), 1..6))
            .prop_map(|(worker, who, wants)| Event::Reserve { worker, who, wants }),
        6 => (worker.clone(), which.clone(), 0..4_u8)
            .prop_map(|(worker, which, part)| Event::Settle { worker, which, part }),
        3 => (worker.clone(), which.clone())
            .prop_map(|(worker, which)| Event::Renew { worker, which }),
        1 => which.prop_map(|which| Event::Crash { which }),
        1 => (worker.clone(), 0..2_usize)
            .prop_map(|(worker, who)| Event::GiveBack { worker, who }),
        5 => (0..3_000_i64).prop_map(Event::Pass),
        2 => (3_000..70_000_i64).prop_map(Event::Pass),
        1 => (-900..0_i64).prop_map(Event::Pass),
        1 => (-30..30_i64, -60_000..60_000_i64)
            .prop_map(|(hours, more)| Event::Pass(hours * 3_600_000 + more)),
        1 => (0..3_usize, 0..3_usize, 0..40_u64, 1..60_u64)
            .prop_map(|(kind, rule, limit, burst)| Event::Limit { kind, rule, limit, burst }),
        1 => worker.prop_map(|worker| Event::Sweep { worker }),
        1 => (1..20_u32).prop_map(Event::Disturb),
    ]
}
