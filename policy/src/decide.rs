//! Whether a request may do what it asks: the one place where this is decided.

#[cfg(test)]
mod tests;

use crate::Policy;
use crate::decision::{Decision, Outcome, Reason};
use crate::identity::{Authentication, Evidence, Identity, IssuerId, authenticate};
use crate::operation::OperationSet;
use crate::recognise::Recognised;
use crate::request::RequestHead;
use crate::spec::{ShadowSection, UnknownOperation};
use crate::tier::TierId;
use crate::time::UnixMillis;
use crate::trace::Trace;

/// How far a decision got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is made.
    Decided(Decision),
    /// It needs this issuer's keys, which are on their way: decide again when they are here.
    WaitForKeys(IssuerId),
}

/// Decides on a request by its head.
pub fn decide(
    policy: &Policy,
    head: &RequestHead,
    evidence: &mut impl Evidence,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Progress {
    if head.is_empty() {
        return Progress::Decided(Decision::of(Reason::HeadersTooLarge));
    }
    if head.is_cors_preflight() {
        trace.considered(|| "request".to_owned(), || "a CORS preflight passes".to_owned());
        return Progress::Decided(Decision::of(Reason::Preflight));
    }
    let recognised = policy.recogniser().recognise(head, trace);
    let authentication = match authenticate(policy, head, evidence, now, trace) {
        // A policy on trial holds nothing up.
        Authentication::Wait(issuer) if policy.is_shadowed(ShadowSection::Identity) => {
            Authentication::Unavailable(issuer)
        }
        Authentication::Wait(issuer) => return Progress::WaitForKeys(issuer),
        found => found,
    };
    let mut decision = judge(policy, recognised, authentication);
    if decision.outcome == Outcome::Deny
        && decision.reason.section().is_some_and(|it| policy.is_shadowed(it))
    {
        decision.outcome = Outcome::WouldDeny;
    }
    trace.considered(
        || "decision".to_owned(),
        || format!("{} by {}", decision.outcome, decision.rule(policy)),
    );
    Progress::Decided(decision)
}

fn judge(policy: &Policy, recognised: Recognised<'_>, authentication: Authentication) -> Decision {
    let (operations, known_by) = match recognised {
        Recognised::Operations { rule, operations } => (operations, Some(rule.clone())),
        Recognised::Unknown => (OperationSet::default(), None),
        Recognised::BadPath(error) => return Decision::of(Reason::InvalidPath(error)),
    };
    let mut decision = Decision { operations, known_by, ..Decision::of(Reason::TierAllows) };
    let identity = match authentication {
        Authentication::Refused(refusal) => return decision.because(Reason::Refused(refusal)),
        Authentication::Unavailable(_) | Authentication::Wait(_) => {
            return decision.because(Reason::KeysUnavailable);
        }
        Authentication::Anonymous => match policy.identity().anonymous() {
            None => return decision.because(Reason::MissingToken),
            tier => Identity { tenant: None, tier, uncapped: None },
        },
        Authentication::Known(identity, source) => {
            decision.source = Some(source);
            identity
        }
    };
    decision.tier = identity.tier;
    decision.tenant = identity.tenant;
    if decision.known_by.is_none() {
        return decision.because(match policy.unknown_operation() {
            UnknownOperation::Deny => Reason::UnknownOperation,
            UnknownOperation::Allow => Reason::UnknownAllowed,
        });
    }
    let reason = rights(policy, operations, identity.tier, identity.uncapped);
    decision.because(reason)
}

/// The rights of a tier, alone: what the tier lacks, and whether a cap took it away.
fn rights(
    policy: &Policy,
    wanted: OperationSet,
    tier: Option<TierId>,
    uncapped: Option<TierId>,
) -> Reason {
    let lacks = |tier| wanted.without(policy.tiers().allowed(tier));
    let missing = tier.map_or(wanted, lacks);
    if missing.is_empty() {
        Reason::TierAllows
    } else if uncapped.is_some_and(|it| lacks(it).is_empty()) {
        Reason::TenantCapped { missing }
    } else {
        Reason::InsufficientScope { missing }
    }
}
