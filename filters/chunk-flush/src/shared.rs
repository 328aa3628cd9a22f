//! What all streams of one configuration share.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use voxgate_host::{RootHost, StreamHandle, now_micros};
use voxgate_policy::StreamPolicy;
use voxgate_policy::stream::{BaselineKey, Baselines, Figures, Openings, Pattern, Slow};
use voxgate_policy::time::UnixMicros;

use crate::asked::Asked;
use crate::report::Report;
use crate::streaming::Streaming;

/// How often the timer looks at most. Envoy's is late by some 4 ms.
const SHORTEST_TICK: Duration = Duration::from_millis(1);

/// How often it looks at least, if a stream is to be looked after at all.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// Of less audio, how fast it was made says nothing.
const LEAST_AUDIO: Duration = Duration::from_secs(1);

/// What all streams of one configuration share.
pub struct Shared {
    pub policy: StreamPolicy,
    pub report: Report,
    /// What is usual, to this worker.
    baselines: RefCell<Baselines>,
    /// How streams began lately, to this worker.
    openings: RefCell<Openings>,
    /// Operations and patterns that this worker has logged.
    told: RefCell<BTreeSet<(String, Pattern)>>,
    /// Streams that the timer looks after.
    watched: RefCell<BTreeMap<u64, Watched>>,
    last_id: Cell<u64>,
}

/// A stream that the timer looks after.
struct Watched {
    stream: StreamHandle,
    /// When, unless something comes before.
    due: UnixMicros,
}

// === impl Shared ===

impl Shared {
    pub fn new(policy: StreamPolicy) -> Self {
        Self {
            report: Report::new(&policy),
            policy,
            baselines: RefCell::default(),
            openings: RefCell::default(),
            told: RefCell::default(),
            watched: RefCell::default(),
            last_id: Cell::default(),
        }
    }

    /// A number that no other stream of this worker has.
    pub fn next_id(&self) -> u64 {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        id
    }

    /// The timer looks after a stream when it is due; it did not, or not then, before.
    pub fn look_after(&self, id: u64, stream: &StreamHandle, due: UnixMicros) {
        let mut watched = self.watched.borrow_mut();
        let soonest = watched.values().map(|it| it.due).min();
        watched.insert(id, Watched { stream: stream.clone(), due });
        // Set anew by every chunk that comes, the timer would never go off.
        if soonest.is_none_or(|it| due < it) {
            stream.set_tick_period(period(Some(due)));
        }
    }

    /// A stream needs no timer any more.
    pub fn forget(&self, id: u64) {
        self.watched.borrow_mut().remove(&id);
    }

    /// Compares a stream that is over with what is usual.
    pub fn judge(&self, asked: &Asked, figures: &Figures) -> Option<Slow> {
        let terms = &self.policy.rules()?.slow;
        let key = BaselineKey::new(asked.operation(), asked.model(), asked.subject.text_chars);
        let is_told = figures.audio.is_some_and(|it| it >= LEAST_AUDIO);
        let permille = figures.real_time_permille.filter(|_| is_told);
        self.baselines.borrow_mut().judge(key, figures.ttfa, permille, terms)
    }

    /// What is recognised by a stream that is over.
    pub fn patterns(&self, streaming: &mut Streaming) -> BTreeSet<Pattern> {
        let mut openings = self.openings.borrow_mut();
        let opening = streaming.observer.opening();
        let operation = streaming.asked.operation();
        let by_many = opening.and_then(|it| openings.judge(operation, it));
        streaming.observer.news().chain(by_many).collect()
    }

    /// Whether this is the first time that this worker tells of it.
    pub fn is_news(&self, operation: &str, pattern: Pattern) -> bool {
        self.told.borrow_mut().insert((operation.to_owned(), pattern))
    }

    /// What the timer does.
    pub fn on_tick(&self, host: &mut RootHost<'_>) {
        let now = now_micros();
        let due = |it: &Watched| it.due <= now;
        let streams: Vec<StreamHandle> = {
            let watched = self.watched.borrow();
            watched.values().filter(|it| due(it)).map(|it| it.stream.clone()).collect()
        };
        // Each says anew when it is due, or takes itself out.
        for stream in streams {
            host.look_after(&stream);
        }
        host.set_tick_period(period(self.watched.borrow().values().map(|it| it.due).min()));
    }
}

/// When the timer looks, if this is due next.
fn period(soonest: Option<UnixMicros>) -> Duration {
    let until = |due: UnixMicros| due.since(now_micros()).clamp(SHORTEST_TICK, LONGEST_TICK);
    soonest.map_or(Duration::ZERO, until)
}
