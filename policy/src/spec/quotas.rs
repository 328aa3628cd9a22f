//! The `quotas` section as written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DurationSpec;
use crate::calendar::CalendarUnit;
use crate::quota::Meter;

/// How much tenants may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct QuotasSpec {
    /// The limits. All that apply to a request are admitted together or not at all.
    pub rules: Vec<QuotaRuleSpec>,
    /// Percentages of a limit whose passing is told by the header `x-voxgate-quota-warning` and by
    /// a metric, ascending, 1 to 100.
    pub soft: Vec<u8>,
    /// What becomes of a request while the counters cannot be had.
    pub on_store_error: OnStoreError,
    /// How long a reservation or a held stream counts without a sign of life: 1 s to 1 h. Response
    /// chunks renew it; what a crash left behind is given back within this time.
    pub lease: DurationSpec,
    /// When a WebSocket holds a unit of `streams`.
    pub websockets: WebSocketStreams,
    /// What is given back of what was reserved.
    pub refund: RefundsSpec,
    /// Requests with the same `Idempotency-Key`, path and body are charged once. By default the
    /// header is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<IdempotencySpec>,
    /// Where tenants can ask what they have used. Nowhere by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageSpec>,
    /// Tenants that stand in metrics under their own name; all others are `other`. At most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label_tenants: Vec<String>,
}

impl Default for QuotasSpec {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            soft: vec![80, 95],
            on_store_error: OnStoreError::Deny,
            lease: DurationSpec::from_secs(60),
            websockets: WebSocketStreams::Connected,
            refund: RefundsSpec::default(),
            idempotency: None,
            usage: None,
            label_tenants: Vec::new(),
        }
    }
}

impl QuotasSpec {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One limit on one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotaRuleSpec {
    /// Its name, unique: in headers, problems, metrics and tenants' overrides.
    pub name: String,
    /// What is counted.
    pub meter: Meter,
    /// The operations that count: names, `tts.*`, or `*`. By default all that the meter can count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// The window: a length of time as `10s`, `1h`, `30d` (rolling: a bucket that drains
    /// evenly, GCRA), or `day`, `week`, `month` (calendar). Required, except for `streams` and
    /// `voice.slots`, which are held and have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<PeriodSpec>,
    /// Where calendar windows begin at midnight: an IANA time zone as `Europe/Berlin`. UTC by
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Whose use is added up.
    #[serde(default)]
    pub scope: QuotaScope,
    /// How much a unit counts, by what the request names; 1 by default.
    #[serde(default, skip_serializing_if = "WeightsSpec::is_empty")]
    pub weight: WeightsSpec,
    /// The limit of tiers that `tiers` does not name. Without it, each tier that the rule can apply
    /// to needs an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<QuotaLimitSpec>,
    /// The limit of each tier. A tenant's own `quotas` come first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<String, QuotaLimitSpec>,
    /// How much is reserved of what is known only afterwards.
    #[serde(default)]
    pub reserve: ReserveSpec,
    /// Other percentages than those of `quotas.soft`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft: Option<Vec<u8>>,
    /// Decided, counted and logged, but not enforced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
}

/// A limit in units of the rule's meter. Zero forbids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct QuotaLimitSpec {
    /// Units in a window, or held at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Rolling windows only: units that may be used at once, `limit` by default. The bucket drains
    /// by `limit` in each window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// There is no limit; must be said, never implied.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unlimited: bool,
}

/// Whose use is added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuotaScope {
    /// Each tenant's. Callers without a tenant are one.
    #[default]
    Tenant,
    /// Each user's within a tenant: `identity.claims.user`.
    User,
    /// Everybody's together.
    Service,
}

/// How much a unit counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WeightsSpec {
    /// By model: a name or a pattern as `glm-tts-*`, 0 to 1000 in steps of 0.001. Of several that
    /// fit, the highest counts; one that none fits counts 1.
    pub model: BTreeMap<String, f64>,
}

impl WeightsSpec {
    /// Whether all count 1.
    pub fn is_empty(&self) -> bool {
        self.model.is_empty()
    }
}

/// How much is reserved of what is known only afterwards (`audio.seconds` of speech, `llm.tokens`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReserveSpec {
    /// The most of the limit that one request reserves, in percent, 1 to 100: so a pessimistic
    /// estimate cannot block a tenant that has budget left.
    pub share: u8,
    /// The least that one request reserves, in units of the meter.
    pub least: u64,
}

impl Default for ReserveSpec {
    fn default() -> Self {
        Self { share: 10, least: 1 }
    }
}

/// What becomes of a request while the counters cannot be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnStoreError {
    /// It is answered 503, problem type `quota-unavailable`.
    #[default]
    Deny,
    /// It passes uncounted.
    Allow,
}

/// When a WebSocket holds a unit of `streams`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WebSocketStreams {
    /// From the handshake to its end.
    #[default]
    Connected,
    /// While the service sends: from its first bytes until it was silent for `lease`. It needs a
    /// free unit to open, and takes one past the limit if there is none when it wakes up.
    Generating,
}

/// What is given back of what was reserved, by how a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RefundsSpec {
    /// The service answered 4xx or 5xx, broke off or timed out, or another filter answered.
    pub failed: Refund,
    /// It answered, and there was no sound in it; with any ending.
    pub silent: Refund,
    /// The client left part-way.
    pub abandoned: Refund,
}

impl Default for RefundsSpec {
    fn default() -> Self {
        Self { failed: Refund::Full, silent: Refund::Full, abandoned: Refund::Undelivered }
    }
}

/// What is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Refund {
    /// All.
    Full,
    /// What was not delivered, in proportion to seconds of audio; all if nothing was, nothing if
    /// the format does not tell.
    Undelivered,
    /// Nothing.
    None,
}

/// Repeated requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IdempotencySpec {
    /// For how long after a request was charged its repeats are not: 1 s to 7 d.
    pub window: DurationSpec,
}

impl Default for IdempotencySpec {
    fn default() -> Self {
        Self { window: DurationSpec::from_secs(86_400) }
    }
}

/// Where tenants can ask what they have used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UsageSpec {
    /// The path that the proxy answers itself. It needs a token, whatever `identity.anonymous` and
    /// `shadow` say, and tells each tenant its own figures.
    pub path: String,
    /// The scope whose callers are told all tenants' figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_scope: Option<String>,
}

impl Default for UsageSpec {
    fn default() -> Self {
        Self { path: "/.well-known/voxgate/usage".to_owned(), operator_scope: None }
    }
}

/// A window: a length of time, or a unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodSpec {
    /// That begins with each unit used and drains evenly.
    Rolling(DurationSpec),
    /// That begins at midnight.
    Calendar(CalendarUnit),
}

impl fmt::Display for PeriodSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling(length) => length.fmt(f),
            Self::Calendar(CalendarUnit::Day) => f.write_str("day"),
            Self::Calendar(CalendarUnit::Week) => f.write_str("week"),
            Self::Calendar(CalendarUnit::Month) => f.write_str("month"),
        }
    }
}

impl Serialize for PeriodSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PeriodSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = PeriodSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a window such as `10s`, `1h`, `30d`, `day`, `week` or `month`")
            }

            fn visit_str<E: serde::de::Error>(self, written: &str) -> Result<PeriodSpec, E> {
                Ok(match written.trim() {
                    "day" => PeriodSpec::Calendar(CalendarUnit::Day),
                    "week" => PeriodSpec::Calendar(CalendarUnit::Week),
                    "month" => PeriodSpec::Calendar(CalendarUnit::Month),
                    other => PeriodSpec::Rolling(DurationSpec::parse(other).ok_or_else(|| {
                        E::custom(format!(
                            "`{written}` is not a window; write `day`, `week`, `month`, or a length of time as `10s`, `1m`, `1h`, `30d`"
                        ))
                    })?),
                })
            }
        }

        deserializer.deserialize_str(Written)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PeriodSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time such as `10s`, `1h`, `30d`, or `day`, `week`, `month`.",
            "pattern": r"^\s*((\d+(d|h|m|s|ms)\s*)+|day|week|month)\s*$",
        })
    }
}
