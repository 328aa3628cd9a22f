//! What became of the arrivals.

mod fairness;
mod recorder;
#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use voxgate_policy::shed::{Lane, Refusal};
use voxgate_policy::spec::Level;

pub use recorder::Moment;
pub(crate) use recorder::Recorder;

/// The figures of one simulation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How long requests came, in seconds.
    pub seconds: f64,
    /// Of all.
    pub all: Counts,
    /// By tier and length.
    pub slices: Vec<Slice>,
    /// Seconds of audio that the online lane delivered in time, in a second.
    pub goodput: f64,
    /// Seconds of audio that the batch lane delivered, in a second.
    pub batch_goodput: f64,
    /// How often the memory of the online lane ran out, and of the batch lane.
    pub crashes: u32,
    /// How often the memory of the batch lane ran out.
    pub batch_crashes: u32,
    /// Refused though the request would have been served in time, and all under way still, if nobody
    /// had come after it.
    pub false_rejections: u64,
    /// Jain's index of what tenants got of their max-min fair share; 1 is fair.
    pub fairness: f64,
    /// How it went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Moment>,
}

/// Requests of a tier that have long texts, or that have not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slice {
    /// The name of the tier; empty: none.
    pub tier: String,
    /// Whether their texts are long.
    pub is_long: bool,
    /// How many, by what became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// Of those served online, when the first byte came after the request did.
    pub first_byte: Percentiles,
    /// The same if each were alone.
    pub first_byte_alone: Percentiles,
    /// How long those that were served waited for capacity.
    pub wait: Percentiles,
}

/// In seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
}

/// Requests by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub offered: u64,
    /// Served in the online lane.
    pub served: u64,
    /// Of those, in time.
    pub in_time: u64,
    /// Served in the batch lane.
    pub diverted: u64,
    /// Of those served, in lesser quality.
    pub degraded: u64,
    /// Refused as busy.
    pub busy: u64,
    /// Refused as too long.
    pub too_long: u64,
    /// Refused for their deadline.
    pub deadline: u64,
    /// Lost in a crash.
    pub lost: u64,
    /// Came while the service was away.
    pub down: u64,
    /// Their callers left.
    pub left: u64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// All of it came.
    Served {
        /// When the first byte came after the request did.
        first_byte: Duration,
        /// Whether the first byte, and all after it, came when the listener wanted it.
        in_time: bool,
    },
    /// The policy answered.
    Refused {
        /// What; `None`: it waited too long.
        refusal: Option<Refusal>,
        /// Whether it would have been served in time, and all under way still, if nobody had come after it.
        had_room: bool,
    },
    /// The service crashed under it.
    Lost,
    /// It came while the service was away.
    Down,
    /// Its caller left.
    Left,
}

/// A request that is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// The how manieth it was of the arrivals, from 1.
    pub number: u64,
    /// What became of it.
    pub fate: Fate,
    /// The rule of the ladder that matched, if one did.
    pub rule: Option<Rc<str>>,
    /// How loaded the online lane was when it came.
    pub level: Level,
    /// Where it went.
    pub lane: Lane,
    /// How long it waited for capacity before it went on.
    pub waited: Duration,
    /// Whether it was served in lesser quality.
    pub degraded: bool,
    /// When its first byte would have come, were it alone.
    pub alone: Duration,
}

// === impl Record ===

impl Record {
    pub(crate) fn new(number: u64, fate: Fate) -> Self {
        Self {
            number,
            fate,
            rule: None,
            level: Level::Normal,
            lane: Lane::Online,
            waited: Duration::ZERO,
            degraded: false,
            alone: Duration::ZERO,
        }
    }
}

// === impl Report ===

impl Report {
    /// Requests of this tier with long texts or without.
    pub fn slice(&self, tier: &str, is_long: bool) -> Option<&Slice> {
        self.slices.iter().find(|it| it.tier == tier && it.is_long == is_long)
    }
}

// === impl Counts ===

impl Counts {
    /// Refused by the policy.
    pub fn refused(&self) -> u64 {
        self.busy + self.too_long + self.deadline
    }

    fn add(&mut self, record: &Record) {
        self.offered += 1;
        let is_served = matches!(record.fate, Fate::Served { .. });
        self.degraded += u64::from(is_served && record.degraded);
        let count = match &record.fate {
            Fate::Served { in_time, .. } if record.lane == Lane::Online => {
                self.in_time += u64::from(*in_time);
                &mut self.served
            }
            Fate::Served { .. } => &mut self.diverted,
            Fate::Refused { refusal, .. } => match refusal {
                Some(Refusal::TextTooLong { .. }) => &mut self.too_long,
                Some(Refusal::DeadlinePassed { .. } | Refusal::DeadlineUnmet { .. }) => {
                    &mut self.deadline
                }
                _ => &mut self.busy,
            },
            Fate::Lost => &mut self.lost,
            Fate::Down => &mut self.down,
            Fate::Left => &mut self.left,
        };
        *count += 1;
    }
}

// === impl Percentiles ===

impl Percentiles {
    /// Of these, in whatever order.
    fn of(mut seconds: Vec<f32>) -> Self {
        seconds.sort_by(f32::total_cmp);
        let at = |percent: usize| {
            let rank = (seconds.len() * percent).div_ceil(100).saturating_sub(1);
            seconds.get(rank).map_or(0.0, |it| f64::from(*it))
        };
        Self { p50: at(50), p99: at(99) }
    }
}
