//! Why a request passes or not: names for metrics, places in the policy.

use super::Outcome;
use crate::body::{BodyError, Field, Unreadable};
use crate::identity::Refusal;
use crate::operation::OperationSet;
use crate::recognise::PathError;
use crate::spec::ShadowSection;
use crate::tier::Limit;

/// Why a request passes or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The caller's tier may do all that is asked.
    TierAllows,
    /// No rule knows the operation, and the policy lets such requests pass.
    UnknownAllowed,
    /// A CORS preflight, which has no credentials by design.
    Preflight,
    /// It asks for what was used, with a token.
    Usage,
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
    /// The request asks for more than the caller's tier may in one.
    OverLimit {
        /// Of what.
        limit: Limit,
        /// The most that is allowed.
        max: u64,
        /// What was asked for, as far as it was read; `None` if it cannot be told.
        found: Option<u64>,
    },
    /// The request names a model, voice or format that the caller's tier does not list.
    NotListed(Field),
    /// The service would fetch a recording from where it must not.
    ReferenceUrl(UrlRefusal),
    /// A voice is to be made, and nothing shows that its owner consents.
    NoConsent,
    /// The query cannot be read in one way only.
    MalformedQuery(BodyError),
    /// The body cannot be read.
    MalformedBody(BodyError),
    /// The body is too long to be certain of what it asks for.
    BodyTooLarge {
        /// The most bytes that are held, or of a compressed body decoded.
        max: u64,
    },
    /// The body is of a type or an encoding that is not read here.
    UnreadableBody(Unreadable),
}

/// Why a reference recording by URL is refused. None repeats the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// The caller's tier allows none.
    #[error("reference audio by URL is not allowed")]
    Denied,
    /// The host is not listed.
    #[error("reference audio from this host is not allowed")]
    NotListed,
    /// Another scheme than `https`.
    #[error("reference audio must come by https")]
    Insecure,
    /// A literal address, or a name, of a private or local network.
    #[error("reference audio must not come from a private or local address")]
    Private,
    /// It can be read in more than one way.
    #[error("the URL of the reference audio can be read in more than one way")]
    Ambiguous,
}

// === impl Reason ===

impl Reason {
    /// The name in metrics and records: few, and stable.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::TierAllows => "tier_allows",
            Self::UnknownAllowed => "unknown_allowed",
            Self::Preflight => "preflight",
            Self::Usage => "usage",
            Self::MissingToken => "missing_token",
            Self::Refused(refusal) => refusal.reason(),
            Self::KeysUnavailable => "keys_unavailable",
            Self::UnknownOperation => "unknown_operation",
            Self::InvalidPath(_) => "invalid_path",
            Self::InvalidContentType => "invalid_content_type",
            Self::HeadersTooLarge => "headers_too_large",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::TenantCapped { .. } => "tenant_capped",
            Self::OverLimit { limit, .. } => match limit {
                Limit::TextChars => "text_chars_limit",
                Limit::AudioSeconds => "audio_seconds_limit",
                Limit::SampleRateHz => "sample_rate_limit",
                Limit::ReferenceAudioBytes => "reference_audio_bytes_limit",
                Limit::ReferenceAudioSeconds => "reference_audio_seconds_limit",
                Limit::BatchLines => "batch_lines_limit",
            },
            Self::NotListed(Field::Model) => "model_not_listed",
            Self::NotListed(Field::Voice) => "voice_not_listed",
            Self::NotListed(_) => "format_not_listed",
            Self::ReferenceUrl(_) => "reference_url",
            Self::NoConsent => "no_consent",
            Self::MalformedQuery(_) => "malformed_query",
            Self::MalformedBody(_) => "malformed_body",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::UnreadableBody(Unreadable::ContentType) => "unsupported_content_type",
            Self::UnreadableBody(Unreadable::ContentEncoding) => "unsupported_content_encoding",
            Self::UnreadableBody(Unreadable::Upgrade) => "unsupported_upgrade",
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
            Self::InsufficientScope { .. }
            | Self::TenantCapped { .. }
            | Self::OverLimit { .. }
            | Self::NotListed(_)
            | Self::ReferenceUrl(_)
            | Self::NoConsent => Some(ShadowSection::Tiers),
            Self::MalformedQuery(_)
            | Self::MalformedBody(_)
            | Self::BodyTooLarge { .. }
            | Self::UnreadableBody(_) => Some(ShadowSection::Facts),
            Self::TierAllows
            | Self::UnknownAllowed
            | Self::Preflight
            | Self::Usage
            | Self::HeadersTooLarge => None,
        }
    }

    /// Whether a better tier could help.
    pub(crate) fn is_about_rights(&self) -> bool {
        self.section() == Some(ShadowSection::Tiers)
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::TierAllows | Self::UnknownAllowed | Self::Preflight | Self::Usage => {
                Outcome::Allow
            }
            _ => Outcome::Deny,
        }
    }

    /// The member of a tier that decided.
    pub(super) fn member(&self) -> String {
        match self {
            Self::OverLimit { limit, .. } => format!(".max.{limit}"),
            Self::NotListed(field) => format!(".{field}s"),
            Self::ReferenceUrl(_) => ".reference_urls".to_owned(),
            Self::NoConsent => ".consent".to_owned(),
            _ => String::new(),
        }
    }

    pub(super) fn place(&self) -> &'static str {
        match self {
            Self::TierAllows
            | Self::InsufficientScope { .. }
            | Self::OverLimit { .. }
            | Self::NotListed(_)
            | Self::ReferenceUrl(_)
            | Self::NoConsent => "tiers",
            Self::MalformedQuery(_) => "facts",
            Self::MalformedBody(_) => "facts.on_malformed",
            Self::BodyTooLarge { .. } => "facts.past_max_held",
            Self::UnreadableBody(_) => "operations",
            Self::UnknownAllowed | Self::UnknownOperation => "operations.unknown",
            Self::Preflight => "preflight",
            Self::Usage => "quotas.usage",
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
