//! The `tiers` and `tenants` sections as written.

use serde::{Deserialize, Serialize};

/// A named set of rights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierSpec {
    /// The tier's name, unique; sent to the service as `x-user-tier`.
    pub name: String,
    /// Scopes that lead to this tier: any one entry suffices. An entry of several scopes,
    /// separated by spaces, needs them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Operations this tier may ask for: names, `tts.*` for all of a kind, or `*`.
    pub allow: Vec<String>,
}

/// What becomes of a caller without any credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnonymousSpec {
    /// It is answered 401.
    #[default]
    Deny,
    /// It gets this tier, and no tenant.
    Tier(String),
}

/// What is known of single tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TenantsSpec {
    /// Tenants with terms of their own; any other tenant has its tier's.
    pub inline: Vec<TenantSpec>,
}

impl TenantsSpec {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.inline.is_empty()
    }
}

/// One tenant's own terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TenantSpec {
    /// The value of the tenant claim.
    pub id: String,
    /// The best tier this tenant's callers can get, whatever scopes their tokens have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tier: Option<String>,
}
