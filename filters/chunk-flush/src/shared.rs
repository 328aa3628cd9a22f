//! What all streams of one configuration share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use voxgate_host::now_micros;
use voxgate_policy::StreamPolicy;
use voxgate_policy::stream::{BaselineKey, Baselines, Figures, Openings, Pattern, Slow};
use voxgate_policy::time::UnixMicros;

use crate::asked::Asked;
use crate::lookout::Lookout;
use crate::report::Report;
use crate::streaming::Streaming;

/// The most models that metrics tell apart: their names are the client's.
const MAX_MODELS: usize = 20;

/// How often a worker logs that stages took too long.
const LATE_EVERY: Duration = Duration::from_secs(1);

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
    models: RefCell<BTreeSet<Box<str>>>,
    /// When it last logged that stages took too long.
    late: Cell<UnixMicros>,
    /// Streams that the timer looks after.
    pub lookout: Lookout,
    last_id: Cell<u64>,
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
            models: RefCell::default(),
            late: Cell::default(),
            lookout: Lookout::default(),
            last_id: Cell::default(),
        }
    }

    /// A number that no other stream of this worker has.
    pub fn next_id(&self) -> u64 {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        id
    }

    /// The model of a request as metrics name it: the first ones by their names, all others as `other`.
    pub fn model<'a>(&self, asked: &'a Asked) -> &'a str {
        let model = asked.model();
        let mut models = self.models.borrow_mut();
        if models.contains(model) {
            return model;
        }
        if models.len() >= MAX_MODELS {
            return "other";
        }
        models.insert(model.into());
        model
    }

    /// Whether it is time to log again that stages took too long.
    pub fn may_tell_late(&self) -> bool {
        let now = now_micros();
        let is_time = now.since(self.late.get()) >= LATE_EVERY || now < self.late.get();
        if is_time {
            self.late.set(now);
        }
        is_time
    }

    /// Compares a stream that is over with what is usual.
    pub fn judge(&self, asked: &Asked, figures: &Figures) -> Option<Slow> {
        let terms = &self.policy.rules()?.slow;
        let key = BaselineKey::new(asked.operation(), self.model(asked), asked.subject.text_chars);
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
}
