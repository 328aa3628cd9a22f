//! Whether a request may do what it asks: the one place where this is decided.

mod audit;
mod breach;
mod reading;
mod rights;
#[cfg(test)]
mod tests;

pub use audit::{Audit, AuditRecord};
pub use reading::Reading;

use std::rc::Rc;

use crate::Policy;
use crate::body::BodyScan;
use crate::decision::{Decision, Outcome, Reason};
use crate::facts::RequestFacts;
use crate::identity::{Authentication, Evidence, Identity, IssuerId, Source, authenticate};
use crate::operation::OperationSet;
use crate::quota::RepeatKey;
use crate::recognise::{Recognised, normalise};
use crate::request::RequestHead;
use crate::spec::{ShadowSection, UnknownOperation};
use crate::time::UnixMillis;
use crate::trace::Trace;
use rights::{Asked, Known};

/// How far a decision got.
#[derive(Debug)]
pub enum Progress {
    /// It is made.
    Decided(Decision),
    /// It needs this issuer's keys, which are on their way: decide again when they are here.
    WaitForKeys(IssuerId),
    /// It needs the body.
    ReadBody(Box<Reading>),
    /// It is made, and the body is wanted for the log.
    Audited(Decision, Audit),
}

/// Whether a body follows a request's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The head is all.
    Absent,
    /// It does, and may be empty.
    Follows,
}

/// Whether some request's decision under this policy, or what it costs, can hang on its body.
pub fn reads_bodies(policy: &Policy) -> bool {
    policy.body_rules().audit
        || policy.quotas().repeat_window.is_some()
        || Asked::all(policy).any(|it| it.costs_by_body(policy))
        || Asked::all(policy).any(|it| !it.is_certain(policy, &RequestFacts::default(), None))
}

/// Decides on a request by its head, if that tells enough.
pub fn decide(
    policy: &Policy,
    head: &RequestHead,
    body: Body,
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
    let asks_usage = asks_usage(policy, head);
    let authentication = match authenticate(policy, head, evidence, now, trace) {
        // A policy on trial holds nothing up.
        Authentication::Wait(issuer)
            if policy.is_shadowed(ShadowSection::Identity) && !asks_usage =>
        {
            Authentication::Unavailable(issuer)
        }
        Authentication::Wait(issuer) => return Progress::WaitForKeys(issuer),
        found => found,
    };
    let beyond = match &recognised {
        Recognised::Operations { plan, voice, .. } => plan.map(|it| (Rc::clone(it), voice.clone())),
        _ => None,
    };
    if asks_usage {
        return decided(policy, usage(authentication), trace);
    }
    let caller = identified(policy, authentication);
    let mut decision = judge(policy, recognised, &caller);
    let repeat = repeat_key(policy, head, &decision);
    // Of a body that is not read, nobody can say whether it is the same again.
    decision.repeat = repeat.as_ref().filter(|_| body == Body::Absent).map(RepeatKey::finish);
    match (beyond, caller) {
        (Some((plan, voice)), Ok((caller, _))) if decision.passes() => {
            let facts = plan.head_facts(head, voice, policy.body_rules());
            let asked = Asked::new(&caller, decision.operations, plan, head);
            // What passes only on trial is charged like any other.
            let goes_on =
                |it: &Asked| decision.outcome == Outcome::Allow || it.is_charged_by_body(policy);
            let Some(asked) = asked.filter(goes_on) else {
                return decided(policy, decision, trace);
            };
            match facts {
                Ok(facts) => {
                    look_beyond(policy, head, body, decision, (asked, repeat), facts, trace)
                }
                Err(error) => {
                    let reason = Some(Reason::MalformedQuery(error));
                    let facts = RequestFacts::default();
                    decided(policy, asked.decision(policy, &decision, facts, reason), trace)
                }
            }
        }
        _ => decided(policy, decision, trace),
    }
}

fn decided(policy: &Policy, decision: Decision, trace: &mut impl Trace) -> Progress {
    decision.tell(policy, trace);
    Progress::Decided(decision)
}

/// Goes on to what the headers do not tell: query, path and body.
fn look_beyond(
    policy: &Policy,
    head: &RequestHead,
    body: Body,
    allowed: Decision,
    (asked, repeat): (Asked, Option<RepeatKey>),
    head_facts: RequestFacts,
    trace: &mut impl Trace,
) -> Progress {
    // After an upgrade without a body comes what nobody knows how to read; one with a body may be
    // ignored, and the body read.
    let ends_here = body == Body::Absent
        || !asked.plan.has_body()
        || (head.is_upgrade() && !head.announces_body());
    let known = if ends_here { Known::All } else { Known::Part };
    let breach = asked.breach(policy, &head_facts, known);
    let is_final = breach.as_ref().is_some_and(|it| !asked.is_charged_despite(it, policy));
    if is_final || ends_here {
        return decided(policy, asked.decision(policy, &allowed, head_facts, breach), trace);
    }
    let scan = match BodyScan::new(&asked.plan, policy.body_rules(), head) {
        Ok(scan) => scan,
        Err(unreadable) => {
            let reason = Reason::UnreadableBody(unreadable);
            // A recording that cannot be read leaves no digest.
            let is_audited = policy.body_rules().audit && asked.creates();
            // Or nobody can say what it costs.
            let passes = asked.is_certain(policy, &head_facts, None)
                && !is_audited
                && !asked.is_charged_by_body(policy);
            let found = (!passes).then_some(reason);
            return decided(policy, asked.decision(policy, &allowed, head_facts, found), trace);
        }
    };
    let room = policy.body_rules().max_held_bytes;
    let wants_all = repeat.is_some() || asked.costs_by_body(policy);
    let is_past_room = false;
    let reading = Box::new(Reading {
        asked,
        allowed,
        head_facts,
        scan,
        room,
        is_past_room,
        wants_all,
        repeat,
    });
    if wants_all || !reading.asked.is_certain(policy, &reading.head_facts, reading.scan.remaining())
    {
        trace.considered(|| "body".to_owned(), || "the decision depends on it".to_owned());
        return Progress::ReadBody(reading);
    }
    let decision =
        reading.asked.decision(policy, &reading.allowed, reading.head_facts.clone(), None);
    decision.tell(policy, trace);
    match Audit::of(reading, &decision, policy) {
        Some(audit) => Progress::Audited(decision, audit),
        None => Progress::Decided(decision),
    }
}

/// Whether `head` asks for what was used, which no operation rule need know.
fn asks_usage(policy: &Policy, head: &RequestHead) -> bool {
    let Some(usage) = &policy.quotas().usage_path else { return false };
    normalise(head.path()).is_ok_and(|it| it.as_str() == usage)
}

/// Whoever has a good token may ask; nobody else, whatever is on trial.
fn usage(authentication: Authentication) -> Decision {
    let denied = |reason| Decision { outcome: Outcome::Deny, ..Decision::of(reason) };
    match authentication {
        Authentication::Known(identity, source) if identity.tenant.is_some() => Decision {
            tier: identity.tier,
            tenant: identity.tenant,
            user: identity.user,
            is_operator: identity.is_operator,
            source: Some(source),
            ..Decision::of(Reason::Usage)
        },
        Authentication::Known(..) | Authentication::Anonymous => denied(Reason::MissingToken),
        Authentication::Refused(refusal) => denied(Reason::Refused(refusal)),
        Authentication::Wait(_) | Authentication::Unavailable(_) => denied(Reason::KeysUnavailable),
    }
}

/// What is to tell repeats of a request apart, before any of its body.
fn repeat_key(policy: &Policy, head: &RequestHead, decision: &Decision) -> Option<RepeatKey> {
    policy.quotas().repeat_window?;
    RepeatKey::new(head, decision.tenant.as_deref(), decision.user.as_deref())
}

/// Every check is made, in this order, whatever the others say: a denial in shadow mode must not
/// spare a request the checks that are enforced. The first enforced denial decides; where there is
/// none, the first in shadow mode is told.
fn judge(
    policy: &Policy,
    recognised: Recognised<'_>,
    caller: &Result<(Identity, Option<Source>), Reason>,
) -> Decision {
    let (operations, known_by, unreadable) = match recognised {
        Recognised::Operations { rule, operations, .. } => (operations, Some(rule.clone()), None),
        Recognised::Unknown => (OperationSet::default(), None, None),
        Recognised::BadPath(error) => (OperationSet::default(), None, Some(error.into())),
        Recognised::BadContentType => {
            (OperationSet::default(), None, Some(Reason::InvalidContentType))
        }
    };
    let mut decision = Decision { operations, known_by, ..Decision::of(Reason::TierAllows) };
    let (identity, unidentified) = match caller {
        Ok((identity, source)) => {
            decision.source = *source;
            decision.tier = identity.tier;
            decision.tenant = identity.tenant.clone();
            decision.user = identity.user.clone();
            decision.is_operator = identity.is_operator;
            (Some(identity), None)
        }
        Err(reason) => (None, Some(reason.clone())),
    };
    let is_known = decision.known_by.is_some();
    let unknown = (!is_known && policy.unknown_operation() == UnknownOperation::Deny)
        .then_some(Reason::UnknownOperation);
    // A caller whom nobody knows has no tier that could lack a right.
    let rightless = identity.filter(|_| is_known).and_then(|it| lacks(policy, operations, it));
    let may = |tier| operations.without(policy.tiers().allowed(tier)).is_empty();
    decision.sufficient = matches!(rightless, Some(Reason::InsufficientScope { .. }))
        .then(|| policy.tiers().least(may))
        .flatten();

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
            tier => Ok((Identity { tier, ..Identity::default() }, None)),
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
