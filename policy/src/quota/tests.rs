mod demands;
mod denials;
mod estimates;
mod fields;
mod limits;
mod policies;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod refunds;
mod sections;
mod stores;
mod usage;

use std::task::Poll;
use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;

use super::store::{Cells, LocalStore, MemoryCells, Store, StoreError};
use super::*;
use crate::calendar::{CalendarUnit, Zone};
use crate::time::UnixMillis;

/// The start of a day in UTC.
const NOW: UnixMillis = UnixMillis(20_775 * 86_400_000);

const LEASE: Duration = Duration::from_secs(60);

const DAY: Window = Window::Calendar(CalendarUnit::Day, Zone::UTC);

fn rolling(seconds: u64) -> Window {
    Window::Rolling(Duration::from_secs(seconds))
}

fn limit(units: u64) -> Limit {
    Limit { units, burst: units }
}

/// A charge of the rule with this number, which is its key, too.
fn charge(rule: u8, window: &Window, limit: Limit, units: Units) -> Charge {
    let key = CounterKey(rule.into());
    Charge { key, window: window.clone(), limit: Some(limit), units, is_shadow: false }
}

fn exact(rule: u8, window: &Window, limit: Limit, units: u64) -> Charge {
    charge(rule, window, limit, Units::Exact(units))
}

fn tenant(name: &str) -> AccountId {
    AccountId::Tenant(name.to_owned())
}

fn demand_of(accounts: Vec<(AccountId, Vec<Charge>)>) -> Demand {
    let accounts = accounts.into_iter().map(|(id, charges)| {
        let share = |charge: &Charge| Share {
            rule: RuleId(charge.key.0 as u8),
            meter: Meter::Requests,
            estimate: 0,
            is_estimate: false,
            weight: 1000,
        };
        AccountDemand { id, shares: charges.iter().map(share).collect(), charges }
    });
    Demand { accounts: accounts.collect(), ..Demand::default() }
}

/// What one charge of one tenant comes to.
fn ask(store: &LocalStore<impl Cells>, charge: &Charge, now: UnixMillis) -> Verdict {
    let demand = demand_of(vec![(tenant("acme"), vec![charge.clone()])]);
    ready(store.reserve(0, &demand, now, now.plus(LEASE))).expect("nobody disturbs")
}

fn granted(verdict: Verdict) -> Reservation {
    match verdict {
        Verdict::Granted(reservation) => reservation,
        Verdict::Denied(violations) => panic!("denied: {violations:?}"),
    }
}

fn denied(verdict: Verdict) -> Vec<Violation> {
    match verdict {
        Verdict::Granted(reservation) => panic!("granted: {reservation:?}"),
        Verdict::Denied(violations) => violations,
    }
}

fn is_granted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Granted(_))
}

/// Settles with so much kept of each charge.
fn settle(
    store: &LocalStore<impl Cells>,
    reservation: &mut Reservation,
    kept: &[u64],
    now: UnixMillis,
) {
    ready(store.settle(0, reservation, kept, true, now)).expect("nobody disturbs");
}

/// How an account stands under a charge's rule.
fn standing(
    store: &LocalStore<impl Cells>,
    id: &AccountId,
    charge: &Charge,
    now: UnixMillis,
) -> Standing {
    let usage = ready(store.usage(0, &UsageQuery::Tenant(id)));
    let (_, mut account) = usage.accounts.into_iter().next().expect("one was asked for");
    account.standing(charge, now)
}

fn ready<T>(answer: Poll<T>) -> T {
    match answer {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the store of one proxy answers at once"),
    }
}

fn store() -> LocalStore<MemoryCells> {
    LocalStore::new(MemoryCells::default())
}
