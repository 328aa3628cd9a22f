//! What a request costs to reserve and to settle, hostcalls apart:
//! `cargo bench -p voxgate-policy --bench quota`.
//!
//! Prints nanoseconds of a reservation with its settlement, the best of many runs, on cells in
//! memory: by the number of rules, by what else is reserved, and by how many accounts stand in the
//! slot.

use std::hint::black_box;
use std::task::Poll;
use std::time::{Duration, Instant};

use voxgate_policy::calendar::{CalendarUnit, Zone};
use voxgate_policy::quota::store::{LocalStore, MAX_ACCOUNTS_A_SLOT, MemoryCells, Store, slot_of};
use voxgate_policy::quota::{
    AccountDemand, AccountId, Charge, CounterKey, Demand, Limit, Units, Verdict, Window,
};
use voxgate_policy::time::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_795_000_000_000);

const LIMIT: Limit = Limit { units: 1 << 40, burst: 1 << 40 };

/// How long one number is measured.
const PATIENCE: Duration = Duration::from_millis(300);

fn main() {
    println!("{:<40} {:>8}", "one account", "ns");
    for rules in [1, 3, 6] {
        for (name, window) in windows() {
            let store = LocalStore::new(MemoryCells::default());
            let demand = demand("acme", rules, &window);
            println!("{:<40} {:>8}", format!("{rules} {name}"), measure(&store, &demand));
        }
    }
    for running in [10, 1000] {
        for (name, window) in windows() {
            let store = LocalStore::new(MemoryCells::default());
            let demand = demand("acme", 3, &window);
            for request in (0..running).rev() {
                let now = UnixMillis(NOW.0 - request * 50_000 / running);
                let _ = store.reserve(0, &demand, now, expires(now));
            }
            let name = format!("3 {name}, {running} under way");
            println!("{name:<40} {:>8}", measure(&store, &demand));
        }
    }
    for accounts in [7, MAX_ACCOUNTS_A_SLOT] {
        let store = LocalStore::new(MemoryCells::default());
        let window = Window::Rolling(Duration::from_secs(60));
        let slot = slot_of(&AccountId::Tenant("acme".to_owned()));
        let others = (0..).map(|it| format!("tenant-{it}"));
        let others = others.filter(|it| slot_of(&AccountId::Tenant(it.clone())) == slot);
        for other in others.take(accounts - 1) {
            let _ = store.reserve(0, &demand(&other, 3, &window), NOW, expires(NOW));
        }
        let name = format!("3 rolling, {accounts} accounts in the slot");
        println!("{name:<40} {:>8}", measure(&store, &demand("acme", 3, &window)));
    }
}

fn windows() -> [(&'static str, Window); 3] {
    [
        ("held", Window::Held),
        ("rolling", Window::Rolling(Duration::from_secs(60))),
        ("calendar", Window::Calendar(CalendarUnit::Day, Zone::UTC)),
    ]
}

fn expires(now: UnixMillis) -> UnixMillis {
    UnixMillis((now.0 + 60_000).next_multiple_of(7500))
}

fn demand(tenant: &str, rules: u64, window: &Window) -> Demand {
    let charge = |rule| Charge {
        key: CounterKey(rule * 0x9e37_79b9_7f4a_7c15),
        window: window.clone(),
        limit: Some(LIMIT),
        units: Units::Exact(7),
        is_shadow: false,
    };
    let account = AccountDemand {
        id: AccountId::Tenant(tenant.to_owned()),
        charges: (0..rules).map(charge).collect(),
        shares: Vec::new(),
    };
    Demand { accounts: vec![account], ..Demand::default() }
}

/// Nanoseconds of a reservation and its settlement.
fn measure(store: &LocalStore<MemoryCells>, demand: &Demand) -> u128 {
    let kept = vec![7; demand.accounts[0].charges.len()];
    let (begun, mut best) = (Instant::now(), u128::MAX);
    while begun.elapsed() < PATIENCE {
        const TIMES: u32 = 200;
        let start = Instant::now();
        for _ in 0..TIMES {
            let Poll::Ready(Ok(Verdict::Granted(mut reservation))) =
                store.reserve(0, black_box(demand), NOW, expires(NOW))
            else {
                panic!("denied");
            };
            let _ = black_box(store.settle(0, &mut reservation, &kept, true, NOW));
        }
        best = best.min(start.elapsed().as_nanos() / u128::from(TIMES));
    }
    best
}
