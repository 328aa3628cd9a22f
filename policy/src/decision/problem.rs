//! The problem types (RFC 9457 §3.1.1), and which reason has which.

use serde::Serialize;

use super::Reason;
use crate::identity::Refusal;

/// gRPC status codes (<https://grpc.io/docs/guides/status-codes/>) that denials use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcCode {
    /// 3: the request is malformed.
    InvalidArgument = 3,
    /// 4: its time is up.
    DeadlineExceeded = 4,
    /// 7: the caller is known, but may not.
    PermissionDenied = 7,
    /// 8: something is too large.
    ResourceExhausted = 8,
    /// 14: try again later.
    Unavailable = 14,
    /// 16: the caller is not known.
    Unauthenticated = 16,
}

/// A problem type: one page in `docs/problems/`.
pub(crate) struct ProblemType {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) status: u16,
    pub(crate) grpc: GrpcCode,
}

/// What stands in the details of every problem (RFC 9457 §3).
#[derive(Serialize)]
pub(crate) struct Basics<'a> {
    #[serde(rename = "type")]
    pub(crate) uri: String,
    pub(crate) title: &'a str,
    pub(crate) status: u16,
    pub(crate) detail: &'a str,
    /// The part of the policy that decided.
    pub(crate) rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tier: Option<&'a str>,
}

impl<'a> Basics<'a> {
    pub(crate) fn new(kind: &ProblemType, detail: &'a str) -> Self {
        Self {
            uri: format!("{PROBLEM_TYPE_BASE}{}", kind.name),
            title: kind.title,
            status: kind.status,
            detail,
            rule: String::new(),
            operation: None,
            tier: None,
        }
    }
}

const MISSING_TOKEN: ProblemType = ProblemType {
    name: "missing-token",
    title: "A bearer token is needed",
    status: 401,
    grpc: GrpcCode::Unauthenticated,
};
const INVALID_TOKEN: ProblemType = ProblemType {
    name: "invalid-token",
    title: "The token is not accepted",
    status: 401,
    grpc: GrpcCode::Unauthenticated,
};
pub(crate) const INVALID_REQUEST: ProblemType = ProblemType {
    name: "invalid-request",
    title: "The request cannot be read in one way only",
    status: 400,
    grpc: GrpcCode::InvalidArgument,
};
const INSUFFICIENT_SCOPE: ProblemType = ProblemType {
    name: "insufficient-scope",
    title: "The token's scopes do not cover this operation",
    status: 403,
    grpc: GrpcCode::PermissionDenied,
};
const TENANT_CAPPED: ProblemType = ProblemType {
    name: "tenant-capped",
    title: "The tenant's tier is capped below this operation",
    status: 403,
    grpc: GrpcCode::PermissionDenied,
};
const UNKNOWN_OPERATION: ProblemType = ProblemType {
    name: "unknown-operation",
    title: "No rule knows this operation",
    status: 403,
    grpc: GrpcCode::PermissionDenied,
};
const HEADERS_TOO_LARGE: ProblemType = ProblemType {
    name: "headers-too-large",
    title: "Too many request headers",
    status: 431,
    grpc: GrpcCode::ResourceExhausted,
};
const KEYS_UNAVAILABLE: ProblemType = ProblemType {
    name: "keys-unavailable",
    title: "The token cannot be verified at the moment",
    status: 503,
    grpc: GrpcCode::Unavailable,
};

const TIER_LIMIT: ProblemType = ProblemType {
    name: "tier-limit",
    title: "The tier does not allow this much, or this",
    status: 403,
    grpc: GrpcCode::PermissionDenied,
};
const REFERENCE_URL: ProblemType = ProblemType {
    name: "reference-url",
    title: "Reference audio may not come from this URL",
    status: 403,
    grpc: GrpcCode::PermissionDenied,
};
const CONSENT_REQUIRED: ProblemType = ProblemType {
    name: "consent-required",
    title: "Nothing shows that the owner of the voice consents",
    status: 403,
    grpc: GrpcCode::PermissionDenied,
};
const MALFORMED_BODY: ProblemType = ProblemType {
    name: "malformed-body",
    title: "The body cannot be read in one way only",
    status: 400,
    grpc: GrpcCode::InvalidArgument,
};
const BODY_TOO_LARGE: ProblemType = ProblemType {
    name: "body-too-large",
    title: "The body is too large to be examined",
    status: 413,
    grpc: GrpcCode::ResourceExhausted,
};
const UNSUPPORTED_BODY: ProblemType = ProblemType {
    name: "unsupported-body",
    title: "A body of this type or encoding is not read",
    status: 415,
    grpc: GrpcCode::InvalidArgument,
};

pub(crate) const QUOTA_EXCEEDED: ProblemType = ProblemType {
    name: "quota-exceeded",
    title: "There is not enough quota left",
    status: 429,
    grpc: GrpcCode::ResourceExhausted,
};
pub(crate) const QUOTA_UNAVAILABLE: ProblemType = ProblemType {
    name: "quota-unavailable",
    title: "The quota cannot be checked at the moment",
    status: 503,
    grpc: GrpcCode::Unavailable,
};
pub(crate) const BUSY: ProblemType = ProblemType {
    name: "busy",
    title: "The service has no room for this request now",
    status: 503,
    grpc: GrpcCode::Unavailable,
};
pub(crate) const TEXT_TOO_LONG: ProblemType = ProblemType {
    name: "text-too-long",
    title: "The text is too long for now",
    status: 413,
    grpc: GrpcCode::ResourceExhausted,
};
pub(crate) const DEADLINE_EXCEEDED: ProblemType = ProblemType {
    name: "deadline-exceeded",
    title: "The request cannot be answered in time",
    status: 504,
    grpc: GrpcCode::DeadlineExceeded,
};
pub(crate) const SHEDDING_UNAVAILABLE: ProblemType = ProblemType {
    name: "shedding-unavailable",
    title: "Nobody said what the request asks for",
    status: 503,
    grpc: GrpcCode::Unavailable,
};

/// What a problem type URI starts with. A `tag:` URI (RFC 4151), as RFC 9457 §3.1.1 suggests for
/// types without an address of their own: the pages ship with the source.
pub const PROBLEM_TYPE_BASE: &str = "tag:voxgate,2026:problem/";

/// The names of all problem types.
pub const PROBLEM_TYPES: [&str; 20] = [
    MISSING_TOKEN.name,
    INVALID_TOKEN.name,
    INVALID_REQUEST.name,
    INSUFFICIENT_SCOPE.name,
    TENANT_CAPPED.name,
    UNKNOWN_OPERATION.name,
    HEADERS_TOO_LARGE.name,
    KEYS_UNAVAILABLE.name,
    TIER_LIMIT.name,
    REFERENCE_URL.name,
    CONSENT_REQUIRED.name,
    MALFORMED_BODY.name,
    BODY_TOO_LARGE.name,
    UNSUPPORTED_BODY.name,
    QUOTA_EXCEEDED.name,
    QUOTA_UNAVAILABLE.name,
    BUSY.name,
    TEXT_TOO_LONG.name,
    DEADLINE_EXCEEDED.name,
    SHEDDING_UNAVAILABLE.name,
];

/// The problem type of a denial; `None` for what passes.
pub(super) fn problem_type(reason: &Reason) -> Option<&'static ProblemType> {
    Some(match reason {
        Reason::MissingToken => &MISSING_TOKEN,
        Reason::Refused(Refusal::RepeatedAuthorization)
        | Reason::InvalidPath(_)
        | Reason::MalformedQuery(_)
        | Reason::InvalidContentType => &INVALID_REQUEST,
        Reason::Refused(_) => &INVALID_TOKEN,
        Reason::KeysUnavailable => &KEYS_UNAVAILABLE,
        Reason::UnknownOperation => &UNKNOWN_OPERATION,
        Reason::HeadersTooLarge => &HEADERS_TOO_LARGE,
        Reason::InsufficientScope { .. } => &INSUFFICIENT_SCOPE,
        Reason::TenantCapped { .. } => &TENANT_CAPPED,
        Reason::OverLimit { .. } | Reason::NotListed(_) => &TIER_LIMIT,
        Reason::ReferenceUrl(_) => &REFERENCE_URL,
        Reason::NoConsent => &CONSENT_REQUIRED,
        Reason::MalformedBody(_) => &MALFORMED_BODY,
        Reason::BodyTooLarge { .. } => &BODY_TOO_LARGE,
        Reason::UnreadableBody(_) => &UNSUPPORTED_BODY,
        Reason::TierAllows | Reason::UnknownAllowed | Reason::Preflight | Reason::Usage => {
            return None;
        }
    })
}
