//! `voxctl simulate`: the same requests for several policies, against a model of a service.

mod chart;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use voxgate_policy::ShedPolicy;
use voxgate_policy::error::PolicyErrors;
use voxgate_policy::spec::{DurationSpec, PolicySpec};
use voxgate_simulator::arrivals::{Arrival, Population, Scenario, Shape, TraceError, read_trace};
use voxgate_simulator::model::{GpuModel, ModelError};
use voxgate_simulator::{Report, Service, Shedder, run};

use crate::diagnostic::Source;

pub use chart::{ChartError, chart};

/// What arrives if no trace says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A calm minute, then three times what the service can do, one text in five long at 32 kHz, then a
    /// calm minute
    Flood,
    /// Days with a peak of a fifth of what the service can do, and bursts of up to three times as much
    Week,
    /// Half of what the service can do
    Steady,
    /// Twice what the service can do, nearly all of it by one tenant
    Hog,
}

/// What is simulated, whoever sheds.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// What arrives, in order.
    pub arrivals: Vec<Arrival>,
    /// For how long.
    pub duration: Duration,
    /// What it arrives at.
    pub service: Service,
}

/// Changes to a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// Of the load at its height; 1 is as much as the service can do.
    pub load: Option<f64>,
    /// Of a hundred texts, how many are long.
    pub long_percent: Option<f64>,
    /// How long it takes.
    pub duration: Option<Duration>,
}

/// What became of the requests under one policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The policy's file, or that there is none.
    pub policy: String,
    /// The figures.
    pub report: Report,
}

/// A service as written in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenService {
    online: GpuModel,
    /// By default like the other.
    batch: Option<GpuModel>,
    in_time: DurationSpec,
    patience: DurationSpec,
}

/// What cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Not a service.
    #[error("{file} is not a service: {error}")]
    Service {
        /// The file.
        file: String,
        /// Why not.
        error: Box<serde_saphyr::Error>,
    },
    /// A service that could not be.
    #[error("{file}, {lane}: {error}")]
    Model {
        /// The file.
        file: String,
        /// Which of the two.
        lane: &'static str,
        /// Why not.
        error: ModelError,
    },
    /// Not a trace.
    #[error("{file}: {error}")]
    Trace {
        /// The file.
        file: String,
        /// Why not.
        error: TraceError,
    },
    /// Only part of it is valid.
    #[error("{0}")]
    Policy(#[from] PolicyErrors),
}

/// In a row of [`Outcome`]s, the one without a policy.
pub const NOBODY: &str = "nobody sheds";

// === impl WrittenService ===

impl Default for WrittenService {
    fn default() -> Self {
        let (in_time, patience) = (DurationSpec::from_secs(1), DurationSpec::from_secs(10));
        Self { online: GpuModel::default(), batch: None, in_time, patience }
    }
}

/// Reads a service from a file: YAML with the lanes `online` and `batch`, `in_time` and `patience`. Without a
/// file, a card of 24 GB.
///
/// # Errors
/// What is wrong with the file.
pub fn service(source: Option<&Source>) -> Result<Service, SimulateError> {
    let written = match source {
        None => WrittenService::default(),
        Some(Source { name, text }) => serde_saphyr::from_str(text).map_err(|error| {
            SimulateError::Service { file: name.clone(), error: Box::new(error) }
        })?,
    };
    let batch = written.batch.unwrap_or_else(|| written.online.clone());
    for (lane, model) in [("online", &written.online), ("batch", &batch)] {
        let file = || source.map_or_else(String::new, |it| it.name.clone());
        model.check().map_err(|error| SimulateError::Model { file: file(), lane, error })?;
    }
    let (in_time, patience) = (written.in_time.0, written.patience.0);
    Ok(Service { online: written.online, batch, in_time, patience })
}

impl Conditions {
    /// Requests that were recorded.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn recorded(source: &Source, service: Service) -> Result<Self, SimulateError> {
        let arrivals = read_trace(&source.text)
            .map_err(|error| SimulateError::Trace { file: source.name.clone(), error })?;
        let last = arrivals.last().map_or(Duration::ZERO, |it| it.at);
        Ok(Self { arrivals, duration: last + Duration::from_secs(1), service })
    }

    /// Requests that are made up, of tenants of these tiers; the same for the same `seed`.
    pub fn made_up(
        kind: Kind,
        changes: &Changes,
        tiers: &[Rc<str>],
        service: Service,
        seed: u64,
    ) -> Self {
        let scenario = scenario(kind, changes, tiers, service.online.audio_seconds_per_second);
        let arrivals = scenario.arrivals(seed).collect();
        Self { arrivals, duration: scenario.duration, service }
    }

    /// What becomes of them if everything is given to the service.
    pub fn nobody(&self) -> Outcome {
        self.outcome(NOBODY.to_owned(), &Shedder::Nobody)
    }

    /// What becomes of them under a policy. Without a `shedding` section, as if there were an empty one.
    ///
    /// # Errors
    /// Errors of the policy.
    pub fn policy(&self, name: PathBuf, spec: &PolicySpec) -> Result<Outcome, SimulateError> {
        let mut spec = spec.clone();
        spec.shedding.get_or_insert_default();
        // As the filter gets it. Its keys are strings, so it can be written.
        let json = serde_json::to_vec(&spec).unwrap_or_default();
        let policy = ShedPolicy::from_json(&json)?;
        let shedder = match policy.rules().cloned() {
            Some(rules) => Shedder::Policy {
                rules: Box::new(rules),
                names: policy.operations().clone(),
                learner: None,
            },
            None => Shedder::Nobody,
        };
        Ok(self.outcome(name.display().to_string(), &shedder))
    }

    fn outcome(&self, policy: String, shedder: &Shedder) -> Outcome {
        let report = run(&self.service, self.arrivals.iter().cloned(), shedder, self.duration);
        Outcome { policy, report }
    }
}

/// The names of the tiers of all policies, each once.
pub fn tiers<'a>(specs: impl Iterator<Item = &'a PolicySpec>) -> Vec<Rc<str>> {
    let mut names: Vec<Rc<str>> = Vec::new();
    for tier in specs.flat_map(|it| &it.tiers) {
        if !names.iter().any(|it| **it == *tier.name) {
            names.push(tier.name.as_str().into());
        }
    }
    names
}

fn scenario(kind: Kind, changes: &Changes, tiers: &[Rc<str>], speed: f64) -> Scenario {
    let (load, seconds) = match kind {
        Kind::Flood => (3.0, 720),
        Kind::Week => (0.2, 7 * 86_400),
        Kind::Steady => (0.5, 3_600),
        Kind::Hog => (2.0, 720),
    };
    let load = changes.load.unwrap_or(load);
    let shape = match kind {
        Kind::Flood => Shape::Flood(load),
        Kind::Week => Shape::Days(load),
        Kind::Steady | Kind::Hog => Shape::Steady(load),
    };
    let duration = changes.duration.unwrap_or(Duration::from_secs(seconds));
    let mut scenario = Scenario::new(shape, duration, speed, tiers);
    if let (Kind::Hog, Some(tier)) = (kind, tiers.last()) {
        let hog = Population { tier: Rc::clone(tier), tenants: 1, weight: 100.0 };
        scenario.population.push(hog);
    }
    scenario.long_percent = changes.long_percent.unwrap_or(scenario.long_percent);
    scenario
}
