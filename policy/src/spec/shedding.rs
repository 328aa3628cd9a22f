//! The `shedding` section as written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DurationSpec;

/// What becomes of a request that is too long for the moment. With the section there, even empty,
/// the service's capacity is learned and kept to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SheddingSpec {
    /// What the service can do at a time, and who gets how much of it.
    pub capacity: CapacitySpec,
    /// When the service is busy or overloaded.
    pub load: LoadSpec,
    /// What becomes of requests, by operation, tier, length and load; the first rule that matches
    /// decides. A request that none matches passes, as far as there is capacity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<LadderRuleSpec>,
    /// By when the first byte of an answer is wanted.
    #[serde(skip_serializing_if = "DeadlineSpec::is_empty")]
    pub deadline: DeadlineSpec,
    /// How long a request in flight, or one that waits, counts without a sign of life from its proxy's
    /// worker: 3 s to 10 m. It is given back by then if the worker died.
    pub lease: DurationSpec,
}

impl Default for SheddingSpec {
    fn default() -> Self {
        Self {
            capacity: CapacitySpec::default(),
            load: LoadSpec::default(),
            ladder: Vec::new(),
            deadline: DeadlineSpec::default(),
            lease: DurationSpec::from_secs(15),
        }
    }
}

/// What a service can do at a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CapacitySpec {
    /// What is counted.
    pub unit: WorkUnit,
    /// Units in flight at a time, of the online lane. Learned if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Units in flight at a time, of the batch lane. Learned if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_limit: Option<u64>,
    /// The most units that learning may come to. It begins at a tenth of it. By default 6,000 audio
    /// seconds, 90,000 characters or 1,000 requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// What a request counts at least: short ones cost a service more than their length. By default one
    /// audio second, 15 characters (about a second), or one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<u64>,
    /// Who gets how much. Tiers that are not named have share 1, no reserve and no queue.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<String, TierShareSpec>,
}

/// What capacity is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkUnit {
    /// Seconds of audio: those that a text is estimated to become, or that a request brings.
    #[default]
    AudioSeconds,
    /// Unicode scalar values of text.
    TextChars,
    /// Requests.
    Requests,
}

/// How much of the capacity a tier gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TierShareSpec {
    /// Its weight where several tiers wait, 1 to 1000: a tier that uses less of the capacity than its
    /// share goes first.
    pub share: u32,
    /// Percent of the capacity that nobody else may use, even while this tier does not. What is
    /// neither used nor reserved is anyone's.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserve: u8,
    /// Where its requests wait for capacity. By default they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueSpec>,
}

impl Default for TierShareSpec {
    fn default() -> Self {
        Self { share: 1, reserve: 0, queue: None }
    }
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// Where requests wait, fairly between tenants and the shorter first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// The most requests of the tier that wait, 1 to 512; as many of all tiers together.
    pub max: u32,
    /// How long one waits before it is refused: 10 ms to 60 s.
    pub wait: DurationSpec,
}

/// When a service is busy or overloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct LoadSpec {
    /// From when it is busy.
    pub busy: ThresholdsSpec,
    /// From when it is overloaded. It also is after it refused or broke requests.
    pub overload: ThresholdsSpec,
    /// The least time for which it stays so: 100 ms to 60 s.
    pub dwell: DurationSpec,
    /// The header or trailer in which the service reports its load (ORCA, gRFC A51): `TEXT` or `JSON`.
    pub report_header: String,
    /// Which of the reported metrics count, the highest of them: `application_utilization`,
    /// `named_metrics.gpu`. 1 is full.
    pub report_metrics: Vec<String>,
}

impl Default for LoadSpec {
    fn default() -> Self {
        Self {
            busy: ThresholdsSpec { in_use: 70, first_byte: 200, reported: 80 },
            overload: ThresholdsSpec { in_use: 95, first_byte: 400, reported: 95 },
            dwell: DurationSpec::from_secs(2),
            report_header: "endpoint-load-metrics".to_owned(),
            report_metrics: vec!["application_utilization".to_owned()],
        }
    }
}

/// Any of them suffices. In percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ThresholdsSpec {
    /// Of the capacity: what is in flight.
    pub in_use: u32,
    /// Time to first byte, of its own baseline for requests as long: 200 is twice as slow.
    pub first_byte: u32,
    /// What the service itself reports.
    pub reported: u32,
}

/// One rule of the ladder. A condition that is not said holds for all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LadderRuleSpec {
    /// Its name, unique: in problems, logs and metrics.
    pub name: String,
    /// Operations: names, `tts.*`, or `*`. A request that is several fits by any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// Names of tiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// Levels of load.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<Level>,
    /// How many Unicode scalar values of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_chars: Option<RangeSpec>,
    /// How many seconds of audio the text is estimated to become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_seconds: Option<RangeSpec>,
    /// What becomes of the request.
    pub rung: RungSpec,
    /// What `rung: degrade` changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrade: Option<DegradeSpec>,
    /// What `rung: reject` says. By default `text-too-long` if the rule has a lower bound of length,
    /// else `busy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reject: Option<RejectSpec>,
}

/// A range of lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RangeSpec {
    /// More than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<u64>,
    /// At most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u64>,
}

/// How loaded a service is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It has room.
    #[default]
    Normal,
    /// It gets slow.
    Busy,
    /// It is at its limit, or past it.
    Overload,
}

impl Level {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Busy => "busy",
            Self::Overload => "overload",
        }
    }
}

/// The rungs of the ladder, from the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RungSpec {
    /// It goes on as it is.
    Pass,
    /// It goes on, asking for less.
    Degrade,
    /// It goes to the batch lane: `x-voxgate-lane: batch`.
    Divert,
    /// It is answered.
    Reject,
}

/// What a degraded request asks for. Only a JSON body can be changed; a rule does not match a request
/// that it could not degrade. Never more than the request asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DegradeSpec {
    /// At most this sample rate, in Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// This model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// This format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Streamed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// Headers that are set, for a service that reads its quality there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// What a rejection says: they tell a client opposite strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RejectSpec {
    /// 503: the same request may pass later; when, says `Retry-After`.
    Busy,
    /// 413: a shorter one passes now; how long, says the problem.
    TextTooLong,
}

/// By when the first byte of an answer is wanted. A client's own `x-voxgate-deadline` or
/// `grpc-timeout` counts too, whichever is first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DeadlineSpec {
    /// For tiers that are not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<DurationSpec>,
    /// By tier.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<String, DurationSpec>,
}

impl DeadlineSpec {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
