//! What all workers of a proxy know of one service and lane: who is in flight, who waits, and how
//! loaded it is.

use std::cell::Cell;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::gate::{Arrival, Ask, Full, Gate, Standing};
use super::lane::Lane;
use super::load::{Failure, Load};
use super::rules::ShedRules;
use super::work::{TierKey, Work};
use crate::quota::store::Cells;
use crate::spec::Level;
use crate::time::UnixMillis;

/// Keys of guards; the number is the version of their format.
const PREFIX: &str = "voxgate.shed.1";

/// How often a change is tried: each failure means that another worker succeeded.
const MAX_ATTEMPTS: u32 = 64;

/// What is known of one lane of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Who is in flight, and who waits.
    pub gate: Gate,
    /// How loaded it is.
    pub load: Load,
}

/// What became of a request that asked for capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// It goes on.
    Admitted,
    /// It waits.
    Waits,
    /// There is no room; there may be some after so long.
    Full(Full, Duration),
    /// There is room too late for its deadline: the first byte is to be expected only after so long.
    TooLate(Duration),
}

/// How a request ended, to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Served, in so long.
    Served(Duration),
    /// The service failed at it.
    Failed(Failure),
    /// The service, or the request, is at fault (500): the service if much is in flight, as where memory
    /// runs out.
    Suspected,
    /// It says nothing of the service: the client left, or the request was bad.
    Untold,
}

// === impl Guard ===

impl Guard {
    /// Lets time pass, and says how loaded the lane is now.
    pub fn level(&mut self, rules: &ShedRules, lane: Lane, now: UnixMillis) -> Level {
        let terms = rules.gate_terms(self.capacity(rules, lane));
        self.gate.advance(&terms, now);
        let summary = self.gate.summary();
        self.load.level(summary.in_flight.work, summary.queued.work, &rules.load_terms(lane), now)
    }

    /// Whether by now somebody who waits may go on, or has waited for long enough, or somebody's lease is
    /// over.
    pub fn is_due(&self, rules: &ShedRules, lane: Lane, now: UnixMillis) -> bool {
        let terms = rules.gate_terms(self.capacity(rules, lane));
        self.gate.clone().advance(&terms, now).changed
    }

    /// The capacity, as configured or learned.
    pub fn capacity(&self, rules: &ShedRules, lane: Lane) -> Work {
        self.load.capacity(&rules.load_terms(lane))
    }

    /// A request asks for capacity.
    pub fn enter(&mut self, ask: &Ask, rules: &ShedRules, lane: Lane, now: UnixMillis) -> Entrance {
        let in_flight = self.gate.summary().in_flight.work;
        let capacity = self.load.capacity_for(ask.work, in_flight, &rules.load_terms(lane));
        let answer = self.load.first_byte_estimate(ask.work, now);
        let is_late = |wait: Duration| {
            let expected = wait.saturating_add(answer.unwrap_or_default());
            ask.until.is_some_and(|until| now.plus(expected) > until).then_some(expected)
        };
        if let Some(expected) = is_late(Duration::ZERO) {
            return Entrance::TooLate(expected);
        }
        let mut terms = rules.gate_terms(capacity);
        if in_flight == Work(0) && rules.is_learned(lane) {
            // What was learned is no more than a guess: it keeps nobody out of a service that does nothing.
            terms.tiers.iter_mut().for_each(|it| it.reserve_percent = 0);
        }
        let until_room = |guard: &Self, ahead: Work| {
            // Reserves of other tiers are not its room, whoever uses them.
            let reserved = ask.work.minus(guard.gate.room(ask.tier, &terms));
            let all = ahead.plus(ask.work).minus(capacity);
            guard.load.drain(all.max(reserved).max(Work(1)))
        };
        let before = ask.until.map(|_| self.gate.clone());
        match self.gate.arrive(ask, &terms, now) {
            Arrival::Admitted => Entrance::Admitted,
            // How long the queue takes is known once something was finished.
            Arrival::Queued if before.is_none() || !self.load.is_speed_known() => Entrance::Waits,
            Arrival::Queued => {
                let ahead = match self.gate.standing(ask.id, &terms) {
                    Standing::Waiting { ahead } => ahead,
                    Standing::Admitted | Standing::Gone => return Entrance::Waits,
                };
                match is_late(until_room(self, ahead)) {
                    Some(expected) => {
                        // Nobody loses a place to one that does not take it.
                        if let Some(before) = before {
                            self.gate = before;
                        }
                        Entrance::TooLate(expected)
                    }
                    None => Entrance::Waits,
                }
            }
            Arrival::Refused(full) => {
                let summary = self.gate.summary();
                let all = summary.in_flight.work.plus(summary.queued.work);
                Entrance::Full(full, until_room(self, all))
            }
        }
    }

    /// A request goes on whatever there is room for.
    pub fn force(&mut self, ask: &Ask, rules: &ShedRules, lane: Lane, now: UnixMillis) {
        self.gate.force(ask, &rules.gate_terms(self.capacity(rules, lane)), now);
    }

    /// The most work of one request of a tier that would go on now.
    pub fn room(&self, tier: TierKey, rules: &ShedRules, lane: Lane) -> Work {
        self.gate.room(tier, &rules.gate_terms(self.capacity(rules, lane)))
    }

    /// The most work of one request of a tier that would go on if nobody else were there.
    pub fn most(&self, tier: TierKey, rules: &ShedRules, lane: Lane) -> Work {
        rules.gate_terms(self.capacity(rules, lane)).most(tier)
    }

    /// How long it takes until what is there now is done.
    pub fn drain(&self) -> Duration {
        let summary = self.gate.summary();
        self.load.drain(summary.in_flight.work.plus(summary.queued.work))
    }

    /// Signs of life of these requests; and time passes.
    pub fn keep(&mut self, ids: &[u64], rules: &ShedRules, lane: Lane, now: UnixMillis) {
        let terms = rules.gate_terms(self.capacity(rules, lane));
        self.gate.renew(ids, &terms, now);
        self.level(rules, lane, now);
    }

    /// The first byte of a good answer came, so long after the request went on.
    pub fn first_byte(
        &mut self,
        work: Work,
        took: Duration,
        rules: &ShedRules,
        lane: Lane,
        now: UnixMillis,
    ) {
        let in_flight = self.gate.summary().in_flight.work;
        self.load.first_byte(work, took, in_flight, &rules.load_terms(lane), now);
    }

    /// A request is over, in flight or waiting; others may go on.
    pub fn leave(
        &mut self,
        id: u64,
        work: Work,
        finish: Finish,
        rules: &ShedRules,
        lane: Lane,
        now: UnixMillis,
    ) {
        let terms = rules.load_terms(lane);
        match finish {
            Finish::Served(took) => self.load.finished(work, took, &terms, now),
            Finish::Failed(failure) => self.load.failed(failure, &terms, now),
            Finish::Suspected => {
                let in_flight = self.gate.summary().in_flight.work;
                if in_flight.plus(in_flight) >= self.capacity(rules, lane) {
                    self.load.failed(Failure::Overload, &terms, now);
                }
            }
            Finish::Untold => {}
        }
        self.gate.leave(id);
        self.level(rules, lane, now);
    }
}

/// Where guards are kept.
pub trait Guards {
    /// The guard of a lane as it stands.
    fn read(&self, lane: Lane) -> Guard;

    /// Changes the guard of a lane. `change` may run several times.
    ///
    /// # Errors
    /// [`Contended`]; nothing is changed.
    fn update<T>(&self, lane: Lane, change: impl FnMut(&mut Guard) -> T) -> Result<T, Contended>;
}

/// Guards to try on what would be decided: nothing that is changed stays.
#[derive(Debug)]
pub struct OnTrial<'a, G>(pub &'a G);

impl<G: Guards> Guards for OnTrial<'_, G> {
    fn read(&self, lane: Lane) -> Guard {
        self.0.read(lane)
    }

    fn update<T>(
        &self,
        lane: Lane,
        mut change: impl FnMut(&mut Guard) -> T,
    ) -> Result<T, Contended> {
        Ok(change(&mut self.read(lane)))
    }
}

/// Guards of a service of which nothing is known, and is kept.
#[derive(Debug)]
pub struct Unknown;

impl Guards for Unknown {
    fn read(&self, _: Lane) -> Guard {
        Guard::default()
    }

    fn update<T>(&self, _: Lane, mut change: impl FnMut(&mut Guard) -> T) -> Result<T, Contended> {
        Ok(change(&mut Guard::default()))
    }
}

/// Other workers kept changing a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("other workers changed the load of the service {MAX_ATTEMPTS} times in a row")]
pub struct Contended;

/// The guards of one service, in cells that all workers of a proxy share.
#[derive(Debug)]
pub struct SharedGuards<'a, C> {
    cells: &'a C,
    service: &'a str,
    retries: &'a Cell<u64>,
}

// === impl SharedGuards ===

impl<'a, C: Cells> SharedGuards<'a, C> {
    /// Those of a service, of which its proxy has one name; `retries` counts changes that another
    /// worker's came before.
    pub fn new(cells: &'a C, service: &'a str, retries: &'a Cell<u64>) -> Self {
        Self { cells, service, retries }
    }

    fn key(&self, lane: Lane) -> String {
        format!("{PREFIX}.{lane}.{}", self.service)
    }
}

impl<C: Cells> Guards for SharedGuards<'_, C> {
    fn read(&self, lane: Lane) -> Guard {
        decode(self.cells.read(&self.key(lane)).0.as_deref())
    }

    fn update<T>(
        &self,
        lane: Lane,
        mut change: impl FnMut(&mut Guard) -> T,
    ) -> Result<T, Contended> {
        let key = self.key(lane);
        for _ in 0..MAX_ATTEMPTS {
            let (bytes, version) = self.cells.read(&key);
            let before = decode(bytes.as_deref());
            let mut guard = before.clone();
            let result = change(&mut guard);
            if guard == before {
                return Ok(result);
            }
            // Numbers in vectors cannot fail to serialise.
            let encoded = postcard::to_allocvec(&guard).unwrap_or_default();
            if self.cells.write(&key, &encoded, version).is_ok() {
                return Ok(result);
            }
            self.retries.set(self.retries.get().saturating_add(1));
        }
        Err(Contended)
    }
}

/// Bytes of another version are as good as none.
fn decode(bytes: Option<&[u8]>) -> Guard {
    bytes.and_then(|it| postcard::from_bytes(it).ok()).unwrap_or_default()
}
