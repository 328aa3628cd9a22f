//! The `tiers` and `tenants` sections as written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DurationSpec, QuotaLimitSpec};

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
    /// The most that one request may ask for. What is left out has no limit.
    #[serde(default, skip_serializing_if = "LimitsSpec::is_empty")]
    pub max: LimitsSpec,
    /// Models that may be named: names, or patterns as `glm-tts-*`. Empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Voices that may be named: names, patterns, or `preset` for those of
    /// `operations.preset_voices` and of the presets. Empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voices: Vec<String>,
    /// Formats of the answer that may be named, as `mp3`, or patterns. Empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
    /// What becomes of a reference recording that the service is to fetch from a URL, for a tier
    /// that may `voice.create`.
    #[serde(default)]
    pub reference_urls: ReferenceUrlsSpec,
    /// What shows that the owner of a voice consents, before `voice.create`. Nothing is asked for by
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentSpec>,
}

/// The most that one request may ask for. Zero forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// Characters of text, as Unicode scalar values; in a batch, of each line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_chars: Option<u64>,
    /// Seconds of speech that the text is estimated to become; in a batch, of each line. Also
    /// seconds of audio that is sent to be worked on; one whose length its format does not tell is
    /// refused then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_seconds: Option<u64>,
    /// The sample rate of the answer, in Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<u64>,
    /// The size of one reference recording, decoded, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_audio_bytes: Option<u64>,
    /// The length of one reference recording, in seconds. One whose length its format does not tell
    /// is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_audio_seconds: Option<u64>,
    /// Lines of a JSONL body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_lines: Option<u64>,
}

impl LimitsSpec {
    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a reference recording by URL. The service would fetch it in the caller's place,
/// so nothing passes by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReferenceUrlsSpec {
    /// It is refused.
    #[default]
    Deny,
    /// It passes if it is `https`, from one of these hosts (names, or `*.example.com` for those
    /// below), and the host is no literal address of a private or local network.
    Hosts(Vec<String>),
}

/// What shows consent; one of those that are named suffices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ConsentSpec {
    /// A claim of the token that is `true`, or any text but an empty one, such as the number of a
    /// contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// A field that a rule's `consent` names, and that is `true` or any text but an empty one,
    /// `false`, `no` and `0`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub field: bool,
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
    /// Where more tenants come from. One that stands inline as well has what stands inline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<TenantSourceSpec>,
}

impl TenantsSpec {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.inline.is_empty() && self.source.is_none()
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
    /// The tenant's own limits, by the name of a quota rule. Under rules that are not named, its
    /// tier's count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quotas: BTreeMap<String, QuotaLimitSpec>,
}

/// Tenants that are fetched over HTTP: JSON Lines, one tenant a line, as under `inline`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TenantSourceSpec {
    /// The URL, as `http://tenants.billing.svc.cluster.local/voxgate.jsonl`.
    pub uri: String,
    /// The Envoy cluster that leads there, as `outbound|80||tenants.billing.svc.cluster.local`.
    pub cluster: String,
    /// How long one fetch may take.
    #[serde(default = "default_source_timeout")]
    pub timeout: DurationSpec,
    /// How often it is asked whether they changed, by `If-None-Match`: 1 s or more.
    #[serde(default = "default_source_refresh")]
    pub refresh: DurationSpec,
    /// The largest document, in bytes; a larger one is not read, and the last good one kept.
    #[serde(default = "default_source_bytes")]
    pub max_bytes: u64,
}

fn default_source_timeout() -> DurationSpec {
    DurationSpec::from_secs(5)
}

fn default_source_refresh() -> DurationSpec {
    DurationSpec::from_secs(30)
}

fn default_source_bytes() -> u64 {
    32 * 1024 * 1024
}
