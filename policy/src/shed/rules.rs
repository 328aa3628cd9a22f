//! The `shedding` section, validated.

use std::time::Duration;

use super::gate::{GateTerms, TierTerms};
use super::ladder::{Asked, Ladder, Rung};
use super::lane::Lane;
use super::load::{LoadTerms, MetricName, Thresholds};
use super::work::{TierKey, Work};
use crate::body::{BodyPlan, Field};
use crate::operation::{OperationId, OperationNames, OperationSet};
use crate::spec::WorkUnit;
use crate::subject::Subject;

/// Characters that are about a second of speech: what an operation without a text counts as.
pub const LEAST_CHARS: u64 = 15;

/// The most that a request may overtake another one.
pub(super) const MAX_OVERTAKES: u8 = 8;

/// The `shedding` section, validated.
#[derive(Clone, Debug)]
pub struct ShedRules {
    pub(super) unit: WorkUnit,
    pub(super) online: Option<Work>,
    pub(super) batch: Option<Work>,
    /// The most that learning may come to.
    pub(super) most: Work,
    /// What a request counts at least.
    pub(super) least: Work,
    pub(super) tiers: Vec<TierTerms>,
    pub(super) lease: Duration,
    pub(super) busy: Thresholds,
    pub(super) overload: Thresholds,
    pub(super) dwell: Duration,
    /// The header or trailer in which the service reports its load, in lower case.
    pub report_header: String,
    /// Which of what it reports counts.
    pub report_metrics: Vec<MetricName>,
    /// What becomes of requests.
    pub ladder: Ladder,
    pub(super) budgets: Vec<(TierKey, Duration)>,
    pub(super) default_budget: Option<Duration>,
}

// === impl ShedRules ===

impl ShedRules {
    /// Whether a body may have to be changed, or cut into parts.
    pub fn changes_bodies(&self) -> bool {
        self.ladder.rules().any(|it| matches!(it.rung, Rung::Degrade(_) | Rung::Reject(_)))
            || self.unit != WorkUnit::Requests
    }

    /// How long what is in flight or waits counts without a sign of life.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// What capacity is counted in.
    pub fn unit(&self) -> WorkUnit {
        self.unit
    }

    /// Whether the capacity of a lane is learned.
    pub fn is_learned(&self, lane: Lane) -> bool {
        self.configured(lane).is_none()
    }

    /// The same with another capacity of a lane, for simulations of other ways to learn one.
    #[must_use]
    pub fn with_limit(&self, lane: Lane, limit: Work) -> Self {
        let mut rules = self.clone();
        match lane {
            Lane::Online => rules.online = Some(limit),
            Lane::Batch => rules.batch = Some(limit),
        }
        rules
    }

    /// Who gets how much of a capacity.
    pub fn gate_terms(&self, capacity: Work) -> GateTerms {
        GateTerms {
            capacity,
            tiers: self.tiers.clone(),
            lease: self.lease,
            max_overtakes: MAX_OVERTAKES,
        }
    }

    /// When a lane is busy.
    pub fn load_terms(&self, lane: Lane) -> LoadTerms {
        LoadTerms {
            capacity: self.configured(lane),
            learn_from: Work(self.most.0.checked_div(10).unwrap_or_default()),
            least: self.least,
            most: self.most,
            busy: self.busy,
            overload: self.overload,
            dwell: self.dwell,
        }
    }

    /// How long a caller of a tier is ready to wait for a first byte.
    pub fn budget(&self, tier: TierKey) -> Option<Duration> {
        let own = self.budgets.iter().find(|(it, _)| *it == tier).map(|(_, budget)| *budget);
        own.or(self.default_budget)
    }

    /// What a request asks of the service.
    pub fn work(&self, subject: &Subject) -> Work {
        self.work_of(subject.text_chars, subject.speech_ms.saturating_add(subject.input_audio_ms))
    }

    /// What a text of so many characters, and so much audio, ask of the service.
    pub(super) fn work_of(&self, chars: u64, audio_ms: u64) -> Work {
        let work = match self.unit {
            WorkUnit::AudioSeconds => audio_ms,
            WorkUnit::TextChars => chars,
            WorkUnit::Requests => 1,
        };
        Work(work).max(self.least)
    }

    /// Whole units of an amount of work, as they stand in the policy; rounded up.
    pub fn units(&self, work: Work) -> u64 {
        match self.unit {
            WorkUnit::AudioSeconds => work.0.div_ceil(1000),
            WorkUnit::TextChars | WorkUnit::Requests => work.0,
        }
    }

    /// An amount of work in units of the policy, with three places of a second: `8.192`.
    pub fn size(&self, work: Work) -> String {
        match self.unit {
            WorkUnit::AudioSeconds => format!("{}.{:03}", work.0 / 1000, work.0 % 1000),
            WorkUnit::TextChars | WorkUnit::Requests => work.0.to_string(),
        }
    }

    /// What the ladder looks at.
    pub fn asked<'a>(&self, subject: &'a Subject, names: &OperationNames) -> Asked<'a> {
        let known = subject.operations.iter().filter_map(|it| names.get(it));
        Asked {
            operations: known.fold(OperationSet::default(), OperationSet::with),
            tier: subject.tier.as_deref().map_or(TierKey::NONE, TierKey::of),
            chars: subject.text_chars,
            speech_ms: subject.speech_ms,
            places: subject.places.as_ref(),
        }
    }

    /// Whether what becomes of such requests hangs on their bodies.
    pub fn read(&self, operations: OperationSet, plan: &BodyPlan) -> bool {
        let says = |field| plan.names(field);
        let counts = match self.unit {
            WorkUnit::AudioSeconds => says(Field::Text) || says(Field::Audio),
            WorkUnit::TextChars => says(Field::Text),
            WorkUnit::Requests => false,
        };
        let is_about = operations.iter().any(OperationId::generates);
        let changes = || self.ladder.changes(operations).any(says);
        is_about && (counts || (says(Field::Text) && self.ladder.reads(operations)) || changes())
    }

    /// Whether a request asks for something that takes capacity. What is not known here may.
    pub fn guards(&self, subject: &Subject, names: &OperationNames) -> bool {
        let takes = |it: &String| names.get(it).is_none_or(OperationId::generates);
        !subject.is_exempt && !subject.asks_usage && subject.operations.iter().any(takes)
    }

    fn configured(&self, lane: Lane) -> Option<Work> {
        match lane {
            Lane::Online => self.online,
            Lane::Batch => self.batch,
        }
    }
}
