//! What a caller may do, compared with what a request turns out to ask for.

use std::rc::Rc;

use crate::Policy;
use crate::body::{BodyPlan, Field};
use crate::decision::Reason;
use crate::facts::RequestFacts;
use crate::identity::Identity;
use crate::operation::{OperationId, OperationSet};
use crate::request::RequestHead;
use crate::spec::{BodyFormat, ShadowSection};
use crate::tier::{Limit, TierId};

/// A caller's request beyond its headers: by whom, and where it says what.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) tier: TierId,
    /// The tier that the caller's scopes lead to, where its tenant's cap took it away.
    pub(super) uncapped: Option<TierId>,
    /// Whether the caller's token shows consent.
    pub(super) consents: bool,
    /// What is asked for by the headers.
    pub(super) operations: OperationSet,
    pub(super) plan: Rc<BodyPlan>,
    /// Of the body, if the service takes it.
    pub(super) format: Option<BodyFormat>,
}

/// How much of a request is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// All of it.
    All,
    /// More may come.
    Part,
}

// === impl Asked ===

impl Asked {
    /// `None` for a caller without a tier, of whom nothing is known that could be compared.
    pub(super) fn new(
        caller: &Identity,
        operations: OperationSet,
        plan: Rc<BodyPlan>,
        head: &RequestHead,
    ) -> Option<Self> {
        let Identity { uncapped, consents, .. } = *caller;
        let format = plan.format(head).ok();
        Some(Self { tier: caller.tier?, uncapped, consents, operations, plan, format })
    }

    /// Every tier with every rule that it may use at all.
    pub(super) fn all(policy: &Policy) -> impl Iterator<Item = Self> {
        policy.tiers().ids().flat_map(move |tier| {
            let may = move |operations: &OperationSet| {
                operations.without(policy.tiers().allowed(tier)).is_empty()
            };
            policy.recogniser().plans().filter(move |(operations, _)| may(operations)).map(
                move |(operations, plan)| Self {
                    tier,
                    uncapped: None,
                    consents: false,
                    operations,
                    plan: Rc::clone(plan),
                    // The one with which more can be said.
                    format: plan
                        .formats()
                        .iter()
                        .copied()
                        .find(|it| *it != BodyFormat::Multipart)
                        .or(Some(BodyFormat::Multipart)),
                },
            )
        })
    }

    /// All that a request with these facts asks for.
    pub(super) fn operations(&self, policy: &Policy, facts: &RequestFacts) -> OperationSet {
        let mut all = self.operations;
        if facts.reference.is_brought() {
            all = all.with(OperationId::VOICE_CREATE);
        }
        if !facts.voices.all(|it| policy.preset_voices().contains(it)) {
            all = all.with(OperationId::VOICE_USE);
        }
        all
    }

    /// The first thing in `facts` that the caller may not; nothing that comes later can mend it.
    pub(super) fn breach(
        &self,
        policy: &Policy,
        facts: &RequestFacts,
        known: Known,
    ) -> Option<Reason> {
        self.breach_in(self.tier, policy, facts, known)
    }

    /// The least tier in which all of `facts` is allowed. None for a capped tenant, whom no scope
    /// helps.
    pub(super) fn sufficient(
        &self,
        policy: &Policy,
        facts: &RequestFacts,
        known: Known,
    ) -> Option<TierId> {
        let suffices = |it| self.breach_in(it, policy, facts, known).is_none();
        self.uncapped.is_none().then(|| policy.tiers().least(suffices)).flatten()
    }

    /// Whether nothing that a body of `remaining` more bytes (`None`: of any length) can say would
    /// make a breach.
    pub(super) fn is_certain(
        &self,
        policy: &Policy,
        facts: &RequestFacts,
        remaining: Option<u64>,
    ) -> bool {
        if !self.plan.has_body() {
            return true;
        }
        let says = |field| self.plan.body().names(field);
        let Some(limits) = policy.tiers().limits(self.tier) else { return true };
        let fits = |limit| {
            let Some(max) = limits.max(limit) else { return true };
            // A byte more is a character more, or a decoded byte, at most; a line takes two.
            let most =
                |now: u64, more: Option<u64>| more.is_some_and(|it| now.saturating_add(it) <= max);
            match limit {
                Limit::TextChars => !says(Field::Text) || most(facts.text.longest_chars, remaining),
                Limit::AudioSeconds => !says(Field::Text) && !says(Field::Audio),
                Limit::SampleRateHz => !says(Field::SampleRate) && !says(Field::Format),
                Limit::ReferenceAudioBytes => {
                    !says(Field::Reference) || most(facts.reference.inline.largest_bytes, remaining)
                }
                Limit::ReferenceAudioSeconds => !says(Field::Reference),
                Limit::BatchLines => {
                    !self.plan.takes_batches()
                        || most(facts.batch_lines, remaining.map(|it| it.div_ceil(2)))
                }
            }
        };
        self.may_all(policy) && Limit::ALL.into_iter().all(fits)
    }

    /// Whether the caller may all that a body could ask for beyond its headers, numbers apart.
    pub(super) fn may_all(&self, policy: &Policy) -> bool {
        let says = |field| self.plan.body().names(field);
        let Some(limits) = policy.tiers().limits(self.tier) else { return true };
        let allowed = policy.tiers().allowed(self.tier);
        // A recording or its URL may stand in a voice's place, too.
        (allowed.contains(OperationId::VOICE_CREATE)
            || !says(Field::Reference) && !says(Field::Voice))
            && (allowed.contains(OperationId::VOICE_USE) || !says(Field::Voice))
            && limits.names().all(|(field, _)| !says(field))
            && !self.can_bring_url()
            && (self.consents || !self.creates() || limits.consent().is_none())
    }

    /// Whether what the request costs, or whether it is shed, hangs on its body.
    pub(super) fn costs_by_body(&self, policy: &Policy) -> bool {
        let is_shed = || policy.shedding().is_some_and(|it| it.read(self.operations, &self.plan));
        self.plan.has_body() && (policy.quotas().read(self.operations, &self.plan) || is_shed())
    }

    /// Whether what the request costs, or whether it is shed, hangs on its body in earnest: padding before
    /// a text must not make it free, or short.
    pub(super) fn is_charged_by_body(&self, policy: &Policy) -> bool {
        let is_enforced = |section| !policy.is_shadowed(section);
        let is_shed = || policy.shedding().is_some_and(|it| it.read(self.operations, &self.plan));
        self.plan.has_body()
            && (is_enforced(ShadowSection::Quotas)
                && policy.quotas().read(self.operations, &self.plan)
                || is_enforced(ShadowSection::Shedding) && is_shed())
    }

    /// Whether a request with this breach passes, on trial, and is charged by its body.
    pub(super) fn is_charged_despite(&self, breach: &Reason, policy: &Policy) -> bool {
        let is_on_trial = breach.section().is_some_and(|it| policy.is_shadowed(it));
        is_on_trial && self.is_charged_by_body(policy)
    }

    /// Whether the request makes a voice, or its body can hold or name a recording.
    pub(super) fn creates(&self) -> bool {
        self.operations.contains(OperationId::VOICE_CREATE)
            || self.plan.body().names(Field::Reference)
    }

    /// Whether the body can name a recording by URL. Where forms alone are taken, a reference in a
    /// multipart form is a file.
    fn can_bring_url(&self) -> bool {
        let is_file = self.format == Some(BodyFormat::Multipart)
            && !self.plan.formats().contains(&BodyFormat::Json);
        self.plan.body().names(Field::Reference) && !is_file
    }
}
