//! The store of one proxy: slots, conflicts, what nobody wrote, and what is forgotten.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use super::*;
use crate::quota::store::{Conflict, MAX_ACCOUNTS_A_SLOT, MAX_USERS_A_SLOT, Version, slot_of};

/// Cells of which some cannot be written.
#[derive(Clone, Default)]
struct Contended {
    cells: MemoryCells,
    keys: Rc<RefCell<HashSet<String>>>,
}

impl Cells for Contended {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        self.cells.read(key)
    }

    fn write(&self, key: &str, value: &[u8], version: Version) -> Result<(), Conflict> {
        match self.keys.borrow().contains(key) {
            true => Err(Conflict),
            false => self.cells.write(key, value, version),
        }
    }
}

impl Contended {
    fn block(&self, id: &AccountId) {
        self.keys.borrow_mut().insert(format!("voxgate.quota.1.{}", slot_of(id)));
    }

    fn unblock(&self) {
        self.keys.borrow_mut().clear();
    }
}

fn of_two(first: &AccountId, second: &AccountId, units: u64) -> Demand {
    demand_of(vec![
        (first.clone(), vec![exact(0, &DAY, limit(10), units)]),
        (second.clone(), vec![exact(0, &DAY, limit(10), units)]),
    ])
}

fn used(store: &LocalStore<impl Cells>, id: &AccountId) -> u64 {
    standing(store, id, &exact(0, &DAY, limit(10), 0), NOW).used
}

#[wasm_bindgen_test(unsupported = test)]
fn workers_see_each_other() {
    let cells = MemoryCells::default();
    let workers = [LocalStore::new(cells.clone()), LocalStore::new(cells)];
    let one = exact(0, &Window::Held, limit(1), 1);
    let mut first = granted(ask(&workers[0], &one, NOW));
    assert!(!is_granted(&ask(&workers[1], &one, NOW)));
    settle(&workers[1], &mut first, &[0], NOW);
    assert!(is_granted(&ask(&workers[0], &one, NOW)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_cell_that_others_keep_changing_is_given_up_and_nothing_is_taken() {
    let cells = Contended::default();
    let store = LocalStore::new(cells.clone());
    let (user, acme) = (AccountId::User([1; 16]), tenant("acme"));
    cells.block(&acme);
    let answer = ready(store.reserve(0, &of_two(&user, &acme, 1), NOW, NOW.plus(LEASE)));
    assert_eq!(answer, Err(StoreError::Contended(64)));
    assert_eq!([used(&store, &user), used(&store, &acme)], [0, 0]);
    assert_eq!(store.take_retries(), 64);
}

/// What was settled already was settled again, and so given back twice.
#[wasm_bindgen_test(unsupported = test)]
fn a_settlement_that_is_tried_again_settles_only_the_rest() {
    let cells = Contended::default();
    let store = LocalStore::new(cells.clone());
    let (user, acme) = (AccountId::User([1; 16]), tenant("acme"));
    let reserve = || {
        let answer = store.reserve(0, &of_two(&user, &acme, 4), NOW, NOW.plus(LEASE));
        granted(ready(answer).unwrap())
    };
    // Two of the same moment, which a counter does not tell apart.
    let (mut first, _second) = (reserve(), reserve());
    cells.block(&acme);
    for _ in 0..3 {
        let answer = ready(store.settle(0, &mut first, &[1, 1], true, NOW));
        assert_eq!(answer, Err(StoreError::Contended(64)));
        assert_eq!([used(&store, &user), used(&store, &acme)], [5, 8]);
    }
    cells.unblock();
    for _ in 0..3 {
        settle(&store, &mut first, &[1, 1], NOW);
        assert_eq!([used(&store, &user), used(&store, &acme)], [5, 5]);
    }
    // Nor is it renewed.
    ready(store.renew(0, &mut first, NOW, NOW.plus(2 * LEASE))).unwrap();
    assert_eq!([used(&store, &user), used(&store, &acme)], [5, 5]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_that_is_deleted_is_given_back_once_and_only_by_success() {
    let store = store();
    let slots = exact(0, &Window::Held, limit(2), 1);
    let gives_back = || Reservation {
        gives_back: vec![(tenant("acme"), CounterKey(0))],
        ..Reservation::default()
    };
    let held = || standing(&store, &tenant("acme"), &slots, NOW).used;
    for _ in 0..2 {
        settle(&store, &mut granted(ask(&store, &slots, NOW)), &[1], NOW);
    }
    assert_eq!(held(), 2);
    let mut failed = gives_back();
    ready(store.settle(0, &mut failed, &[], false, NOW)).unwrap();
    settle(&store, &mut failed, &[], NOW);
    assert_eq!(held(), 2);
    let mut deleted = gives_back();
    settle(&store, &mut deleted, &[], NOW);
    settle(&store, &mut deleted, &[], NOW);
    assert_eq!(held(), 1);
    for _ in 0..3 {
        settle(&store, &mut gives_back(), &[], NOW);
    }
    assert_eq!(held(), 0);
}

/// A voice from before anything was counted, deleted while another is made, gave that one's unit back.
#[wasm_bindgen_test(unsupported = test)]
fn a_voice_in_the_making_is_not_given_back_by_another_that_is_deleted() {
    let store = store();
    let slots = exact(0, &Window::Held, limit(2), 1);
    let mut made = granted(ask(&store, &slots, NOW));
    let gives_back = vec![(tenant("acme"), CounterKey(0))];
    let mut deleted = Reservation { gives_back, ..Reservation::default() };
    settle(&store, &mut deleted, &[], NOW);
    settle(&store, &mut made, &[1], NOW);
    assert_eq!(standing(&store, &tenant("acme"), &slots, NOW).used, 1);
}

/// Names of tenants that all stand in one slot.
fn of_one_slot(count: usize) -> Vec<AccountId> {
    let all = (0..).map(|it| tenant(&format!("t{it}")));
    all.filter(|it| slot_of(it) == 7).take(count).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_slot_takes_no_other_account_until_one_is_idle() {
    let store = store();
    let ids = of_one_slot(MAX_ACCOUNTS_A_SLOT + 1);
    let ask = |id: &AccountId, now: UnixMillis| {
        let demand = demand_of(vec![(id.clone(), vec![exact(0, &DAY, limit(1), 1)])]);
        ready(store.reserve(0, &demand, now, now.plus(LEASE)))
    };
    let (last, first) = ids.split_last().unwrap();
    let mut running: Vec<Reservation> =
        first.iter().map(|it| granted(ask(it, NOW).unwrap())).collect();
    assert_eq!(ask(last, NOW), Err(StoreError::Full));
    assert!(matches!(ask(&ids[0], NOW), Ok(Verdict::Denied(_))), "those that are in are served");
    settle(&store, &mut running[5], &[0], NOW);
    assert!(is_granted(&ask(last, NOW).unwrap()));
    assert_eq!(ask(&ids[5], NOW), Err(StoreError::Full));
}

/// One tenant's many users filled slots, and other tenants were answered 503.
#[wasm_bindgen_test(unsupported = test)]
fn users_leave_room_for_tenants() {
    let store = store();
    let ask = |id: &AccountId| {
        let demand = demand_of(vec![(id.clone(), vec![exact(0, &DAY, limit(1), 1)])]);
        ready(store.reserve(0, &demand, NOW, NOW.plus(LEASE)))
    };
    let user = |number: u32| {
        let mut digest = [0; 16];
        digest.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        AccountId::User(digest)
    };
    let mut users = (0..).map(user).filter(|it| slot_of(it) == 7);
    for it in users.by_ref().take(MAX_USERS_A_SLOT) {
        assert!(is_granted(&ask(&it).unwrap()));
    }
    assert_eq!(ask(&users.next().unwrap()), Err(StoreError::Full));
    for it in of_one_slot(MAX_ACCOUNTS_A_SLOT - MAX_USERS_A_SLOT) {
        assert!(is_granted(&ask(&it).unwrap()));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_nobody_here_wrote_is_overwritten() {
    for garbage in [&b""[..], b"\xff", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &[7; 500]] {
        let cells = MemoryCells::default();
        let key = format!("voxgate.quota.1.{}", slot_of(&tenant("acme")));
        cells.write(&key, garbage, Version(None)).unwrap();
        let store = LocalStore::new(cells);
        let one = exact(0, &DAY, limit(1), 1);
        assert!(is_granted(&ask(&store, &one, NOW)), "{garbage:?}");
        assert!(!is_granted(&ask(&store, &one, NOW)), "{garbage:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_cut_cell_is_no_counter() {
    let cells = MemoryCells::default();
    let store = LocalStore::new(cells.clone());
    assert!(is_granted(&ask(&store, &exact(0, &DAY, limit(9), 9), NOW)));
    let key = format!("voxgate.quota.1.{}", slot_of(&tenant("acme")));
    let (whole, mut version) = cells.read(&key);
    let whole = whole.unwrap();
    for end in 0..whole.len() {
        cells.write(&key, &whole[..end], version).unwrap();
        version = cells.read(&key).1;
        assert_eq!(used(&store, &tenant("acme")), 0);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sweep_expires_and_evicts() {
    let cells = MemoryCells::default();
    let store = LocalStore::new(cells.clone());
    let acme = tenant("acme");
    let _crashed = granted(ask(&store, &exact(0, &rolling(60), limit(9), 9), NOW));
    let windows = [(CounterKey(0), rolling(60))];
    store.sweep(slot_of(&acme), &windows, UnixMillis(NOW.0 + 59_999)).unwrap();
    assert_eq!(store.take_expired(), 0);
    store.sweep(slot_of(&acme), &windows, NOW.plus(LEASE)).unwrap();
    // All but one unit had drained.
    assert_eq!(store.take_expired(), 9);
    let all = UsageQuery::All { from: 0, at_least: 100 };
    assert_eq!(ready(store.usage(0, &all)).accounts, Vec::new());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_counter_of_a_rule_that_is_no_more_is_kept_for_a_month() {
    let store = store();
    let acme = tenant("acme");
    let charge = exact(0, &Window::Held, limit(9), 9);
    settle(&store, &mut granted(ask(&store, &charge, NOW)), &[9], NOW);
    let after = |days: u64| {
        let now = NOW.plus(Duration::from_secs(days * 86_400));
        store.sweep(slot_of(&acme), &[], now).unwrap();
        standing(&store, &acme, &charge, NOW).used
    };
    assert_eq!([after(31), after(32)], [9, 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_account_keeps_the_counters_that_were_looked_at_last() {
    let mut account = Account::default();
    for rule in 0..80_u8 {
        let now = NOW.plus(Duration::from_secs(rule.into()));
        let charge = exact(rule, &DAY, limit(9), 1);
        assert!(account.reserve(&[charge], now, now.plus(LEASE)).taken.is_some());
    }
    let is_kept = |rule: u8| account.last_limit(CounterKey(rule.into())).is_some();
    assert_eq!((0..80).filter(|it| is_kept(*it)).collect::<Vec<_>>(), (16..80).collect::<Vec<_>>());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeat_is_known_within_its_window() {
    let store = store();
    let (now, until) = (NOW, NOW.plus(Duration::from_secs(10)));
    let remember = |repeat, now| ready(store.remember_charged(0, repeat, now, until)).unwrap();
    let is_charged = |repeat, now| ready(store.is_charged(0, repeat, now));
    assert!(!is_charged(&[1; 16], now));
    assert!(remember(&[1; 16], now), "the first is charged");
    assert!(!remember(&[1; 16], now), "the second is the repeat");
    assert!(is_charged(&[1; 16], UnixMillis(until.0 - 1)));
    assert!(!is_charged(&[1; 16], until));
    assert!(!is_charged(&[2; 16], now));
    assert!(remember(&[1; 16], until), "and later it is charged again");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_slot_of_repeats_forgets_those_that_would_be_forgotten_first() {
    let store = store();
    let repeat = |it: u8| {
        let mut digest = [7; 16];
        digest[15] = it;
        digest
    };
    for it in 0..100_u8 {
        let until = NOW.plus(Duration::from_secs(1000 - u64::from(it)));
        assert!(ready(store.remember_charged(0, &repeat(it), NOW, until)).unwrap());
    }
    let known = (0..100).filter(|it| ready(store.is_charged(0, &repeat(*it), NOW)));
    // Those that are told last live shortest here; the newest is always taken.
    let expected: Vec<u8> = (0..63).chain([99]).collect();
    assert_eq!(known.collect::<Vec<_>>(), expected);
}
