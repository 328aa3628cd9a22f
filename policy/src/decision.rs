//! A decision, which explains itself: the answer to the client, the log line, the metric and the
//! access-log record are all made from it.

mod answer;
mod problem;
mod record;

use std::fmt;
use std::rc::Rc;

pub use answer::Answer;
pub use problem::{GrpcCode, PROBLEM_TYPE_BASE, PROBLEM_TYPES};
pub use record::Record;

use crate::Policy;
use crate::identity::{Refusal, Source};
use crate::operation::OperationSet;
use crate::recognise::{PathError, RuleName};
use crate::spec::ShadowSection;
use crate::tier::TierId;

/// What was decided on a request, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it passes.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The caller's tier, if it is known and has one.
    pub tier: Option<TierId>,
    /// The caller's tenant, if it is known.
    pub tenant: Option<Rc<str>>,
    /// What the request asks for; empty if unknown.
    pub operations: OperationSet,
    /// The rule that recognised the operations.
    pub known_by: Option<RuleName>,
    /// The step that told who the caller is.
    pub source: Option<Source>,
}

/// Whether a request passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passes.
    Allow,
    /// It is answered by the proxy.
    Deny,
    /// It passes, because the section that would deny it is in shadow mode.
    WouldDeny,
}

/// Why a request passes or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The caller's tier may do all that is asked.
    TierAllows,
    /// No rule knows the operation, and the policy lets such requests pass.
    UnknownAllowed,
    /// A CORS preflight, which has no credentials by design.
    Preflight,
    /// There are no credentials.
    MissingToken,
    /// The credentials are not good.
    Refused(Refusal),
    /// The issuer's keys could not be had in time.
    KeysUnavailable,
    /// No rule knows the operation.
    UnknownOperation,
    /// The path can be read in more than one way.
    InvalidPath(PathError),
    /// The content type can be read in more than one way.
    InvalidContentType,
    /// The proxy would not hand out the headers: too many, or too large.
    HeadersTooLarge,
    /// The caller's tier, or its lack of one, leaves these out.
    InsufficientScope {
        /// The operations that it may not do.
        missing: OperationSet,
    },
    /// The caller's scopes would do, but its tenant's cap leaves these out.
    TenantCapped {
        /// The operations that it may not do.
        missing: OperationSet,
    },
}

// === impl Decision ===

impl Decision {
    /// A decision for this reason, with nothing else known.
    pub fn of(reason: Reason) -> Self {
        Self {
            outcome: reason.outcome(),
            reason,
            tier: None,
            tenant: None,
            operations: OperationSet::default(),
            known_by: None,
            source: None,
        }
    }

    /// This decision for another reason.
    #[must_use]
    pub(crate) fn because(self, reason: Reason) -> Self {
        Self { outcome: reason.outcome(), reason, ..self }
    }

    /// Whether the request goes on to the service.
    pub fn passes(&self) -> bool {
        self.outcome != Outcome::Deny
    }

    /// The part of the policy that decided, as `tiers.basic`.
    pub fn rule(&self, policy: &Policy) -> String {
        match &self.reason {
            Reason::TierAllows | Reason::InsufficientScope { .. } => match self.tier {
                Some(tier) => format!("tiers.{}", policy.tiers().name(tier)),
                None => "tiers".to_owned(),
            },
            other => other.place().to_owned(),
        }
    }
}

// === impl Reason ===

impl Reason {
    /// The name in metrics and records: few, and stable.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::TierAllows => "tier_allows",
            Self::UnknownAllowed => "unknown_allowed",
            Self::Preflight => "preflight",
            Self::MissingToken => "missing_token",
            Self::Refused(refusal) => refusal.reason(),
            Self::KeysUnavailable => "keys_unavailable",
            Self::UnknownOperation => "unknown_operation",
            Self::InvalidPath(_) => "invalid_path",
            Self::InvalidContentType => "invalid_content_type",
            Self::HeadersTooLarge => "headers_too_large",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::TenantCapped { .. } => "tenant_capped",
        }
    }

    /// The section of the policy that denies for this reason, and can be in shadow mode. `None`
    /// for what passes, and for requests that cannot be passed on safely in any mode.
    pub fn section(&self) -> Option<ShadowSection> {
        match self {
            Self::MissingToken | Self::Refused(_) | Self::KeysUnavailable => {
                Some(ShadowSection::Identity)
            }
            Self::UnknownOperation | Self::InvalidPath(_) | Self::InvalidContentType => {
                Some(ShadowSection::Operations)
            }
            Self::InsufficientScope { .. } | Self::TenantCapped { .. } => {
                Some(ShadowSection::Tiers)
            }
            Self::TierAllows | Self::UnknownAllowed | Self::Preflight | Self::HeadersTooLarge => {
                None
            }
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::TierAllows | Self::UnknownAllowed | Self::Preflight => Outcome::Allow,
            _ => Outcome::Deny,
        }
    }

    fn place(&self) -> &'static str {
        match self {
            Self::TierAllows | Self::InsufficientScope { .. } => "tiers",
            Self::UnknownAllowed | Self::UnknownOperation => "operations.unknown",
            Self::Preflight => "preflight",
            Self::MissingToken => "identity.anonymous",
            Self::Refused(Refusal::NotVerifiedByProxy) => "identity.source",
            Self::Refused(Refusal::NoTenant) => "identity.claims.tenant",
            Self::Refused(Refusal::PeerHeaders) => "identity.trusted_peers",
            Self::Refused(_) | Self::KeysUnavailable => "identity.issuers",
            Self::InvalidPath(_) | Self::InvalidContentType => "operations",
            Self::HeadersTooLarge => "headers",
            Self::TenantCapped { .. } => "tenants.max_tier",
        }
    }
}

impl From<PathError> for Reason {
    fn from(error: PathError) -> Self {
        Self::InvalidPath(error)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::WouldDeny => "would_deny",
        })
    }
}
