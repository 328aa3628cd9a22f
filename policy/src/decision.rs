//! A decision, which explains itself: the answer to the client, the log line, the metric and the
//! access-log record are all made from it.

mod answer;
mod problem;
mod reason;
mod record;

use std::fmt;
use std::rc::Rc;

pub use answer::Answer;
pub(crate) use problem::{
    BUSY, Basics, DEADLINE_EXCEEDED, INVALID_REQUEST, ProblemType, QUOTA_EXCEEDED,
    QUOTA_UNAVAILABLE, SHEDDING_UNAVAILABLE, TEXT_TOO_LONG,
};
pub use problem::{GrpcCode, PROBLEM_TYPE_BASE, PROBLEM_TYPES};
pub use reason::{Reason, UrlRefusal};
pub use record::{FactsRecord, Record};

use crate::Policy;
use crate::facts::RequestFacts;
use crate::identity::Source;
use crate::operation::OperationSet;
use crate::recognise::RuleName;
use crate::tier::TierId;
use crate::trace::Trace;

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
    /// What was learned beyond the headers, where it was needed: of the body as far as it was read.
    pub facts: Option<Box<RequestFacts>>,
    /// The least tier that would have sufficed, where the caller's tier did not.
    pub sufficient: Option<TierId>,
    /// Which of the tenant's users it is, if that is known.
    pub user: Option<Rc<str>>,
    /// Whether the caller may see all tenants' use.
    pub is_operator: bool,
    /// What tells a repeat of the request from another, if the policy and the request ask for it.
    pub repeat: Option<[u8; 16]>,
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
            facts: None,
            sufficient: None,
            user: None,
            is_operator: false,
            repeat: None,
        }
    }

    /// This decision for another reason.
    #[must_use]
    pub(crate) fn because(self, reason: Reason) -> Self {
        Self { outcome: reason.outcome(), reason, ..self }
    }

    /// Says what was decided.
    pub(crate) fn tell(&self, policy: &Policy, trace: &mut impl Trace) {
        let verdict = || format!("{} by {}", self.outcome, self.rule(policy));
        trace.considered(|| "decision".to_owned(), verdict);
    }

    /// Whether the request goes on to the service.
    pub fn passes(&self) -> bool {
        self.outcome != Outcome::Deny
    }

    /// The part of the policy that decided, as `tiers.basic`.
    pub fn rule(&self, policy: &Policy) -> String {
        match &self.reason {
            reason @ (Reason::TierAllows
            | Reason::InsufficientScope { .. }
            | Reason::OverLimit { .. }
            | Reason::NotListed(_)
            | Reason::ReferenceUrl(_)
            | Reason::NoConsent) => match self.tier {
                Some(tier) => format!("tiers.{}{}", policy.tiers().name(tier), reason.member()),
                None => "tiers".to_owned(),
            },
            other => other.place().to_owned(),
        }
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
