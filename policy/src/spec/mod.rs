//! The policy as written: what `voxctl` reads from YAML and a filter gets as JSON.
//!
//! Every field's comment is its description in the JSON Schema. Nothing here is checked beyond
//! its shape; [`crate::Policy`] is the validated form.

mod duration;
mod facts;
mod identity;
mod locate;
mod operations;
mod quotas;
mod shedding;
mod streams;
mod tiers;

pub use duration::DurationSpec;
pub use facts::{
    BodyFormat, BodySpec, DuplicateKeys, FactsSpec, FieldsSpec, GzipSpec, OnMalformed, PastMaxHeld,
};
pub use identity::{
    AlgorithmName, ClaimsSpec, IdentitySource, IdentitySpec, IssuerSpec, JwksSpec, RemoteJwksSpec,
};
pub use operations::{OperationRuleSpec, OperationsSpec, UnknownOperation};
pub use quotas::{
    IdempotencySpec, OnStoreError, PeriodSpec, QuotaLimitSpec, QuotaRuleSpec, QuotaScope,
    QuotasSpec, Refund, RefundsSpec, ReserveSpec, UsageSpec, WebSocketStreams, WeightsSpec,
};
pub use shedding::{
    CapacitySpec, DeadlineSpec, DegradeSpec, LadderRuleSpec, Level, LoadSpec, QueueSpec, RangeSpec,
    RejectSpec, RungSpec, SheddingSpec, ThresholdsSpec, TierShareSpec, WorkUnit,
};
pub use streams::{
    CoalesceMode, CoalesceSpec, ConnectionSpec, ListenerSpec, ProtectSpec, SlowSpec, StallAction,
    StallSpec, StreamsSpec,
};
pub use tiers::{
    AnonymousSpec, ConsentSpec, LimitsSpec, ReferenceUrlsSpec, TenantSourceSpec, TenantSpec,
    TenantsSpec, TierSpec,
};

use serde::{Deserialize, Serialize};

use crate::error::{PolicyError, PolicyErrors};
pub(crate) use locate::path_at;

/// A Voxgate policy: who may do what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    /// The version of this format. Must be 1.
    pub version: u32,
    /// Who is believed: issuers, keys and claims.
    pub identity: IdentitySpec,
    /// How requests are recognised as operations.
    pub operations: OperationsSpec,
    /// Named sets of rights, best first. A caller gets the first tier that its scopes lead to.
    pub tiers: Vec<TierSpec>,
    /// What is known of single tenants.
    #[serde(default, skip_serializing_if = "TenantsSpec::is_empty")]
    pub tenants: TenantsSpec,
    /// How much tenants may use.
    #[serde(default, skip_serializing_if = "QuotasSpec::is_empty")]
    pub quotas: QuotasSpec,
    /// What becomes of a request that is too long for the moment. Without it nothing is shed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shedding: Option<SheddingSpec>,
    /// How generated streams reach the listener. Without it they are neither measured nor changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<StreamsSpec>,
    /// How bodies are read.
    #[serde(default)]
    pub facts: FactsSpec,
    /// What is counted.
    #[serde(default)]
    pub metrics: MetricsSpec,
    /// Sections whose denials are decided, counted and logged, but not enforced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow: Vec<ShadowSection>,
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MetricsSpec {
    /// The most series that one metric may have; past it, requests are counted in one more, whose
    /// labels are all `other`. The labels are outcome, reason, tier and operation, whose values
    /// come from the policy, never from a client.
    pub max_series: u32,
}

impl Default for MetricsSpec {
    fn default() -> Self {
        Self { max_series: 500 }
    }
}

/// A section of the policy that can be tried in shadow mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShadowSection {
    /// Missing, invalid and unverifiable tokens.
    Identity,
    /// Requests that no operation rule knows, and ambiguous paths and content types.
    Operations,
    /// Bodies that are malformed, too large, or of a type or encoding that is not read: 400, 413,
    /// 415.
    Facts,
    /// Tier rights and limits: 403.
    Tiers,
    /// Quotas: 429.
    Quotas,
    /// Shedding: 413, 503, 504. Nothing is degraded or diverted either.
    Shedding,
}

impl PolicySpec {
    /// Reads a policy from JSON, the form in which a filter is configured.
    ///
    /// # Errors
    /// One error with the path of the value that does not fit, and what would.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyErrors> {
        serde_json::from_slice(json).map_err(|error| {
            let path = path_at(json, error.line(), error.column());
            PolicyErrors(vec![PolicyError::new(path, error.to_string())])
        })
    }

    /// Reads a policy from any serde format.
    ///
    /// # Errors
    /// One error with the path of the value that does not fit, and what would.
    pub fn deserialize_with_path<'de, D>(deserializer: D) -> Result<Self, PolicyErrors>
    where
        D: serde::Deserializer<'de>,
    {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            PolicyErrors(vec![PolicyError::new(
                crate::error::Path::from(error.path()),
                error.inner().to_string(),
            )])
        })
    }
}
