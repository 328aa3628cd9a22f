//! What a caller may do, compared with what a request turns out to ask for.

use std::rc::Rc;

use crate::Policy;
use crate::body::{BodyPlan, Field};
use crate::decision::{Reason, UrlRefusal};
use crate::facts::{AudioFacts, AudioMillis, RequestFacts, UrlFacts};
use crate::identity::Identity;
use crate::names::NamePatterns;
use crate::operation::{OperationId, OperationSet};
use crate::request::RequestHead;
use crate::spec::BodyFormat;
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

    fn breach_in(
        &self,
        tier: TierId,
        policy: &Policy,
        facts: &RequestFacts,
        known: Known,
    ) -> Option<Reason> {
        let operations = self.operations(policy, facts);
        let missing = operations.without(policy.tiers().allowed(tier));
        if !missing.is_empty() {
            let has = |it| operations.without(policy.tiers().allowed(it)).is_empty();
            return Some(match self.uncapped.is_some_and(has) {
                true => Reason::TenantCapped { missing },
                false => Reason::InsufficientScope { missing },
            });
        }
        let limits = policy.tiers().limits(tier)?;
        let speaks = operations != OperationSet::default().with(OperationId::LLM_CHAT);
        let over = |limit| exceeds(limits.max(limit)?, limit, facts, known, speaks);
        let unlisted = |(field, patterns): (Field, &NamePatterns)| {
            let names = match field {
                Field::Model => &facts.models,
                Field::Voice => &facts.voices,
                _ => &facts.formats,
            };
            (!names.all(|it| patterns.contains(it))).then_some(Reason::NotListed(field))
        };
        let url = || url_refusal(&facts.reference.urls, limits.reference_hosts());
        let consent = || {
            let asked =
                limits.consent().filter(|_| operations.contains(OperationId::VOICE_CREATE))?;
            let by_claim = asked.claim.is_some() && self.consents;
            let by_field = asked.field && (facts.consent || known == Known::Part);
            (!by_claim && !by_field).then_some(Reason::NoConsent)
        };
        Limit::ALL
            .into_iter()
            .find_map(over)
            .or_else(|| limits.names().find_map(unlisted))
            .or_else(|| url().map(Reason::ReferenceUrl))
            .or_else(consent)
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
        let creates = self.operations.contains(OperationId::VOICE_CREATE) || self.can_bring();
        self.may_all(policy)
            && Limit::ALL.into_iter().all(fits)
            && limits.names().all(|(field, _)| !says(field))
            && !self.can_bring_url()
            && (self.consents || !creates || limits.consent().is_none())
    }

    /// Whether the caller may all that a body could ask for beyond its headers.
    pub(super) fn may_all(&self, policy: &Policy) -> bool {
        let allowed = policy.tiers().allowed(self.tier);
        (allowed.contains(OperationId::VOICE_CREATE) || !self.can_bring())
            && (allowed.contains(OperationId::VOICE_USE) || !self.plan.body().names(Field::Voice))
    }

    /// Whether the body can hold or name a recording of the caller's.
    pub(super) fn can_bring(&self) -> bool {
        self.plan.body().names(Field::Reference) || self.can_bring_url()
    }

    /// Whether the body can name one by URL. In a multipart form references are files.
    fn can_bring_url(&self) -> bool {
        let says = |field| self.plan.body().names(field);
        self.format != Some(BodyFormat::Multipart) && (says(Field::Reference) || says(Field::Voice))
    }
}

/// The breach of a limit of `max`; `speaks`: whether text becomes speech.
fn exceeds(
    max: u64,
    limit: Limit,
    facts: &RequestFacts,
    known: Known,
    speaks: bool,
) -> Option<Reason> {
    let over = |found: u64| (found > max).then_some(Some(found));
    let seconds = |it: AudioMillis| it.0.div_ceil(1000);
    // A length that no header tells is no length under the limit.
    let untold = |audio: &AudioFacts| {
        (known == Known::All && audio.count > 0 && !audio.all_lengths_known).then_some(None)
    };
    let found = match limit {
        Limit::TextChars => over(facts.text.longest_chars),
        Limit::AudioSeconds => over(seconds(facts.text.longest_audio))
            .filter(|_| speaks)
            .or_else(|| over(seconds(facts.audio.longest)))
            .or_else(|| untold(&facts.audio)),
        Limit::SampleRateHz => over(facts.sample_rate_hz.unwrap_or_default()),
        Limit::ReferenceAudioBytes => over(facts.reference.inline.largest_bytes),
        Limit::ReferenceAudioSeconds => over(seconds(facts.reference.inline.longest))
            .or_else(|| untold(&facts.reference.inline)),
        Limit::BatchLines => over(facts.batch_lines),
    }?;
    Some(Reason::OverLimit { limit, max, found })
}

fn url_refusal(urls: &UrlFacts, hosts: Option<&NamePatterns>) -> Option<UrlRefusal> {
    if urls.count == 0 {
        return None;
    }
    let Some(hosts) = hosts else { return Some(UrlRefusal::Denied) };
    if urls.any_ambiguous {
        Some(UrlRefusal::Ambiguous)
    } else if urls.any_insecure {
        Some(UrlRefusal::Insecure)
    } else if urls.any_private {
        Some(UrlRefusal::Private)
    } else if !urls.hosts.all(|it| hosts.contains(it)) {
        Some(UrlRefusal::NotListed)
    } else {
        None
    }
}
