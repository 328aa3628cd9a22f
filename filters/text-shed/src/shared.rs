//! What all requests of one configuration share.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use voxgate_host::{RootHost, StreamHandle};
use voxgate_policy::ShedPolicy;
use voxgate_policy::shed::guard::{Guard, Guards};
use voxgate_policy::shed::{Lane, Place};
use voxgate_policy::time::UnixMillis;

use crate::report::Report;
use crate::service::{Service, Services};

/// How often the timer looks after what is in flight.
pub const TICK: Duration = Duration::from_secs(1);

/// How often it looks whether those that wait may go on: other workers make room, too.
const WAITING_TICK: Duration = Duration::from_millis(10);

/// When it looks after this worker made room.
const SOON: Duration = Duration::from_millis(1);

/// What all requests of one configuration share.
pub struct Shared {
    pub policy: ShedPolicy,
    pub services: Services,
    pub report: Report,
    /// Places that this worker's requests have, in flight or waiting.
    held: RefCell<BTreeMap<u64, (Service, Lane)>>,
    /// Those of them that wait.
    waiting: RefCell<BTreeMap<u64, StreamHandle>>,
    /// Numbers of requests count from here, somewhere in 2⁶⁴: other workers count elsewhere.
    last_id: Cell<u64>,
    renewed: Cell<UnixMillis>,
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
            renewed: Cell::default(),
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
        stream.set_tick_period(WAITING_TICK);
        self.waiting.borrow_mut().insert(place.id, stream);
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

    /// What the timer does: gives signs of life, lets those go on that may, and reports.
    pub fn on_tick(&self, host: &mut RootHost<'_>) {
        let Some(rules) = self.policy.rules() else { return };
        let now = host.now();
        let is_due = now.since(self.renewed.get()) >= TICK || now < self.renewed.get();
        let mut guards: HashMap<(Service, Lane), Guard> = HashMap::new();
        for service in self.services.all() {
            let guards_of = self.services.guards(&service);
            for lane in Lane::ALL {
                let ids = self.held_in(&service, lane);
                let wait = self.waiting.borrow().keys().any(|it| ids.contains(it));
                let is_unused = || ids.is_empty() && guards_of.read(lane) == Guard::default();
                if !(is_due || wait) || is_unused() {
                    continue;
                }
                let signs = if is_due { ids.as_slice() } else { &[] };
                let kept = guards_of.update(lane, |guard| {
                    guard.keep(signs, rules, lane, now);
                    guard.clone()
                });
                match kept {
                    Ok(guard) => {
                        if is_due {
                            self.report.state((&service, lane), &guard, rules, now);
                        }
                        guards.insert((Service::clone(&service), lane), guard);
                    }
                    Err(error) => self.report.contended(error),
                }
            }
        }
        if is_due {
            self.renewed.set(now);
            self.report.retries(self.services.take_retries());
        }
        self.wake(&guards, host);
        let period = if self.waiting.borrow().is_empty() { TICK } else { WAITING_TICK };
        host.set_tick_period(period);
    }

    /// Asks those that do not wait any more in the eyes of their guards.
    fn wake(&self, guards: &HashMap<(Service, Lane), Guard>, host: &mut RootHost<'_>) {
        let mut called = Vec::new();
        for (id, stream) in self.waiting.borrow().iter() {
            let held = self.held.borrow();
            let guard = held.get(id).and_then(|it| guards.get(it));
            if !guard.is_some_and(|it| it.gate.is_waiting(*id)) {
                called.push(stream.clone());
            }
        }
        // Each takes itself out of those that wait.
        for stream in called {
            host.resume(&stream);
        }
    }

    fn held_in(&self, service: &Service, lane: Lane) -> Vec<u64> {
        let held = self.held.borrow();
        let here = held.iter().filter(|(_, (its, of))| its == service && *of == lane);
        here.map(|(id, _)| *id).collect()
    }
}
