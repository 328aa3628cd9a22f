//! What a tier forbids of what is known of a request.

use super::rights::{Asked, Known};
use crate::Policy;
use crate::body::Field;
use crate::decision::{Reason, UrlRefusal};
use crate::facts::{AudioFacts, AudioMillis, RequestFacts, UrlFacts};
use crate::names::NamePatterns;
use crate::operation::{OperationId, OperationSet};
use crate::tier::{Limit, TierId};

impl Asked {
    /// The first thing in `facts` that a caller of `tier` may not; nothing that comes later can mend
    /// it.
    pub(super) fn breach_in(
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
