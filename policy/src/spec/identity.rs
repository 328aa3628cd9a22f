//! The `identity` section as written.

use serde::{Deserialize, Serialize};

use super::{AnonymousSpec, DurationSpec};

/// Who is believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySpec {
    /// Where an identity may come from. They are tried in the order `trusted_peers`,
    /// `jwt_authn`, `token`, whatever the order here: cheapest first.
    pub source: Vec<IdentitySource>,
    /// Token issuers that are believed. A token of any other issuer is refused.
    pub issuers: Vec<IssuerSpec>,
    /// How far the issuers' clocks may differ from this one, for `exp`, `nbf` and `iat`.
    pub clock_skew: DurationSpec,
    /// Whether a token must say when it expires (`exp`).
    pub require_expiry: bool,
    /// Which claims say who the caller is.
    pub claims: ClaimsSpec,
    /// What becomes of a caller without any credentials.
    pub anonymous: AnonymousSpec,
    /// Callers (URI SANs of their mTLS certificates, as `spiffe://cluster.local/ns/NS/sa/SA`)
    /// whose `x-user-tier` and `x-voxgate-tenant` headers are believed. A trailing `*` matches
    /// any rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_peers: Vec<String>,
    /// The keys under which `jwt_authn` leaves the payload it verified in the filter metadata
    /// `envoy.filters.http.jwt_authn`: its `payload_in_metadata`. Istio's is `payload`.
    pub metadata_keys: Vec<String>,
    /// The `realm` of `WWW-Authenticate` (RFC 9110 §11.5).
    pub realm: String,
}

impl Default for IdentitySpec {
    fn default() -> Self {
        Self {
            source: vec![IdentitySource::JwtAuthn, IdentitySource::Token],
            issuers: Vec::new(),
            clock_skew: DurationSpec::from_secs(60),
            require_expiry: true,
            claims: ClaimsSpec::default(),
            anonymous: AnonymousSpec::Deny,
            trusted_peers: Vec::new(),
            metadata_keys: vec!["payload".to_owned(), "jwt_payload".to_owned()],
            realm: "voxgate".to_owned(),
        }
    }
}

/// Where an identity may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentitySource {
    /// Identity headers set by a Voxgate filter nearer to the client, from `trusted_peers` only.
    TrustedPeers,
    /// The payload that Envoy's `jwt_authn` filter verified (Istio: `RequestAuthentication`).
    JwtAuthn,
    /// The bearer token of the `Authorization` header, verified by this filter.
    Token,
}

/// One token issuer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IssuerSpec {
    /// The exact `iss` claim of its tokens.
    pub issuer: String,
    /// Accepted `aud` values; a token must have one of them. Empty: `aud` is not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// The algorithms this issuer signs with. A token that names another is refused
    /// (RFC 8725 §3.1).
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<AlgorithmName>,
    /// Its keys (RFC 7517). Needed for the source `token` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwksSpec>,
}

fn default_algorithms() -> Vec<AlgorithmName> {
    vec![AlgorithmName::RS256]
}

/// A JWS signature algorithm (RFC 7518 §3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AlgorithmName {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256. Needs a module built with `software-crypto`.
    PS256,
    /// RSASSA-PSS with SHA-384. Needs a module built with `software-crypto`.
    PS384,
    /// RSASSA-PSS with SHA-512. Needs a module built with `software-crypto`.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
    /// HMAC with SHA-256; keys of at least 32 bytes.
    HS256,
    /// HMAC with SHA-384; keys of at least 48 bytes.
    HS384,
    /// HMAC with SHA-512; keys of at least 64 bytes.
    HS512,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JwksSpec {
    /// A JWK Set (RFC 7517 §5) in the policy itself.
    Inline(serde_json::Value),
    /// A JWK Set fetched over HTTP through an Envoy cluster.
    Remote(RemoteJwksSpec),
}

/// A JWK Set fetched over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoteJwksSpec {
    /// The URL, as `https://issuer.example.com/.well-known/jwks.json`.
    pub uri: String,
    /// The Envoy cluster that leads there, as
    /// `outbound|443||issuer.example.com`.
    pub cluster: String,
    /// How long one fetch may take.
    #[serde(default = "default_timeout")]
    pub timeout: DurationSpec,
    /// How often the keys are fetched again.
    #[serde(default = "default_refresh")]
    pub refresh: DurationSpec,
    /// The least time between two fetches, however many tokens name an unknown key.
    #[serde(default = "default_cooldown")]
    pub cooldown: DurationSpec,
    /// How long a request may wait for keys before it is answered 503. Longer than `cooldown` and
    /// `timeout` together, or a rotation right after a fetch can end in 503.
    #[serde(default = "default_max_wait")]
    pub max_wait: DurationSpec,
    /// How long the last good keys are used while the source fails.
    #[serde(default = "default_max_stale")]
    pub max_stale: DurationSpec,
}

fn default_timeout() -> DurationSpec {
    DurationSpec::from_secs(2)
}

fn default_refresh() -> DurationSpec {
    DurationSpec::from_secs(300)
}

fn default_cooldown() -> DurationSpec {
    DurationSpec::from_secs(2)
}

fn default_max_wait() -> DurationSpec {
    DurationSpec::from_secs(5)
}

fn default_max_stale() -> DurationSpec {
    DurationSpec::from_secs(86_400)
}

/// Which claims say who the caller is. Each is a dotted path: `realm_access.roles` is the member
/// `roles` of the member `realm_access`. A name that has dots itself, such as a URL, is found as
/// it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ClaimsSpec {
    /// The claim that names the tenant, who pays. A token without it is refused. With several
    /// issuers, name one that no two of them use for different tenants.
    pub tenant: String,
    /// The claims that hold scopes; all that are present count. Each is a string of scopes
    /// separated by spaces (RFC 8693 §4.2) or an array of strings.
    pub scopes: Vec<String>,
    /// The claim that tells a tenant's users apart, for quotas of `scope: user`. By default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Default for ClaimsSpec {
    fn default() -> Self {
        Self {
            tenant: "sub".to_owned(),
            scopes: vec!["scope".to_owned(), "scp".to_owned()],
            user: None,
        }
    }
}
