//! Whether a request may do what it asks: the one place where this is decided.

#[cfg(test)]
mod tests;

use crate::Policy;
use crate::decision::{Decision, Outcome, Reason};
use crate::identity::{Authentication, Evidence, Identity, IssuerId, Source, authenticate};
use crate::operation::OperationSet;
use crate::recognise::Recognised;
use crate::request::RequestHead;
use crate::spec::{ShadowSection, UnknownOperation};
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
    let decision = judge(policy, recognised, authentication);
    trace.considered(
        || "decision".to_owned(),
        || format!("{} by {}", decision.outcome, decision.rule(policy)),
    );
    Progress::Decided(decision)
}

/// Every check is made, in this order, whatever the others say: a denial in shadow mode must not
/// spare a request the checks that are enforced. The first enforced denial decides; where there is
/// none, the first in shadow mode is told.
fn judge(policy: &Policy, recognised: Recognised<'_>, authentication: Authentication) -> Decision {
    let (operations, known_by, unreadable) = match recognised {
        Recognised::Operations { rule, operations, .. } => (operations, Some(rule.clone()), None),
        Recognised::Unknown => (OperationSet::default(), None, None),
        Recognised::BadPath(error) => (OperationSet::default(), None, Some(error.into())),
        Recognised::BadContentType => {
            (OperationSet::default(), None, Some(Reason::InvalidContentType))
        }
    };
    let mut decision = Decision { operations, known_by, ..Decision::of(Reason::TierAllows) };
    let (identity, unidentified) = match identified(policy, authentication) {
        Ok((identity, source)) => {
            decision.source = source;
            decision.tier = identity.tier;
            decision.tenant = identity.tenant.clone();
            (Some(identity), None)
        }
        Err(reason) => (None, Some(reason)),
    };
    let is_known = decision.known_by.is_some();
    let unknown = (!is_known && policy.unknown_operation() == UnknownOperation::Deny)
        .then_some(Reason::UnknownOperation);
    // A caller whom nobody knows has no tier that could lack a right.
    let rightless = identity.filter(|_| is_known).and_then(|it| lacks(policy, operations, &it));

    let mut on_trial = None;
    for reason in [unreadable, unidentified, unknown, rightless].into_iter().flatten() {
        if reason.section().is_some_and(|it| policy.is_shadowed(it)) {
            on_trial = on_trial.or(Some(reason));
        } else {
            return decision.because(reason);
        }
    }
    match on_trial {
        Some(reason) => Decision { outcome: Outcome::WouldDeny, ..decision.because(reason) },
        None if is_known => decision,
        None => decision.because(Reason::UnknownAllowed),
    }
}

/// Who asks, or why nobody knows.
fn identified(
    policy: &Policy,
    authentication: Authentication,
) -> Result<(Identity, Option<Source>), Reason> {
    match authentication {
        Authentication::Known(identity, source) => Ok((identity, Some(source))),
        Authentication::Anonymous => match policy.identity().anonymous() {
            None => Err(Reason::MissingToken),
            tier => Ok((Identity { tenant: None, tier, uncapped: None }, None)),
        },
        Authentication::Refused(refusal) => Err(Reason::Refused(refusal)),
        Authentication::Unavailable(_) | Authentication::Wait(_) => Err(Reason::KeysUnavailable),
    }
}

/// What a caller lacks for all of `wanted`, and whether its tenant's cap took it away.
fn lacks(policy: &Policy, wanted: OperationSet, caller: &Identity) -> Option<Reason> {
    let missing_in = |tier| wanted.without(policy.tiers().allowed(tier));
    let missing = caller.tier.map_or(wanted, missing_in);
    if missing.is_empty() {
        None
    } else if caller.uncapped.is_some_and(|it| missing_in(it).is_empty()) {
        Some(Reason::TenantCapped { missing })
    } else {
        Some(Reason::InsufficientScope { missing })
    }
}
