//! All counters of one account: whatever applies to a request is taken together or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counter::{Counter, Passed, Taken};
use super::window::{Limit, Moment, Window};
use crate::time::UnixMillis;

/// The most counters of one account. Past it, the one that was not looked at for longest is dropped:
/// a policy has at most 64 rules, so it belongs to a rule that is no more.
const MAX_COUNTERS: usize = 64;

/// How long the counter of a rule that is no more is kept: the rule may come back.
const FORGOTTEN: Duration = Duration::from_secs(32 * 24 * 3600);

/// Whose counters they are. Tenants' names are kept, for the usage endpoint to tell; users' are not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AccountId {
    /// One user of a tenant: a digest of both.
    User([u8; 16]),
    /// A tenant.
    Tenant(String),
    /// Callers without a tenant.
    Anonymous,
    /// Everybody.
    Service,
}

/// Names a counter past changes of the policy: the same name, meter and window give the same key, so
/// a changed limit applies to what was used already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CounterKey(pub u64);

/// The counters of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account(BTreeMap<CounterKey, Counter>);

/// What one rule wants of an account for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The counter.
    pub key: CounterKey,
    /// Its window.
    pub window: Window,
    /// Its limit; `None`: counted, never denied.
    pub limit: Option<Limit>,
    /// How many units, as far as is known.
    pub units: Units,
    /// Whether its denial is only counted.
    pub is_shadow: bool,
}

/// How many units a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// Known before it goes on.
    Exact(u64),
    /// Known only afterwards. As much is reserved as the estimate says, at most `most`, and no
    /// more than is left.
    Estimate {
        /// The estimate.
        units: u64,
        /// The most that is reserved.
        most: u64,
    },
}

/// How a counter stands compared with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Units in use, this request's included if it was admitted.
    pub used: u64,
    /// … of these, reserved and not settled.
    pub reserved: u64,
    /// Units that this request takes, or would have.
    pub asked: u64,
    /// For one that was denied: until it is worth retrying, `None` if time does not help. For one
    /// that was admitted: until the whole limit is free again if nothing more is used; `None` for
    /// what is held.
    pub millis: Option<u64>,
    /// Whether this is why the request is denied.
    pub is_violated: bool,
}

/// What came of a reservation on one account: one entry a charge, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was taken; `None` if nothing was, because a charge that is enforced did not fit.
    pub taken: Option<Vec<Taken>>,
    /// How the counters stand.
    pub standings: Vec<Standing>,
    /// What the passing of time came to.
    pub passed: Passed,
}

// === impl Units ===

impl Units {
    /// What is reserved with `left` units left.
    fn reserved(self, left: u64) -> u64 {
        match self {
            Self::Exact(units) => units,
            Self::Estimate { units, most } => units.min(most).min(left).max(1),
        }
    }
}

// === impl Account ===

impl Account {
    /// Takes what all `charges` want, or nothing; pending until `expires`.
    pub fn reserve(&mut self, charges: &[Charge], now: UnixMillis, expires: UnixMillis) -> Answer {
        let mut passed = Passed::default();
        let moments: Vec<Moment<'_>> = charges.iter().map(|it| it.window.at(now)).collect();
        let standings: Vec<Standing> = charges
            .iter()
            .zip(&moments)
            .map(|(charge, at)| {
                let counter = self.counter(charge.key);
                passed.add(counter.advance(at, charge.limit));
                charge.compare(counter, at)
            })
            .collect();
        let is_denied =
            charges.iter().zip(&standings).any(|(it, at)| at.is_violated && !it.is_shadow);
        if is_denied {
            self.tidy();
            return Answer { taken: None, standings, passed };
        }
        let admitted = charges.iter().zip(&moments).zip(standings).map(|((charge, at), before)| {
            let counter = self.counter(charge.key);
            let taken = counter.take(at, before.asked, expires);
            (
                taken,
                Standing {
                    is_violated: before.is_violated,
                    ..charge.stand(counter, at, before.asked)
                },
            )
        });
        let (taken, standings) = admitted.unzip();
        self.tidy();
        Answer { taken: Some(taken), standings, passed }
    }

    /// Ends a reservation: of each charge's units, so many count for good.
    pub fn settle(
        &mut self,
        charges: &[Charge],
        taken: &[Taken],
        kept: &[u64],
        now: UnixMillis,
    ) -> Passed {
        let mut passed = Passed::default();
        for ((charge, taken), kept) in charges.iter().zip(taken).zip(kept) {
            let counter = self.counter(charge.key);
            let at = charge.window.at(now);
            passed.add(charge.follow(counter, &at));
            counter.settle(&at, taken, *kept);
        }
        self.tidy();
        passed
    }

    /// Renews a reservation: what was taken is pending until `expires`. Also what the passing of time
    /// came to before.
    pub fn renew(
        &mut self,
        charges: &[Charge],
        taken: &[Taken],
        now: UnixMillis,
        expires: UnixMillis,
    ) -> (Vec<Taken>, Passed) {
        let mut passed = Passed::default();
        let renewed = charges
            .iter()
            .zip(taken)
            .map(|(charge, taken)| {
                let counter = self.counter(charge.key);
                let at = charge.window.at(now);
                passed.add(charge.follow(counter, &at));
                counter.renew(&at, taken, expires)
            })
            .collect();
        self.tidy();
        (renewed, passed)
    }

    /// Gives back held units: a voice was deleted.
    pub fn give_back(&mut self, key: CounterKey, units: u64) {
        self.counter(key).give_back(units);
        self.tidy();
    }

    /// How a counter stands, nothing being asked of it.
    pub fn standing(&mut self, charge: &Charge, now: UnixMillis) -> Standing {
        let counter = self.counter(charge.key);
        let at = charge.window.at(now);
        counter.advance(&at, charge.limit);
        charge.stand(counter, &at, 0)
    }

    /// Lets time pass for counters with these windows, and forgets those that nobody uses.
    pub fn sweep(&mut self, windows: &[(CounterKey, Window)], now: UnixMillis) -> Passed {
        let mut passed = Passed::default();
        for (key, window) in windows {
            if let Some(counter) = self.0.get_mut(key) {
                let limit = counter.limit();
                passed.add(counter.advance(&window.at(now), limit));
            }
        }
        let is_known = |key: &CounterKey| windows.iter().any(|(it, _)| it == key);
        self.0.retain(|key, it| is_known(key) || now.since(it.seen()) < FORGOTTEN);
        self.tidy();
        passed
    }

    /// Units that requests under way hold.
    pub fn held(&self) -> u64 {
        self.0.values().fold(0, |sum, it| sum.saturating_add(it.held()))
    }

    /// The limit that a counter was last compared with.
    pub fn last_limit(&self, key: CounterKey) -> Option<Limit> {
        self.0.get(&key)?.limit()
    }

    /// Whether it says nothing that a new one would not.
    pub fn is_idle(&self) -> bool {
        self.0.values().all(Counter::is_idle)
    }

    fn counter(&mut self, key: CounterKey) -> &mut Counter {
        self.0.entry(key).or_default()
    }

    fn tidy(&mut self) {
        self.0.retain(|_, it| !it.is_idle());
        while self.0.len() > MAX_COUNTERS {
            let oldest = self.0.iter().min_by_key(|(_, it)| it.seen()).map(|(key, _)| *key);
            oldest.map(|key| self.0.remove(&key));
        }
    }
}

// === impl Charge ===

impl Charge {
    /// Lets time pass under the limit of those that came later, of which a change of the policy may
    /// have made another.
    fn follow(&self, counter: &mut Counter, at: &Moment<'_>) -> Passed {
        let limit = counter.limit().or(self.limit);
        counter.advance(at, limit)
    }

    /// Whether it fits.
    fn compare(&self, counter: &Counter, at: &Moment<'_>) -> Standing {
        let used = counter.used(at);
        let limit = self.limit.unwrap_or(Limit::NONE);
        let asked = self.units.reserved(limit.burst.saturating_sub(used));
        let is_violated = self.limit.is_some() && asked > limit.burst.saturating_sub(used);
        let millis = counter.millis_until(at, limit, asked);
        Standing { used, reserved: counter.reserved(at), asked, millis, is_violated }
    }

    /// How it stands, with `asked` taken.
    fn stand(&self, counter: &Counter, at: &Moment<'_>, asked: u64) -> Standing {
        let nothing_used = Limit { burst: 0, units: self.limit.map_or(u64::MAX, |it| it.units) };
        let millis = match self.window {
            Window::Held => None,
            _ => counter.millis_until(at, nothing_used, 0),
        };
        let used = counter.used(at);
        let reserved = counter.reserved(at);
        Standing { used, reserved, asked, millis, is_violated: false }
    }
}
