//! Who asks: from the evidence at hand to a tenant and a tier.

mod authenticate;
mod bearer;
mod issuer;
mod peer;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

pub use authenticate::authenticate;
pub use issuer::{Issuer, IssuerId, IssuerKeys};
pub use rules::IdentityRules;

use crate::jwks::KeySet;
use crate::tier::TierId;
use crate::time::UnixMillis;
use crate::token::{TokenDigest, TokenError};

/// The header that names the caller's tier to the service.
pub const TIER_HEADER: &str = "x-user-tier";
/// The header that names the tenant to the service.
pub const TENANT_HEADER: &str = "x-voxgate-tenant";
/// The header that names the operation to the service.
pub const OPERATION_HEADER: &str = "x-voxgate-operation";

/// Whether only Voxgate may set this header (given in lower case).
///
/// An underscore counts as a hyphen: CGI, WSGI and PHP hand both to the service under one name
/// (`HTTP_X_USER_TIER`, RFC 3875 §4.1.18), so `x_user_tier` would be taken for the true header.
pub fn is_reserved_header(name: &str) -> bool {
    // They say what the caller asks for, and what was before, not who it is.
    if [crate::shed::DEADLINE_HEADER, crate::stream::stages::STAGES_HEADER].contains(&name) {
        return false;
    }
    let hyphenated = || name.bytes().map(|byte| if byte == b'_' { b'-' } else { byte });
    hyphenated().eq(TIER_HEADER.bytes())
        || hyphenated().take(RESERVED_PREFIX.len()).eq(RESERVED_PREFIX.bytes())
}

/// What the names of all our other headers start with.
const RESERVED_PREFIX: &str = "x-voxgate-";

/// A caller whose credentials are good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Who pays. `None` only behind the edge, for a caller whom the edge let in without a tenant.
    pub tenant: Option<Rc<str>>,
    /// The best tier its scopes lead to, no better than its tenant's cap; `None` if no tier.
    pub tier: Option<TierId>,
    /// The tier its scopes lead to, where the tenant's cap took it away.
    pub uncapped: Option<TierId>,
    /// Whether the token has the claim that its tier's `consent.claim` names.
    pub consents: bool,
    /// Which of the tenant's users it is, where the policy names a claim for that.
    pub user: Option<Rc<str>>,
    /// Whether the token has the scope that `quotas.usage.operator_scope` names.
    pub is_operator: bool,
}

/// What was found out about a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// The credentials are good; the source says which step found so.
    Known(Identity, Source),
    /// There were none.
    Anonymous,
    /// They are not good.
    Refused(Refusal),
    /// The issuer's keys are on their way: ask again when they are here.
    Wait(IssuerId),
    /// The issuer's keys are not to be had.
    Unavailable(IssuerId),
}

/// The step that told who the caller is, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Headers of a trusted peer.
    TrustedPeer,
    /// The payload that Envoy's `jwt_authn` verified.
    JwtAuthn,
    /// A token verified before.
    Cache,
    /// A token verified now.
    Token,
}

impl Source {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrustedPeer => "trusted_peer",
            Self::JwtAuthn => "jwt_authn",
            Self::Cache => "cache",
            Self::Token => "token",
        }
    }
}

/// Why credentials are not good. `Display` is fit for `error_description` (RFC 6750 §3): it never
/// repeats anything a client sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Authorization` stands more than once, or joins several values.
    #[error("the request has more than one Authorization header")]
    RepeatedAuthorization,
    /// There is a bearer token, but only what `jwt_authn` verified counts here.
    #[error("the token was not verified by the proxy's JWT filter")]
    NotVerifiedByProxy,
    /// What `jwt_authn` left could not be read.
    #[error("the verified payload could not be read")]
    UnreadablePayload,
    /// A trusted peer names a tier that this policy lacks, or repeats an identity header.
    #[error("the identity headers of the peer do not fit this policy")]
    PeerHeaders,
    /// The token says nothing of the tenant, or something that is no tenant.
    #[error("the token has no usable tenant claim")]
    NoTenant,
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Refusal {
    /// The name in metrics: few, and stable.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::RepeatedAuthorization => "repeated_authorization",
            Self::NotVerifiedByProxy => "not_verified_by_proxy",
            Self::UnreadablePayload => "unreadable_payload",
            Self::PeerHeaders => "peer_headers",
            Self::NoTenant => "no_tenant",
            Self::Token(error) => error.reason(),
        }
    }
}

/// What the surroundings know of a request: the proxy's in a filter, the command line's in
/// `voxctl explain`.
pub trait Evidence {
    /// The URI SAN of the client certificate, if the connection is mutual TLS.
    fn peer(&mut self) -> Option<String>;

    /// The payload that `jwt_authn` left under `key`, as Envoy serialises a map. `None` also if it
    /// cannot: a `null` anywhere in it makes the whole unreadable.
    fn verified_payload(&self, key: &str) -> Option<Vec<u8>>;

    /// One claim of that payload, by its names from the outside in.
    fn verified_claim(&self, key: &str, path: &[&str]) -> Option<Vec<u8>>;

    /// The identity of a token that was verified before and is still good at `now`.
    fn recall(&mut self, token: &TokenDigest, now: UnixMillis) -> Option<Identity>;

    /// Keeps the identity of a token just verified, for as long as it is good.
    fn remember(&mut self, token: TokenDigest, identity: &Identity, until: Option<UnixMillis>);

    /// What the policy's source of tenants says of a tenant's cap.
    fn sourced_cap(&self, tenant: &str) -> Option<TierId> {
        let _ = tenant;
        None
    }

    /// The keys of an issuer with a remote JWK Set.
    fn keys(&mut self, issuer: IssuerId, now: UnixMillis) -> Keys;

    /// A token names a key that [`keys`](Self::keys) lacks: are those keys younger than the
    /// request? Only then is the key really unknown.
    fn newer_keys(&mut self, issuer: IssuerId, now: UnixMillis) -> NewerKeys;
}

/// Keys of a remote JWK Set.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Here they are.
    Ready(Rc<KeySet>),
    /// They are being fetched.
    Wait,
    /// They could not be fetched in time.
    Unavailable,
}

/// Whether asking for newer keys can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewerKeys {
    /// The keys were fetched after the request came: they are as new as can be.
    Current,
    /// They will be fetched again.
    Wait,
    /// They could not be fetched in time.
    Unavailable,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
