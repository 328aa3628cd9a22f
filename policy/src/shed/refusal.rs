//! A refusal for clients: what they may do instead.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

use super::gate::Full;
use super::lane::Lane;
use super::split::Split;
use crate::decision::{
    Answer, BUSY, Basics, DEADLINE_EXCEEDED, INVALID_REQUEST, ProblemType, SHEDDING_UNAVAILABLE,
    TEXT_TOO_LONG,
};
use crate::spec::Level;
use crate::subject::Subject;

/// The shortest and the longest time after which a client is told to try again, in seconds, before
/// up to half as much is added.
const RETRY: (u64, u64) = (1, 200);

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No filter before this one said who asks for what.
    NoSubject,
    /// Its deadline cannot be read.
    BadDeadline,
    /// Its time was up when it came.
    DeadlinePassed {
        /// For so long.
        late: Duration,
    },
    /// Its time will be up before the first byte can be expected.
    DeadlineUnmet {
        /// The time that it has.
        left: Duration,
        /// The time that it is estimated to need.
        needed: Duration,
        /// Where it would go.
        lane: Lane,
    },
    /// The service has no room for it now.
    Busy {
        /// How that was found out.
        why: Why,
        /// Where it would go.
        lane: Lane,
        /// When there may be room.
        room: Duration,
    },
    /// Its text is longer than what passes now.
    TextTooLong {
        /// How that was found out.
        why: Why,
        /// How long it is, in Unicode scalar values.
        chars: u64,
        /// How long it may be now; `None` if none passes.
        longest: Option<u64>,
        /// Where it would go.
        lane: Lane,
    },
}

/// How it was found out that there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A rule of the ladder says so.
    Rule,
    /// There is no capacity left, or no place to wait for it.
    Full(Full),
    /// It waited for as long as it may.
    Waited,
}

/// What stands in the problem of a refusal beside the [`Basics`].
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(flatten)]
    basics: Basics<'a>,
    load: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_chars: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_text_chars: Option<u64>,
    /// Where to cut the text, in Unicode scalar values from its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    split_at: Option<&'a [u64]>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    split_has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_ms: Option<u64>,
}

// === impl Refusal ===

impl Refusal {
    /// The name in metrics and records.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoSubject => "no_subject",
            Self::BadDeadline => "bad_deadline",
            Self::DeadlinePassed { .. } => "deadline_passed",
            Self::DeadlineUnmet { .. } => "deadline_unmet",
            Self::Busy { why: Why::Rule, .. } => "busy_by_rule",
            Self::Busy { why: Why::Waited, .. } => "waited_in_vain",
            Self::Busy { why: Why::Full(full), .. } => match full {
                Full::Capacity => "no_capacity",
                Full::Queue => "queue_full",
                Full::TooLarge { .. } => "larger_than_capacity",
                Full::Bound => "too_many_in_flight",
            },
            Self::TextTooLong { .. } => "text_too_long",
        }
    }

    /// The part of the policy that decided; `rule` is the one of the ladder that matched.
    pub fn place(&self, rule: Option<&str>) -> String {
        match (self, rule) {
            (Self::NoSubject, _) => "shedding".to_owned(),
            (Self::BadDeadline | Self::DeadlinePassed { .. } | Self::DeadlineUnmet { .. }, _) => {
                "shedding.deadline".to_owned()
            }
            (
                Self::Busy { why: Why::Rule, .. } | Self::TextTooLong { why: Why::Rule, .. },
                Some(rule),
            ) => ladder_rule(rule),
            (Self::Busy { .. } | Self::TextTooLong { .. }, _) => "shedding.capacity".to_owned(),
        }
    }

    /// The longest text that passes now, if that is the matter.
    pub fn longest(&self) -> Option<u64> {
        match self {
            Self::TextTooLong { longest, .. } => *longest,
            _ => None,
        }
    }

    /// Where the request would have gone.
    pub fn lane(&self) -> Option<Lane> {
        match self {
            Self::DeadlineUnmet { lane, .. }
            | Self::Busy { lane, .. }
            | Self::TextTooLong { lane, .. } => Some(*lane),
            Self::NoSubject | Self::BadDeadline | Self::DeadlinePassed { .. } => None,
        }
    }

    /// What to answer. `jitter` spreads what clients are told, that they do not come back all at once:
    /// any number, another for each request.
    pub fn answer(
        &self,
        subject: &Subject,
        rule: Option<&str>,
        level: Level,
        split: Option<&Split>,
        jitter: u64,
    ) -> Answer {
        let kind = self.kind();
        let detail = self.detail();
        let millis = |it: &Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
        let problem = Problem {
            basics: Basics {
                rule: self.place(rule),
                operation: (!subject.operations.is_empty()).then(|| subject.operations.join("+")),
                tier: subject.tier.as_deref(),
                ..Basics::new(kind, &detail)
            },
            load: level,
            lane: self.lane().map(Lane::as_str),
            text_chars: match self {
                Self::TextTooLong { chars, .. } => Some(*chars),
                _ => None,
            },
            longest_text_chars: self.longest(),
            split_at: split.map(|it| it.offsets.as_slice()),
            split_has_more: split.is_some_and(|it| it.has_more),
            left_ms: match self {
                Self::DeadlineUnmet { left, .. } => Some(millis(left)),
                _ => None,
            },
            needed_ms: match self {
                Self::DeadlineUnmet { needed, .. } => Some(millis(needed)),
                _ => None,
            },
        };
        Answer {
            status: kind.status,
            grpc: kind.grpc,
            www_authenticate: None,
            retry_after: match self {
                // No time helps.
                Self::Busy { why: Why::Full(Full::TooLarge { .. }), .. } => None,
                Self::Busy { room, .. } => Some(retry_after(*room, jitter)),
                _ => None,
            },
            // A struct of strings and numbers cannot fail to serialise.
            problem: serde_json::to_vec(&problem).unwrap_or_default(),
            detail,
        }
    }

    fn kind(&self) -> &'static ProblemType {
        match self {
            Self::NoSubject => &SHEDDING_UNAVAILABLE,
            Self::BadDeadline => &INVALID_REQUEST,
            Self::DeadlinePassed { .. } | Self::DeadlineUnmet { .. } => &DEADLINE_EXCEEDED,
            Self::Busy { .. } => &BUSY,
            Self::TextTooLong { .. } => &TEXT_TOO_LONG,
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NoSubject => {
                "No filter before this one identified the request: text-shed stands after jwt-tier, with the same policy."
                    .to_owned()
            }
            Self::BadDeadline => format!("{}.", super::deadline::BadDeadline),
            Self::DeadlinePassed { late } => {
                format!("The request's deadline passed {} ms before it came.", late.as_millis())
            }
            Self::DeadlineUnmet { left, needed, .. } => format!(
                "The request has {} ms left, and its first byte is to be expected after {} ms; it was not passed on.",
                left.as_millis(),
                needed.as_millis()
            ),
            Self::Busy { why, .. } => match why {
                Why::Rule => "The service is too loaded for this request now.",
                Why::Waited => "The service had no room for this request in the time that it may wait.",
                Why::Full(Full::Queue) => "The service has no room for this request now, and no more may wait.",
                Why::Full(Full::TooLarge { .. }) => {
                    "The request is more work than the service can take at all."
                }
                Why::Full(Full::Capacity | Full::Bound) => {
                    "The service has no room for this request now."
                }
            }
            .to_owned(),
            Self::TextTooLong { chars, longest: Some(longest), .. } => format!(
                "The text has {chars} characters; at most {longest} pass now. Send it in parts."
            ),
            Self::TextTooLong { chars, longest: None, .. } => {
                format!("The text has {chars} characters, and no length passes now.")
            }
        }
    }
}

/// The place of a rule of the ladder in the policy.
pub fn ladder_rule(name: &str) -> String {
    format!("shedding.ladder.{name}")
}

/// Seconds: the time until there may be room, and up to half as much again.
fn retry_after(room: Duration, jitter: u64) -> u32 {
    let millis = u64::try_from(room.as_millis()).unwrap_or(u64::MAX);
    let (least, most) = RETRY;
    let least = millis.div_ceil(1000).clamp(least, most);
    let more = jitter.checked_rem(least.div_ceil(2).saturating_add(1)).unwrap_or_default();
    u32::try_from(least.saturating_add(more)).unwrap_or(u32::MAX)
}
