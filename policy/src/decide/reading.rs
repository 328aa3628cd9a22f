//! A decision that hangs on the body.

use super::rights::{Asked, Known};
use crate::Policy;
use crate::body::{BodyError, BodyScan, Malformed, Progress};
use crate::decision::{Decision, Outcome, Reason};
use crate::facts::RequestFacts;
use crate::quota::RepeatKey;
use crate::spec::{DuplicateKeys, OnMalformed, PastMaxHeld, ShadowSection};
use crate::trace::Trace;

/// A request that is decided as its body comes. None of it may go on before.
#[derive(Debug)]
pub struct Reading {
    pub(super) asked: Asked,
    /// What is decided if the body asks for nothing that is not allowed.
    pub(super) allowed: Decision,
    /// What the head says.
    pub(super) head_facts: RequestFacts,
    pub(super) scan: BodyScan,
    /// How much more of it is read.
    pub(super) room: u64,
    /// Whether there was more.
    pub(super) is_past_room: bool,
    /// Whether all of it counts, however early the decision is certain.
    pub(super) wants_all: bool,
    /// What is to tell repeats of the request apart.
    pub(super) repeat: Option<RepeatKey>,
}

// === impl Reading ===

impl Reading {
    /// More of the body. What is past `facts.max_held_bytes` is not read, however the body is cut
    /// into slices: the same body is always decided the same way.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.room).unwrap_or(usize::MAX);
        match bytes.get(..room).filter(|it| it.len() < bytes.len()) {
            Some(readable) => {
                self.scan.feed(readable);
                self.is_past_room = true;
            }
            None => self.scan.feed(bytes),
        }
        if let Some(repeat) = &mut self.repeat {
            repeat.feed(bytes);
        }
        self.room = self.room.saturating_sub(bytes.len() as u64);
    }

    /// The body has ended.
    pub fn finish(&mut self) {
        if !self.is_past_room {
            self.scan.finish();
        }
    }

    /// The decision, once it is certain. After [`finish`](Self::finish) it always is.
    pub fn decide(&self, policy: &Policy, trace: &mut impl Trace) -> Option<Decision> {
        let facts = self.facts();
        let found = self.verdict(policy, &facts)?;
        trace.considered(
            || "facts".to_owned(),
            // A struct of numbers and names cannot fail to serialise.
            || serde_json::to_string(&facts).unwrap_or_default(),
        );
        let mut decision = self.asked.decision(policy, &self.allowed, facts, found);
        // Of a body that was not read to its end, nobody can say whether it is the same again.
        let is_whole = self.scan.progress() == Ok(Progress::Complete) && !self.is_past_room;
        decision.repeat = self.repeat.as_ref().filter(|_| is_whole).map(RepeatKey::finish);
        decision.tell(policy, trace);
        Some(decision)
    }

    /// All that is known so far.
    pub(super) fn facts(&self) -> RequestFacts {
        let mut facts = self.head_facts.clone();
        facts.absorb(&self.scan.facts());
        facts
    }

    /// What the body breaks, or that it breaks nothing; `None` while neither is certain.
    fn verdict(&self, policy: &Policy, facts: &RequestFacts) -> Option<Option<Reason>> {
        let rules = policy.body_rules();
        let breach = |known| self.asked.breach(policy, facts, known);
        let is_despite = |it: &Reason| self.asked.is_charged_despite(it, policy);
        match self.scan.progress() {
            Ok(Progress::Complete) => Some(breach(Known::All)),
            Err(error) => Some(match breach(Known::Part) {
                Some(reason) if is_despite(&reason) => {
                    self.unreadable(policy, error).or(Some(reason))
                }
                Some(reason) => Some(reason),
                None if self.is_read_in_vain(policy, facts) => None,
                None => self.unreadable(policy, error),
            }),
            // A value that the last one of its name replaces may be mended yet.
            Ok(Progress::Reading) if rules.duplicate_keys == DuplicateKeys::LastWins => {
                self.is_past_room.then(|| self.too_large(policy, facts))
            }
            Ok(Progress::Reading) => match breach(Known::Part) {
                Some(reason) if is_despite(&reason) => {
                    self.is_past_room.then(|| self.too_large(policy, facts).or(Some(reason)))
                }
                Some(reason) => Some(Some(reason)),
                None if self.is_certain(policy, facts) => Some(None),
                None => self.is_past_room.then(|| self.too_large(policy, facts)),
            },
        }
    }

    fn is_certain(&self, policy: &Policy, facts: &RequestFacts) -> bool {
        !self.wants_all && self.asked.is_certain(policy, facts, self.scan.remaining())
    }

    /// Whether nothing but a policy on trial, or the digest that tells repeats, wanted it read to its
    /// end: it is not for them to refuse it.
    fn is_read_in_vain(&self, policy: &Policy, facts: &RequestFacts) -> bool {
        self.wants_all
            && !self.asked.is_charged_by_body(policy)
            && self.asked.is_certain(policy, facts, None)
    }

    fn too_large(&self, policy: &Policy, facts: &RequestFacts) -> Option<Reason> {
        let max = policy.body_rules().max_held_bytes;
        let refused = !self.is_read_in_vain(policy, facts);
        refused.then(|| self.unless_by_headers(policy, Reason::BodyTooLarge { max })).flatten()
    }

    fn unless_by_headers(&self, policy: &Policy, reason: Reason) -> Option<Reason> {
        // What a body costs that is not read, nobody knows: padding before a text would make it free.
        let passes = policy.body_rules().past_max_held == PastMaxHeld::ByHeaders
            && self.asked.may_all(policy)
            && !self.asked.is_charged_by_body(policy);
        (!passes).then_some(reason)
    }

    fn unreadable(&self, policy: &Policy, error: BodyError) -> Option<Reason> {
        let rules = policy.body_rules();
        if error.what == Malformed::DecodedTooLarge {
            let max = rules.max_decoded_bytes;
            return self.unless_by_headers(policy, Reason::BodyTooLarge { max });
        }
        let denied =
            rules.on_malformed == OnMalformed::Deny || self.asked.is_charged_by_body(policy);
        denied.then_some(Reason::MalformedBody(error))
    }
}

// === impl Asked ===

impl Asked {
    /// `allowed`, or its opposite for a `reason`, with what was learned.
    pub(super) fn decision(
        &self,
        policy: &Policy,
        allowed: &Decision,
        facts: RequestFacts,
        reason: Option<Reason>,
    ) -> Decision {
        let mut decision = allowed.clone();
        decision.operations = self.operations(policy, &facts);
        if let Some(reason) = reason {
            if reason.is_about_rights() {
                // What is missing only at the end of a body, other tiers may ask for as well.
                let known = match reason {
                    Reason::NoConsent | Reason::OverLimit { found: None, .. } => Known::All,
                    _ => Known::Part,
                };
                decision.sufficient = self.sufficient(policy, &facts, known);
            }
            // Who tries tiers out must not lose requests for bodies that only tiers ask for.
            let tries = (policy.is_shadowed(ShadowSection::Tiers)
                && !self.is_charged_by_body(policy))
                || reason.section().is_some_and(|it| policy.is_shadowed(it));
            // Of several on trial the first is told.
            if !tries || decision.outcome == Outcome::Allow {
                decision = decision.because(reason);
            }
            if tries {
                decision.outcome = Outcome::WouldDeny;
            }
        }
        decision.facts = Some(Box::new(facts));
        decision
    }
}
