//! What all requests of one configuration share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use voxgate_host::{RootHost, StreamHandle};
use voxgate_policy::ShedPolicy;
use voxgate_policy::shed::guard::{Guard, Guards};
use voxgate_policy::shed::{Lane, Place, ShedRules};
use voxgate_policy::time::UnixMillis;

use crate::report::Report;
use crate::service::{Service, Services};

/// How often the timer looks after what is in flight.
pub const TICK: Duration = Duration::from_secs(1);

/// How often it looks whether those that wait may go on: other workers make room, too.
const WAITING_TICK: Duration = Duration::from_millis(10);

/// When it looks after this worker made room.
const SOON: Duration = Duration::from_millis(1);

/// Whose place it is that a request has.
type Owner = (Service, Lane);

/// What all requests of one configuration share.
pub struct Shared {
    pub policy: ShedPolicy,
    pub services: Services,
    pub report: Report,
    /// Places that this worker's requests have, in flight or waiting.
    held: RefCell<BTreeMap<u64, Owner>>,
    /// Those of them that wait.
    waiting: RefCell<BTreeMap<u64, StreamHandle>>,
    /// Numbers of requests count from here, somewhere in 2⁶⁴: other workers count elsewhere.
    last_id: Cell<u64>,
    /// When it was last looked after them all.
    kept: Cell<UnixMillis>,
}

// === impl Shared ===

impl Shared {
    pub fn new(policy: ShedPolicy) -> Self {
        Self {
            report: Report::new(&policy),
            policy,
            services: Services::default(),
            held: RefCell::default(),
            waiting: RefCell::default(),
            last_id: Cell::new(RandomState::new().hash_one(0_u8)),
            kept: Cell::default(),
        }
    }

    /// A number that no other request has.
    pub fn next_id(&self) -> u64 {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        id
    }

    /// A request has a place, which is kept until it is [let go](Self::let_go).
    pub fn hold(&self, place: Place, service: &Service) {
        let owned = (Service::clone(service), place.lane);
        self.held.borrow_mut().insert(place.id, owned);
    }

    /// A request waits in its place.
    pub fn wait(&self, place: Place, stream: StreamHandle) {
        let mut waiting = self.waiting.borrow_mut();
        // Set anew by each request that comes, the timer would never go off.
        if waiting.is_empty() {
            stream.set_tick_period(WAITING_TICK);
        }
        waiting.insert(place.id, stream);
    }

    /// A request does not wait any more.
    pub fn stop_waiting(&self, id: u64) {
        self.waiting.borrow_mut().remove(&id);
    }

    /// A request's place is given back; those that wait look for room soon.
    pub fn let_go(&self, id: u64) {
        self.held.borrow_mut().remove(&id);
        self.stop_waiting(id);
        if let Some(first) = self.waiting.borrow().values().next() {
            first.set_tick_period(SOON);
        }
    }

    /// What the timer does.
    pub fn on_tick(&self, host: &mut RootHost<'_>) {
        let Some(rules) = self.policy.rules() else { return };
        let now = host.now();
        let kept = self.kept.get();
        if now.since(kept) >= TICK || now < kept {
            self.kept.set(now);
            self.keep(rules, now);
        }
        self.wake(rules, host);
        let period = if self.waiting.borrow().is_empty() { TICK } else { WAITING_TICK };
        host.set_tick_period(period);
    }

    /// Gives signs of life of what is held, lets time pass, and reports.
    fn keep(&self, rules: &ShedRules, now: UnixMillis) {
        let mut held: BTreeMap<Owner, Vec<u64>> = BTreeMap::new();
        for (id, owner) in self.held.borrow().iter() {
            held.entry(owner.clone()).or_default().push(*id);
        }
        for service in self.services.all() {
            let guards = self.services.guards(&service);
            for lane in Lane::ALL {
                let ids = held.remove(&(Service::clone(&service), lane)).unwrap_or_default();
                if ids.is_empty() && guards.read(lane) == Guard::default() {
                    continue;
                }
                let kept = guards.update(lane, |guard| {
                    guard.keep(&ids, rules, lane, now);
                    guard.clone()
                });
                match kept {
                    Ok(guard) => self.report.state((&service, lane), &guard, rules, now),
                    Err(error) => self.report.contended(error),
                }
            }
        }
        self.report.retries(self.services.take_retries());
    }

    /// Asks those that do not wait any more in the eyes of their guards.
    fn wake(&self, rules: &ShedRules, host: &mut RootHost<'_>) {
        let now = host.now();
        let mut called = Vec::new();
        for ((service, lane), waiting) in self.waiting_by_owner() {
            let guards = self.services.guards(&service);
            let mut guard = guards.read(lane);
            // Not written for nothing: this is done a hundred times a second.
            if guard.is_due(rules, lane, now) {
                let turned = guards.update(lane, |guard| {
                    guard.level(rules, lane, now);
                    guard.clone()
                });
                match turned {
                    Ok(turned) => guard = turned,
                    Err(error) => self.report.contended(error),
                }
            }
            let is_called = |(id, _): &(u64, StreamHandle)| !guard.gate.is_waiting(*id);
            called.extend(waiting.into_iter().filter(is_called));
        }
        // Each takes itself out of those that wait.
        for (_, stream) in called {
            host.resume(&stream);
        }
    }

    fn waiting_by_owner(&self) -> BTreeMap<Owner, Vec<(u64, StreamHandle)>> {
        let held = self.held.borrow();
        let mut by_owner: BTreeMap<Owner, Vec<_>> = BTreeMap::new();
        for (id, stream) in self.waiting.borrow().iter() {
            if let Some(owner) = held.get(id) {
                by_owner.entry(owner.clone()).or_default().push((*id, stream.clone()));
            }
        }
        by_owner
    }
}
