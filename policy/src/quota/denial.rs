//! A denial for clients: 429 with problem details, 503 where the counters cannot be had.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::Serialize;

use super::fields::{RateLimitFields, rate_limit_fields};
use super::meter::Meter;
use super::rules::QuotaRules;
use super::store::StoreError;
use super::verdict::Violation;
use crate::decision::{Answer, Basics, ProblemType, QUOTA_EXCEEDED, QUOTA_UNAVAILABLE};
use crate::subject::Subject;
use crate::time::UnixMillis;

/// When to try again after what is held has no time of its own, in seconds.
const RETRY_HELD: u64 = 1;

/// When to try again after the counters, or the limit, could not be had, in seconds.
const RETRY_STORE: u32 = 1;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// There is not enough left under these rules.
    Exceeded(Vec<Violation>),
    /// The counters cannot be had.
    Store(StoreError),
    /// No filter before this one said who asks for what.
    NoSubject,
    /// A rule has no limit for the tier, which this version of the policy does not know.
    UnknownTier,
}

/// A denial as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenialAnswer {
    /// Status, body and `Retry-After`.
    pub answer: Answer,
    /// What is left, under the rules that were violated.
    pub fields: RateLimitFields,
    /// `grpc-status-details-bin`: when to try again, for a gRPC client.
    pub grpc_details: Option<String>,
}

/// Problem details (RFC 9457 §3); `violated-policies` is that of
/// draft-ietf-httpapi-ratelimit-headers-11 §5.1.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(flatten)]
    basics: Basics<'a>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated_policies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Shortfall<'a>>,
}

/// What was compared, in units of the meter.
#[derive(Serialize)]
struct Shortfall<'a> {
    policy: &'a str,
    meter: &'static str,
    limit: u64,
    remaining: u64,
    requested: u64,
    /// Seconds; absent if time alone does not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

// === impl Denial ===

impl Denial {
    /// The name in metrics and records.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Exceeded(_) => "quota_exceeded",
            Self::Store(_) => "quota_store",
            Self::NoSubject => "no_subject",
            Self::UnknownTier => "unknown_tier",
        }
    }

    /// The part of the policy that decided: the first rule that was violated.
    pub fn rule(&self, rules: &QuotaRules) -> String {
        match self {
            Self::Exceeded(violations) => {
                let first = violations.first().and_then(|it| rules.get(it.rule));
                format!("quotas.{}", first.map_or("rules", |it| &it.name))
            }
            Self::Store(_) => "quotas.on_store_error".to_owned(),
            Self::NoSubject => "quotas".to_owned(),
            Self::UnknownTier => "tiers".to_owned(),
        }
    }

    /// What to answer.
    pub fn answer(&self, rules: &QuotaRules, subject: &Subject, now: UnixMillis) -> DenialAnswer {
        let (kind, detail) = self.detail(rules);
        let retry_after = self.retry_after(rules);
        let violations = self.violations();
        let named = violations.iter().filter_map(|it| Some((it, rules.get(it.rule)?)));
        let problem = Problem {
            basics: Basics {
                rule: self.rule(rules),
                operation: (!subject.operations.is_empty()).then(|| subject.operations.join("+")),
                tier: subject.tier.as_deref(),
                ..Basics::new(kind, &detail)
            },
            violated_policies: named.clone().map(|(_, rule)| rule.name.as_str()).collect(),
            violations: named
                .clone()
                .map(|(violation, rule)| {
                    let scale = rule.meter.scale();
                    let whole = |units: u64| units.checked_div(scale).unwrap_or_default();
                    Shortfall {
                        policy: &rule.name,
                        meter: rule.meter.as_str(),
                        limit: whole(violation.limit.burst),
                        remaining: whole(violation.remaining()),
                        requested: violation.standing.asked.div_ceil(scale),
                        retry_after: violation.retry_after(),
                    }
                })
                .collect(),
        };
        let answer = Answer {
            status: kind.status,
            grpc: kind.grpc,
            www_authenticate: None,
            retry_after,
            // A struct of strings and numbers cannot fail to serialise.
            problem: serde_json::to_vec(&problem).unwrap_or_default(),
            detail,
        };
        let fields = rate_limit_fields(named.map(|(it, rule)| (rule, it.limit, it.standing)), now);
        let grpc_details = retry_after.map(|it| retry_info(&answer, it));
        DenialAnswer { answer, fields, grpc_details }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Exceeded(violations) => violations,
            Self::Store(_) | Self::NoSubject | Self::UnknownTier => &[],
        }
    }

    /// Seconds until all that was violated may have room; `None` if time alone does not help.
    fn retry_after(&self, rules: &QuotaRules) -> Option<u32> {
        // A stream ends at any time; a voice is there until somebody deletes it.
        let ends_by_itself =
            |it: &Violation| rules.get(it.rule).is_some_and(|it| it.meter == Meter::Streams);
        let seconds = match self {
            Self::Exceeded(violations) => violations
                .iter()
                .map(|it| match it.retry_after() {
                    _ if it.standing.asked > it.limit.burst => None,
                    None if ends_by_itself(it) => Some(RETRY_HELD),
                    seconds => seconds,
                })
                .try_fold(0, |longest, it| Some(it?.max(longest)))?,
            Self::Store(_) | Self::UnknownTier => return Some(RETRY_STORE),
            Self::NoSubject => return None,
        };
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    fn detail(&self, rules: &QuotaRules) -> (&'static ProblemType, String) {
        match self {
            Self::Exceeded(violations) => {
                let each = violations.iter().filter_map(|it| Some(it.detail(rules.get(it.rule)?)));
                (&QUOTA_EXCEEDED, each.collect::<Vec<_>>().join(" "))
            }
            Self::Store(error) => (
                &QUOTA_UNAVAILABLE,
                format!("The quota could not be checked: {error}. Nothing was charged."),
            ),
            Self::NoSubject => (
                &QUOTA_UNAVAILABLE,
                "No filter before this one identified the request: voice-quota stands after jwt-tier, with the same policy."
                    .to_owned(),
            ),
            Self::UnknownTier => (
                &QUOTA_UNAVAILABLE,
                "The limit of the request's tier is not known: voice-quota has another version of the policy than jwt-tier."
                    .to_owned(),
            ),
        }
    }
}

/// `google.rpc.Status` with a `google.rpc.RetryInfo` (AIP-193), in base64 as binary metadata is
/// (gRPC over HTTP/2). By hand: a protobuf library would be larger than the filter.
fn retry_info(answer: &Answer, seconds: u32) -> String {
    let duration = field(1, 0, &varint(seconds.into()));
    let info = bytes_field(1, &duration);
    let mut any = bytes_field(1, b"type.googleapis.com/google.rpc.RetryInfo");
    any.extend(bytes_field(2, &info));
    let mut status = field(1, 0, &varint(answer.grpc as u64));
    status.extend(bytes_field(2, answer.detail.as_bytes()));
    status.extend(bytes_field(3, &any));
    BASE64_STANDARD_NO_PAD.encode(status)
}

fn bytes_field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut encoded = varint(value.len() as u64);
    encoded.extend_from_slice(value);
    field(number, 2, &encoded)
}

fn field(number: u8, wire_type: u8, encoded: &[u8]) -> Vec<u8> {
    let mut field = vec![(number & 0x0f) << 3 | wire_type];
    field.extend_from_slice(encoded);
    field
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
