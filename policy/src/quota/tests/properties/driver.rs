//! Several workers, accounts and limits, in any order of events.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::disturbed::Disturbed;
use super::events::{Event, Want, event};
use super::model::Exact;
use crate::quota::store::slot_of;
use crate::quota::tests::*;

/// Workers read the same clock, some a little earlier.
pub(super) const LATE: [u64; 3] = [0, 300, 700];

const PERIOD: u64 = 16;

/// One account of each kind is used at a time.
const KINDS: [&[&str]; 3] = [&["ann", "bob"], &["acme", "zen"], &["*"]];

/// What is under way.
struct Running {
    id: usize,
    reservation: Reservation,
    /// Account, rule, the window of the calendar, units.
    charges: Vec<(usize, usize, u64, u64)>,
}

struct World {
    cells: Disturbed,
    workers: Vec<LocalStore<Disturbed>>,
    now: u64,
    limits: [[Limit; 3]; 3],
    /// The largest limit that each bucket ever had.
    largest: [u64; 3],
    model: BTreeMap<(usize, usize), Exact>,
    running: Vec<Running>,
    made: usize,
}

fn window(rule: usize) -> Window {
    [Window::Held, DAY, rolling(PERIOD)][rule].clone()
}

fn id(account: usize) -> AccountId {
    match account {
        0 => AccountId::User([1; 16]),
        1 => AccountId::User([2; 16]),
        2 => tenant(KINDS[1][0]),
        3 => tenant(KINDS[1][1]),
        _ => AccountId::Service,
    }
}

fn kind(account: usize) -> usize {
    account / 2
}

/// The account of a kind that `who` uses.
fn account(kind: usize, who: usize) -> usize {
    kind * 2 + who % KINDS[kind].len()
}

impl World {
    fn new() -> Self {
        let cells = Disturbed::default();
        let workers = LATE.iter().map(|_| LocalStore::new(cells.clone())).collect();
        let model = (0..5).flat_map(|a| (0..3).map(move |r| ((a, r), Exact::new(window(r)))));
        Self {
            cells,
            workers,
            now: NOW.0 + 20 * 3_600_000,
            limits: [[limit(20); 3]; 3],
            largest: [20; 3],
            model: model.collect(),
            running: Vec::new(),
            made: 0,
        }
    }

    fn clock(&self, worker: usize) -> UnixMillis {
        UnixMillis(self.now - LATE[worker])
    }

    fn charge(&self, account: usize, want: &Want) -> Charge {
        let units = match want.is_estimate {
            true => Units::Estimate { units: want.units, most: 6 },
            false => Units::Exact(want.units),
        };
        let limit = self.limits[kind(account)][want.rule];
        Charge {
            is_shadow: want.is_shadow,
            ..charge(want.rule as u8, &window(want.rule), limit, units)
        }
    }

    fn standing(&self, account: usize, rule: usize, now: UnixMillis) -> Standing {
        let limit = self.limits[kind(account)][rule];
        let look = exact(rule as u8, &window(rule), limit, 0);
        standing(&self.workers[0], &id(account), &look, now)
    }

    /// What is less than in the bucket of what stays: a slice's drain, and a part of a unit.
    fn slack(&self, account: usize, rule: usize) -> u64 {
        match rule {
            2 => self.largest[kind(account)].div_ceil(16) + 1,
            _ => 0,
        }
    }

    /// The least and the most that can be used.
    fn bounds(model: &Exact, now: UnixMillis) -> (u64, u64) {
        match model.is_rolling() {
            true => (model.least(), model.most()),
            false => (model.used(now), model.used(now)),
        }
    }

    fn check_counters(&self) {
        let now = self.clock(0);
        for ((account, rule), model) in &self.model {
            let at = self.standing(*account, *rule, now);
            let mut model = model.clone();
            model.advance(self.limits[kind(*account)][*rule], now);
            let (least, most) = Self::bounds(&model, now);
            let slack = self.slack(*account, *rule);
            assert!(
                (least.saturating_sub(slack)..=most).contains(&at.used),
                "account {account} rule {rule}: {at:?}, not {least}..={most} less {slack}"
            );
            if !model.is_rolling() {
                assert_eq!(at.reserved, model.reserved(now), "account {account} rule {rule}");
            }
            assert!(at.reserved <= at.used);
        }
    }

    fn reserve(&mut self, worker: usize, who: usize, wants: &[Want]) {
        let (now, expires) = (self.clock(worker), expiry(self.clock(worker)));
        let by_account: Vec<(usize, Vec<Want>)> = (0..3)
            .map(|kind| {
                let mut wants: Vec<Want> =
                    wants.iter().copied().filter(|it| it.kind == kind).collect();
                wants.sort_by_key(|it| it.rule);
                wants.dedup_by_key(|it| it.rule);
                (account(kind, who), wants)
            })
            .filter(|(_, wants)| !wants.is_empty())
            .collect();
        let charges = |(a, wants): &(usize, Vec<Want>)| {
            (id(*a), wants.iter().map(|it| self.charge(*a, it)).collect())
        };
        let demand = demand_of(by_account.iter().map(charges).collect());
        let looks = |world: &Self| -> Vec<u64> {
            world.model.keys().map(|(a, r)| world.standing(*a, *r, now).used).collect()
        };
        let before = looks(self);
        let accounts: Vec<Account> = by_account.iter().map(|(a, _)| self.account(*a)).collect();
        let answer = self.workers[worker].reserve(0, &demand, now, expires);
        let verdict = ready(answer).expect("few writes fail");

        let (mut must_fit, mut may_fit) = (true, true);
        let mut bounds = Vec::new();
        for (a, wants) in &by_account {
            for want in wants {
                let limit = self.limits[kind(*a)][want.rule];
                let mut model = self.model[&(*a, want.rule)].clone();
                model.advance(limit, now);
                let (least, most) = Self::bounds(&model, now);
                let least = least.saturating_sub(self.slack(*a, want.rule));
                let asked = if want.is_estimate { 1 } else { want.units };
                must_fit &= want.is_shadow || most + asked <= limit.burst;
                may_fit &= want.is_shadow || least + asked <= limit.burst;
                let asked = |used: u64| match want.is_estimate {
                    true => want.units.min(6).min(limit.burst.saturating_sub(used)).max(1),
                    false => want.units,
                };
                bounds.push((model, asked(most)..=asked(least)));
            }
        }
        match verdict {
            Verdict::Granted(reservation) => {
                assert!(may_fit, "granted past a limit");
                self.made += 1;
                let mut charges = Vec::new();
                let mut bounds = bounds.into_iter();
                for ((a, wants), item) in by_account.iter().zip(&reservation.accounts) {
                    for (want, taken) in wants.iter().zip(&item.taken) {
                        let (mut model, asked) = bounds.next().unwrap();
                        assert!(asked.contains(&taken.units), "{want:?} takes {taken:?}");
                        let window = model.take(self.made, taken.units, now, expires);
                        self.model.insert((*a, want.rule), model);
                        charges.push((*a, want.rule, window, taken.units));
                    }
                }
                self.running.push(Running { id: self.made, reservation, charges });
            }
            Verdict::Denied(violations) => {
                assert!(!must_fit, "denied within all limits: {violations:?}");
                assert!(!violations.is_empty());
                assert_eq!(looks(self), before, "a denial changed a counter");
                let mut bounds = bounds.into_iter();
                for ((a, wants), before) in by_account.iter().zip(accounts) {
                    // What expired in passing may have been written, or taken and given back.
                    let is_written = self.account(*a) != before;
                    for want in wants {
                        let (model, _) = bounds.next().unwrap();
                        if is_written {
                            self.model.insert((*a, want.rule), model);
                        }
                    }
                }
            }
        }
    }

    /// Lets the models of what was reserved see the time, under the limits that count.
    fn pass(&mut self, running: &Running, now: UnixMillis) {
        let taken = running.reservation.charges().zip(&running.charges);
        for ((_, charge, ..), (a, rule, ..)) in taken {
            let last = self.account(*a).last_limit(charge.key);
            let limit = last.or(charge.limit).unwrap();
            self.model.get_mut(&(*a, *rule)).unwrap().advance(limit, now);
        }
    }

    fn settle(&mut self, worker: usize, mut running: Running, part: u8) {
        let now = self.clock(worker);
        self.pass(&running, now);
        let kept = |units: u64| match part {
            0 => 0,
            1 => units / 2,
            2 => units,
            _ => units + 3,
        };
        let all: Vec<u64> = running.charges.iter().map(|(.., units)| kept(*units)).collect();
        settle(&self.workers[worker], &mut running.reservation, &all, now);
        for (a, rule, window, units) in &running.charges {
            let model = self.model.get_mut(&(*a, *rule)).unwrap();
            model.settle(running.id, *window, kept(*units));
        }
        let cells = self.cells.cells.clone();
        let before = format!("{cells:?}");
        settle(&self.workers[worker], &mut running.reservation, &all, now);
        assert_eq!(format!("{cells:?}"), before, "settled twice");
    }

    fn renew(&mut self, worker: usize, which: usize) {
        let (now, expires) = (self.clock(worker), expiry(self.clock(worker)));
        let mut running = self.running.swap_remove(which);
        self.pass(&running, now);
        let renewed = self.workers[worker].renew(0, &mut running.reservation, now, expires);
        ready(renewed).expect("few writes fail");
        for (a, rule, window, units) in &mut running.charges {
            let model = self.model.get_mut(&(*a, *rule)).unwrap();
            *window = model.renew(running.id, *units, now, expires);
        }
        self.running.push(running);
    }

    fn give_back(&mut self, worker: usize, who: usize) {
        let a = account(1, who);
        let gives_back = vec![(id(a), CounterKey(0))];
        let mut reservation = Reservation { gives_back, ..Reservation::default() };
        settle(&self.workers[worker], &mut reservation, &[], self.clock(worker));
        self.model.get_mut(&(a, 0)).unwrap().give_back();
    }

    fn sweep(&mut self, worker: usize) {
        let now = self.clock(worker);
        let windows: Vec<_> = (0..3).map(|it| (CounterKey(it as u64), window(it))).collect();
        for a in 0..5 {
            let before = self.account(a);
            self.workers[worker].sweep(slot_of(&id(a)), &windows, now).expect("few writes fail");
            if self.account(a) == before {
                continue;
            }
            for rule in 0..3 {
                if let Some(limit) = before.last_limit(CounterKey(rule as u64)) {
                    self.model.get_mut(&(a, rule)).unwrap().advance(limit, now);
                }
            }
        }
    }

    fn account(&self, a: usize) -> Account {
        let usage = ready(self.workers[0].usage(0, &UsageQuery::Tenant(&id(a))));
        usage.accounts.into_iter().next().unwrap().1
    }

    fn happen(&mut self, event: &Event) {
        let which = |it: &usize, world: &Self| it.checked_rem(world.running.len());
        match event {
            Event::Reserve { worker, who, wants } => self.reserve(*worker, *who, wants),
            Event::Settle { worker, which: it, part } => {
                if let Some(it) = which(it, self) {
                    let running = self.running.swap_remove(it);
                    self.settle(*worker, running, *part);
                }
            }
            Event::Renew { worker, which: it } => {
                if let Some(it) = which(it, self) {
                    self.renew(*worker, it);
                }
            }
            Event::Crash { which: it } => {
                if let Some(it) = which(it, self) {
                    self.running.swap_remove(it);
                }
            }
            Event::GiveBack { worker, who } => self.give_back(*worker, *who),
            // Three days: so long a calendar window is remembered.
            Event::Pass(millis) => {
                let (first, last) = (NOW.0 + 1000, NOW.0 + 3 * 86_400_000 - 600_000);
                self.now = self.now.saturating_add_signed(*millis).clamp(first, last);
            }
            Event::Limit { kind, rule, limit: units, burst } => {
                let burst = if *rule == 2 { *burst } else { *units };
                self.limits[*kind][*rule] = Limit { units: *units, burst };
                if *rule == 2 {
                    self.largest[*kind] = self.largest[*kind].max(*units);
                }
            }
            Event::Sweep { worker } => self.sweep(*worker),
            Event::Disturb(writes) => self.cells.failing.set(*writes),
        }
        for a in 0..5 {
            let account = self.account(a);
            for rule in 0..3 {
                if account.last_limit(CounterKey(rule as u64)).is_none() {
                    self.model.get_mut(&(a, rule)).unwrap().forget();
                }
            }
        }
        self.check_counters();
    }

    /// Whoever was under way crashes, and the time of their leases passes.
    fn end(mut self) {
        self.running.clear();
        self.cells.failing.set(0);
        // A clock that was set back is seen when somebody looks.
        self.sweep(0);
        // And a second, by which a clock can be behind unnoticed.
        self.now += u64::try_from(LEASE.as_millis()).unwrap() * 9 / 8 + 1000;
        self.sweep(0);
        self.check_counters();
        let now = self.clock(0);
        for ((a, rule), model) in &self.model {
            assert!(model.is_settled());
            assert_eq!(self.standing(*a, *rule, now).reserved, 0);
        }
    }
}

/// As the rules say, for a lease of a minute.
fn expiry(now: UnixMillis) -> UnixMillis {
    UnixMillis(now.plus(LEASE).0.next_multiple_of(7500))
}

proptest! {
    #[test]
    fn counters_are_those_of_the_model(events in prop::collection::vec(event(), 1..80)) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
        }
        world.end();
    }
}
