//! Lets arrivals happen.

mod guards;
mod lane;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;
use std::time::Duration;

use voxgate_policy::operation::OperationNames;
use voxgate_policy::shed::guard::{Finish, Guard, Guards};
use voxgate_policy::shed::load::Failure;
use voxgate_policy::shed::{
    Decision, Lane, Place, Request, ShedRules, TierKey, Verdict, Work, decide,
};
use voxgate_policy::spec::Level;
use voxgate_policy::subject::{BodyPlaces, Subject};
use voxgate_policy::time::UnixMillis;

use crate::arrivals::Arrival;
use crate::learner::{Learner, Method};
use crate::model::{GpuModel, Happening, Job};
use crate::report::{Fate, Record, Recorder, Report};
use guards::LocalGuards;
use lane::{Promise, Server};

/// What stands behind the proxy, and what its callers expect.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// That answers at once.
    pub online: GpuModel,
    /// To which long texts may be diverted.
    pub batch: GpuModel,
    /// A first byte within this is in time; what follows is if the listener never waits.
    pub in_time: Duration,
    /// A caller leaves who has no first byte after this, from the online lane.
    pub patience: Duration,
}

/// Who decides what becomes of a request.
#[derive(Clone, Debug)]
pub enum Shedder {
    /// Nobody: everything is given to the service.
    Nobody,
    /// A policy.
    Policy {
        /// Its `shedding` section.
        rules: Box<ShedRules>,
        /// Its operations.
        names: OperationNames,
        /// In place of what it learns of the online lane's capacity.
        learner: Option<Method>,
    },
}

/// One request that is waiting or under way.
struct Active {
    arrival: Arrival,
    place: Place,
    rule: Option<Rc<str>>,
    level: Level,
    sample_rate: u32,
    degraded: bool,
    waited: Duration,
    /// When it was given to the service.
    started: Duration,
}

struct Run<'a> {
    shedder: &'a Shedder,
    learner: Option<Learner>,
    places: BodyPlaces,
    guards: LocalGuards,
    online: Server,
    batch: Server,
    patience: Duration,
    active: BTreeMap<u64, Active>,
    waiting: BTreeSet<u64>,
    impatience: BinaryHeap<Reverse<(Duration, u64)>>,
    tick: Duration,
    next_id: u64,
    recorder: Recorder,
    tell: &'a mut dyn FnMut(&Record),
}

/// How often a proxy looks after those that wait, and after those in flight.
const WAITING_TICK: Duration = Duration::from_millis(50);
const IDLE_TICK: Duration = Duration::from_secs(5);

/// The moment at which simulations start: any will do.
const EPOCH: UnixMillis = UnixMillis(20_000 * 86_400_000);

/// What becomes of `arrivals`, which are in order and end before `duration`.
pub fn run(
    service: &Service,
    arrivals: impl IntoIterator<Item = Arrival>,
    shedder: &Shedder,
    duration: Duration,
) -> Report {
    run_telling(service, arrivals, shedder, duration, &mut |_| {})
}

/// The same, and `tell` is told of each when it is over.
pub fn run_telling(
    service: &Service,
    arrivals: impl IntoIterator<Item = Arrival>,
    shedder: &Shedder,
    duration: Duration,
    tell: &mut dyn FnMut(&Record),
) -> Report {
    let mut run = Run::new(service, shedder, duration, tell);
    let mut arrivals = arrivals.into_iter().peekable();
    loop {
        let arrives = arrivals.peek().map(|arrival| arrival.at);
        match (run.next(), arrives) {
            (Some(at), arrives) if arrives.is_none_or(|it| at <= it) => run.happen(at),
            (_, Some(_)) => {
                if let Some(arrival) = arrivals.next() {
                    run.arrive(arrival);
                }
            }
            (_, None) => break,
        }
    }
    run.recorder.report(duration)
}

// === impl Run ===

impl<'a> Run<'a> {
    fn new(
        service: &Service,
        shedder: &'a Shedder,
        duration: Duration,
        tell: &'a mut dyn FnMut(&Record),
    ) -> Self {
        let places = ["text", "model", "sample_rate", "format", "stream"];
        let places = places.map(|name| (name.to_owned(), serde_json::json!([format!("/{name}")])));
        let learner = match shedder {
            Shedder::Policy { rules, learner, .. } => learner
                .map(|method| Learner::new(method, rules.load_terms(Lane::Online).learn_from)),
            Shedder::Nobody => None,
        };
        Self {
            shedder,
            learner,
            // These are the names of its members.
            places: serde_json::from_value(places.into_iter().collect()).unwrap_or_default(),
            guards: LocalGuards::default(),
            online: Server::new(service.online.clone(), Some(service.in_time)),
            batch: Server::new(service.batch.clone(), None),
            patience: service.patience,
            active: BTreeMap::new(),
            waiting: BTreeSet::new(),
            impatience: BinaryHeap::new(),
            tick: Duration::ZERO,
            next_id: 1,
            recorder: Recorder::new(duration),
            tell,
        }
    }

    /// When something happens next, if nobody arrives.
    fn next(&self) -> Option<Duration> {
        let leaves = self.impatience.peek().map(|Reverse((at, _))| *at);
        let tick = (!self.active.is_empty()).then_some(self.tick);
        [self.online.next(), self.batch.next(), leaves, tick].into_iter().flatten().min()
    }

    fn happen(&mut self, at: Duration) {
        for lane in Lane::ALL {
            for event in self.server(lane).advance(at) {
                self.service_did(lane, &event.what, at);
            }
        }
        while let Some(Reverse((when, id))) = self.impatience.peek().copied()
            && when <= at
        {
            self.impatience.pop();
            self.leaves(id, at);
        }
        if at >= self.tick {
            self.look_after(at);
        }
        self.admit(at);
        self.note(at);
    }

    fn arrive(&mut self, arrival: Arrival) {
        let at = arrival.at;
        let id = self.next_id;
        self.next_id += 1;
        if self.active.is_empty() {
            self.tick = at + WAITING_TICK;
        }
        let nobody = Verdict::Admitted(
            Place { id, lane: Lane::Online, work: Work(arrival.estimate.0) },
            None,
        );
        let nobody = Decision { rule: None, level: Level::Normal, verdict: nobody };
        let Decision { rule, level, verdict } = self.decide(id, &arrival).unwrap_or(nobody);
        let (place, degrade, waits) = match verdict {
            Verdict::Admitted(place, degrade) => (place, degrade, false),
            Verdict::Waits(place, degrade) => (place, degrade, true),
            Verdict::Refused(refusal) => {
                let had_room = self.had_room(&arrival, Lane::Online, at);
                let fate = Fate::Refused { refusal: Some(refusal), had_room };
                self.record(&arrival, Record { rule, level, ..Record::new(id, fate) });
                self.note(at);
                return;
            }
        };
        let rate = degrade.as_ref().and_then(|it| it.sample_rate);
        let sample_rate = rate.map_or(arrival.sample_rate, |it| it.min(arrival.sample_rate));
        if place.lane == Lane::Online {
            self.impatience.push(Reverse((at + self.patience, id)));
        }
        let degraded = degrade.is_some();
        let (waited, started) = (Duration::ZERO, at);
        let active = Active { arrival, place, rule, level, sample_rate, degraded, waited, started };
        self.active.insert(id, active);
        if waits {
            self.waiting.insert(id);
            self.tick = self.tick.min(at + WAITING_TICK);
        } else {
            self.start(id, at);
        }
        // Its coming let time pass for others.
        self.admit(at);
        self.note(at);
    }

    fn decide(&mut self, id: u64, arrival: &Arrival) -> Option<Decision> {
        let Shedder::Policy { names, .. } = self.shedder else { return None };
        let rules = self.rules()?;
        let now = unix(arrival.at);
        let subject = Subject {
            tenant: Some(arrival.tenant.to_string()),
            tier: (!arrival.tier.is_empty()).then(|| arrival.tier.to_string()),
            operations: vec![arrival.operation.to_string()],
            text_chars: arrival.chars,
            speech_ms: arrival.estimate.0,
            sample_rate_hz: Some(arrival.sample_rate.into()),
            places: Some(self.places.clone()),
            ..Subject::default()
        };
        let asked = rules.asked(&subject, names);
        let request = Request {
            id,
            tenant: TierKey::of(&arrival.tenant).0.into(),
            work: rules.work(&subject),
            deadline: rules.budget(asked.tier).map(|budget| now.plus(budget)),
            may_wait: true,
            asked,
        };
        // One thread changes these guards: nobody contends.
        decide(&rules, &self.guards, &request, now).ok()
    }

    /// The rules, with what another learner learned.
    fn rules(&self) -> Option<Cow<'a, ShedRules>> {
        let Shedder::Policy { rules, .. } = self.shedder else { return None };
        let limit = self.learner.as_ref().map(Learner::capacity);
        let learned = limit.map(|it| Cow::Owned(rules.with_limit(Lane::Online, it)));
        Some(learned.unwrap_or(Cow::Borrowed(rules)))
    }

    fn start(&mut self, id: u64, at: Duration) {
        let Some(active) = self.active.get_mut(&id) else { return };
        active.started = at;
        active.waited = at.saturating_sub(active.arrival.at);
        let job = Job { id, audio: active.arrival.audio, sample_rate: active.sample_rate };
        let promise = Promise { came: active.arrival.at, audio: active.arrival.audio };
        let lane = active.place.lane;
        if self.server(lane).start(job, promise, at).is_err() {
            self.end(id, Finish::Failed(Failure::Broken), Fate::Down, at);
        }
        // It may have been too much.
        for event in self.server(lane).advance(at) {
            self.service_did(lane, &event.what, at);
        }
    }

    fn service_did(&mut self, lane: Lane, what: &Happening, at: Duration) {
        match what {
            Happening::FirstByte(id) => self.first_byte(*id, at),
            Happening::Finished(id) => {
                let Some(active) = self.active.get(id) else { return };
                let took = at.saturating_sub(active.started);
                let (first_byte, in_time) = self.server(lane).forget(*id, at);
                if let Some(learner) = &mut self.learner {
                    learner.finished(took);
                }
                self.end(*id, Finish::Served(took), Fate::Served { first_byte, in_time }, at);
            }
            Happening::Crashed(lost) => {
                self.recorder.crashed(lane);
                for id in lost {
                    self.server(lane).forget(*id, at);
                    if let Some(learner) = &mut self.learner {
                        learner.failed();
                    }
                    self.end(*id, Finish::Failed(Failure::Broken), Fate::Lost, at);
                }
            }
            Happening::Restarted => {}
        }
    }

    fn first_byte(&mut self, id: u64, at: Duration) {
        let Some(active) = self.active.get(&id) else { return };
        let Place { lane, work, .. } = active.place;
        let took = at.saturating_sub(active.started);
        self.server(lane).first_byte(id, at);
        if let Some(learner) = &mut self.learner {
            let in_flight = self.guards.read(Lane::Online).gate.summary().in_flight.work;
            learner.first_byte(took, in_flight);
        }
        if let Some(rules) = self.rules() {
            let _ = self
                .guards
                .update(lane, |guard| guard.first_byte(work, took, &rules, lane, unix(at)));
        }
    }

    /// A caller who has heard nothing yet.
    fn leaves(&mut self, id: u64, at: Duration) {
        let Some(active) = self.active.get(&id) else { return };
        let lane = active.place.lane;
        if self.server(lane).has_begun(id) {
            return;
        }
        self.server(lane).cancel(id, at);
        self.end(id, Finish::Untold, Fate::Left, at);
    }

    /// A request is over.
    fn end(&mut self, id: u64, finish: Finish, fate: Fate, at: Duration) {
        let Some(active) = self.active.remove(&id) else { return };
        self.waiting.remove(&id);
        let Place { lane, work, .. } = active.place;
        if let Some(rules) = self.rules() {
            let leave = |guard: &mut Guard| {
                guard.leave(id, work, finish, &rules, lane, unix(at));
            };
            let _ = self.guards.update(lane, leave);
        }
        let alone = self.server(lane).alone(active.arrival.audio);
        let Active { arrival, rule, level, waited, degraded, .. } = active;
        let record = Record { rule, level, waited, degraded, lane, alone, ..Record::new(id, fate) };
        self.record(&arrival, record);
    }

    fn record(&mut self, arrival: &Arrival, record: Record) {
        (self.tell)(&record);
        self.recorder.record(arrival, record);
    }

    /// Those that waited and may go on now, or waited too long.
    fn admit(&mut self, at: Duration) {
        loop {
            let moved = self.waiting.iter().copied().find(|id| {
                let lane = self.active.get(id).map_or(Lane::Online, |it| it.place.lane);
                !self.guards.of(lane, |guard| guard.gate.is_waiting(*id))
            });
            let Some(id) = moved else { return };
            self.waiting.remove(&id);
            let Some(active) = self.active.get(&id) else { continue };
            let lane = active.place.lane;
            if self.guards.of(lane, |guard| guard.gate.is_admitted(id)) {
                self.start(id, at);
            } else {
                let arrival = active.arrival.clone();
                let had_room = self.had_room(&arrival, lane, at);
                self.end(id, Finish::Untold, Fate::Refused { refusal: None, had_room }, at);
            }
        }
    }

    fn look_after(&mut self, at: Duration) {
        if let Some(rules) = self.rules() {
            for lane in Lane::ALL {
                let ids: Vec<u64> = self.active.keys().copied().collect();
                let _ = self.guards.update(lane, |guard| guard.keep(&ids, &rules, lane, unix(at)));
            }
        }
        self.tick = at + if self.waiting.is_empty() { IDLE_TICK } else { WAITING_TICK };
    }

    fn had_room(&self, arrival: &Arrival, lane: Lane, at: Duration) -> bool {
        let job = Job { id: 0, audio: arrival.audio, sample_rate: arrival.sample_rate };
        let server = if lane == Lane::Online { &self.online } else { &self.batch };
        server.had_room(job, Promise { came: arrival.at, audio: arrival.audio }, at)
    }

    fn server(&mut self, lane: Lane) -> &mut Server {
        match lane {
            Lane::Online => &mut self.online,
            Lane::Batch => &mut self.batch,
        }
    }

    /// For the chart.
    fn note(&mut self, at: Duration) {
        if !self.recorder.is_due(at) {
            return;
        }
        let online = self
            .active
            .iter()
            .filter(|(id, it)| it.place.lane == Lane::Online && !self.waiting.contains(id));
        let in_flight = online.map(|(_, it)| it.arrival.estimate.0).sum();
        let level = self.guards.of(Lane::Online, |guard| guard.load.current());
        let capacity = self
            .rules()
            .map(|rules| self.guards.of(Lane::Online, |g| g.capacity(&rules, Lane::Online)));
        self.recorder.note(at, Work(in_flight), capacity, level);
    }
}

fn unix(at: Duration) -> UnixMillis {
    EPOCH.plus(at)
}
