//! A denial for clients: status, `WWW-Authenticate` (RFC 6750 §3) and problem details (RFC 9457).

use serde::Serialize;

use super::problem::{Basics, GrpcCode, problem_type};
use super::{Decision, Reason};
use crate::Policy;
use crate::identity::Refusal;
use crate::operation::OperationSet;

/// What the proxy answers instead of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The status for a gRPC caller.
    pub grpc: GrpcCode,
    /// The value of `WWW-Authenticate`, where credentials are the matter.
    pub www_authenticate: Option<String>,
    /// The value of `Retry-After` in seconds, where the same request may pass later.
    pub retry_after: Option<u32>,
    /// One sentence for people; the message for a gRPC caller.
    pub detail: String,
    /// The body, `application/problem+json`.
    pub problem: Vec<u8>,
}

/// Problem details (RFC 9457 §3); members beyond the standard ones say what was compared.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(flatten)]
    basics: Basics<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

impl Decision {
    /// The scope with which the caller would have been let through, if there is one.
    pub fn needed_scope<'a>(&self, policy: &'a Policy) -> Option<&'a str> {
        policy.tiers().scope_for(self.sufficient?)
    }

    /// What to answer if the request does not pass; `None` for what the policy allows.
    pub fn answer(&self, policy: &Policy) -> Option<Answer> {
        let kind = problem_type(&self.reason)?;
        let needed_scope = self.needed_scope(policy);
        let detail = self.detail(policy, needed_scope);
        let problem = Problem {
            basics: Basics {
                rule: self.rule(policy),
                operation: (!self.operations.is_empty())
                    .then(|| policy.operations().display(self.operations)),
                tier: self.tier.map(|it| policy.tiers().name(it)),
                ..Basics::new(kind, &detail)
            },
            needed_scope,
            limit: match self.reason {
                Reason::OverLimit { limit, .. } => Some(limit.as_str()),
                _ => None,
            },
            max: match self.reason {
                Reason::OverLimit { max, .. } | Reason::BodyTooLarge { max } => Some(max),
                _ => None,
            },
            found: match self.reason {
                Reason::OverLimit { found, .. } => found,
                _ => None,
            },
            offset: match self.reason {
                Reason::MalformedBody(error) => Some(error.offset),
                _ => None,
            },
        };
        Some(Answer {
            status: kind.status,
            grpc: kind.grpc,
            www_authenticate: self.challenge(policy.identity().realm(), needed_scope),
            retry_after: (self.reason == Reason::KeysUnavailable).then_some(1),
            // A struct of strings and numbers cannot fail to serialise.
            problem: serde_json::to_vec(&problem).unwrap_or_default(),
            detail,
        })
    }

    /// RFC 6750 §3. No error code where no credentials came (§3.1), none where no scope helps.
    fn challenge(&self, realm: &str, needed_scope: Option<&str>) -> Option<String> {
        let bearer = format!("Bearer realm=\"{realm}\"");
        match &self.reason {
            Reason::MissingToken => Some(bearer),
            Reason::Refused(refusal) => {
                let error = match refusal {
                    Refusal::RepeatedAuthorization => "invalid_request",
                    _ => "invalid_token",
                };
                Some(format!("{bearer}, error=\"{error}\", error_description=\"{refusal}\""))
            }
            Reason::InsufficientScope { .. } => {
                let scope = needed_scope.map(|it| format!(", scope=\"{it}\"")).unwrap_or_default();
                Some(format!("{bearer}, error=\"insufficient_scope\"{scope}"))
            }
            _ => None,
        }
    }

    fn detail(&self, policy: &Policy, needed_scope: Option<&str>) -> String {
        let names = |set: OperationSet| policy.operations().display(set).replace('+', ", ");
        let tier = self.tier.map(|it| policy.tiers().name(it));
        let of_tier = tier.unwrap_or_default();
        let way_out =
            || needed_scope.map(|it| format!(" Scope {it} allows it.")).unwrap_or_default();
        match &self.reason {
            Reason::MissingToken => "The request has no bearer token.".to_owned(),
            Reason::Refused(refusal) => sentence(&refusal.to_string()),
            Reason::KeysUnavailable => {
                "The issuer's keys could not be fetched; the token may be good.".to_owned()
            }
            Reason::UnknownOperation => {
                "No rule of the policy knows this method and path, and operations.unknown is deny."
                    .to_owned()
            }
            Reason::InvalidPath(error) => sentence(&error.to_string()),
            Reason::InvalidContentType => {
                "The request has more than one content type, or one that is no media type."
                    .to_owned()
            }
            Reason::HeadersTooLarge => {
                "The request has more headers than can be examined.".to_owned()
            }
            Reason::InsufficientScope { missing } => {
                let who = match tier {
                    Some(tier) => format!("Tier {tier}"),
                    None => "A caller whose scopes lead to no tier".to_owned(),
                };
                let way_out = match needed_scope {
                    Some(scope) => format!("scope {scope} is needed"),
                    None => "no scope allows it".to_owned(),
                };
                format!("{who} may not {}; {way_out}.", names(*missing))
            }
            Reason::TenantCapped { missing } => format!(
                "The tenant is capped at tier {}, which may not {}.",
                tier.unwrap_or_default(),
                names(*missing)
            ),
            Reason::OverLimit { limit, max, found } => {
                let what = limit.as_str().replace('_', " ");
                let found = match found {
                    Some(found) => format!("the request has at least {found}"),
                    None => "the request does not tell how many it has".to_owned(),
                };
                format!("Tier {of_tier} allows at most {max} {what}; {found}.{}", way_out())
            }
            Reason::NotListed(field) => {
                let what = field.as_str();
                format!("Tier {of_tier} does not list the {what} that the request names.{}", way_out())
            }
            Reason::ReferenceUrl(refusal) => sentence(&refusal.to_string()),
            Reason::NoConsent => {
                "A voice may be created only with its owner's consent, which the request does not show."
                    .to_owned()
            }
            Reason::MalformedBody(error) => sentence(&error.to_string()),
            Reason::MalformedQuery(error) => format!("In the query: {error}."),
            Reason::BodyTooLarge { max } => format!(
                "What the caller may do depends on the body, which is longer than the {max} bytes that are examined."
            ),
            Reason::UnreadableBody(unreadable) => format!(
                "What the caller may do depends on the body, and {unreadable}."
            ),
            Reason::TierAllows | Reason::UnknownAllowed | Reason::Preflight | Reason::Usage => {
                String::new()
            }
        }
    }
}

/// A capital at the start, a full stop at the end.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_ascii_uppercase(), characters.as_str()),
        None => String::new(),
    }
}
