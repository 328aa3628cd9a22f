//! What a request takes of which account.

use sha2::{Digest, Sha256};

use super::account::{AccountId, Charge, CounterKey, Units};
use super::meter::Meter;
use super::rules::{ONE, QuotaRule, QuotaRules, RuleId, Terms};
use super::window::Window;
use crate::QuotaPolicy;
use crate::operation::OperationId;
use crate::operation::OperationSet;
use crate::spec::QuotaScope;
use crate::subject::Subject;
use crate::tenant::TenantTerms;

/// What a request takes, account by account: users before tenants before the service. What a
/// narrow account takes for a moment, until a wider one denies it, then keeps nobody out who asks for
/// as much and whom the wider one would have let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// What to take.
    pub accounts: Vec<AccountDemand>,
    /// Held units that it gives back if it succeeds: a voice is deleted.
    pub gives_back: Vec<(AccountId, CounterKey)>,
    /// Whether a rule counts what it asks for, if only nothing of it.
    pub is_metered: bool,
    /// Whether a rule's limit is not known, for the tier is not: whoever named it has another version
    /// of the policy.
    pub lacks_limit: bool,
}

/// What a request takes of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDemand {
    /// The account.
    pub id: AccountId,
    /// What to take.
    pub charges: Vec<Charge>,
    /// The rule of each charge.
    pub shares: Vec<super::Share>,
}

// === impl Demand ===

impl Demand {
    /// What is held of it: all that a repeat of a charged request takes.
    #[must_use]
    pub fn of_what_is_held(mut self) -> Self {
        for account in &mut self.accounts {
            let kept = |share: &super::Share| share.meter.is_held();
            let mut shares = account.shares.iter();
            account.charges.retain(|_| shares.next().is_some_and(kept));
            account.shares.retain(kept);
        }
        self.accounts.retain(|it| !it.charges.is_empty());
        self
    }

    /// Denies nothing any more: the section is on trial.
    pub fn put_on_trial(&mut self) {
        let charges = self.accounts.iter_mut().flat_map(|it| &mut it.charges);
        charges.for_each(|it| it.is_shadow = true);
    }
}

// === impl QuotaRules ===

impl QuotaRules {
    /// What the request of `subject` takes; `terms` are its tenant's own.
    pub fn demand(
        &self,
        subject: &Subject,
        policy: &QuotaPolicy,
        terms: Option<&TenantTerms>,
    ) -> Demand {
        let mut demand = Demand::default();
        if subject.is_exempt || subject.asks_usage {
            return demand;
        }
        let asked = Asked::new(subject, policy);
        let tier = subject.tier.as_deref().and_then(|it| policy.tiers().get(it));
        for scope in [QuotaScope::User, QuotaScope::Tenant, QuotaScope::Service] {
            let id = account(scope, subject);
            let mut of_account = AccountDemand { id, charges: Vec::new(), shares: Vec::new() };
            for (rule_id, rule) in self.iter().filter(|(_, it)| it.scope == scope) {
                if asked.gives_back(rule) {
                    demand.gives_back.push((of_account.id.clone(), rule.key));
                }
                if !asked.concerns(rule) {
                    continue;
                }
                let own = terms.and_then(|it| it.of(rule_id));
                let Some(terms) = own.or_else(|| rule.terms(tier)) else {
                    demand.lacks_limit |= subject.tier.is_some() && tier.is_none();
                    continue;
                };
                demand.is_metered |= !rule.meter.is_held();
                if let Some((charge, share)) = asked.charge(rule_id, rule, terms) {
                    of_account.charges.push(charge);
                    of_account.shares.push(share);
                }
            }
            if !of_account.charges.is_empty() {
                demand.accounts.push(of_account);
            }
        }
        demand
    }

    /// A charge of nothing, to see how a tenant stands under a rule.
    pub(super) fn look(rule: &QuotaRule, terms: Terms) -> Charge {
        Charge {
            key: rule.key,
            window: rule.window.clone(),
            limit: terms.limit(),
            units: Units::Exact(0),
            is_shadow: rule.is_shadow,
        }
    }
}

/// The account of `scope` that a subject uses.
pub(super) fn account(scope: QuotaScope, subject: &Subject) -> AccountId {
    match (scope, &subject.tenant) {
        (QuotaScope::Service, _) => AccountId::Service,
        (QuotaScope::Tenant, None) => AccountId::Anonymous,
        (QuotaScope::Tenant, Some(tenant)) => AccountId::Tenant(tenant.clone()),
        (QuotaScope::User, tenant) => {
            let tenant = tenant.as_deref().unwrap_or_default();
            let user = subject.user.as_deref().unwrap_or_default();
            let mut hash = Sha256::new();
            hash.update((tenant.len() as u64).to_le_bytes());
            hash.update(tenant);
            hash.update(user);
            AccountId::User(super::repeat::first_half(hash.finalize().into()))
        }
    }
}

/// A request as rules see it.
struct Asked<'a> {
    subject: &'a Subject,
    operations: OperationSet,
}

// === impl Asked ===

impl<'a> Asked<'a> {
    fn new(subject: &'a Subject, policy: &QuotaPolicy) -> Self {
        let known = subject.operations.iter().filter_map(|it| policy.operations().get(it));
        Self { subject, operations: known.fold(OperationSet::default(), OperationSet::with) }
    }

    fn has(&self, operation: OperationId) -> bool {
        self.operations.contains(operation)
    }

    fn concerns(&self, rule: &QuotaRule) -> bool {
        match self.operations.is_empty() {
            true => rule.counts_unknown,
            false => self.operations.without(rule.operations) != self.operations,
        }
    }

    fn gives_back(&self, rule: &QuotaRule) -> bool {
        rule.meter == Meter::VoiceSlots && self.has(OperationId::VOICE_DELETE)
    }

    fn charge(&self, id: RuleId, rule: &QuotaRule, terms: Terms) -> Option<(Charge, super::Share)> {
        let weight = rule.weight(&self.subject.models, self.subject.has_more_models);
        let (amount, is_estimate) = self.amount(rule.meter);
        let amount = weighted(amount, weight);
        // What is for nothing takes not even the least that is reserved.
        if weight == 0 || (amount == 0 && !is_estimate) {
            return None;
        }
        let limit = terms.limit();
        // An endless window that drains has nothing to tell.
        if limit.is_none() && matches!(rule.window, Window::Rolling(_)) {
            return None;
        }
        let units = match is_estimate {
            false => Units::Exact(amount),
            true => Units::Estimate {
                units: amount.max(rule.least),
                most: limit.map_or(u64::MAX, |it| share_of(it.burst, rule.share)),
            },
        };
        let charge = Charge {
            key: rule.key,
            window: rule.window.clone(),
            limit,
            units,
            is_shadow: rule.is_shadow,
        };
        let share =
            super::Share { rule: id, meter: rule.meter, estimate: amount, is_estimate, weight };
        Some((charge, share))
    }

    /// Counted units that are asked for, and whether that is a guess.
    fn amount(&self, meter: Meter) -> (u64, bool) {
        let one_if = |is: bool| (u64::from(is), false);
        let subject = self.subject;
        match meter {
            Meter::Requests | Meter::Streams => (1, false),
            Meter::TextChars => (subject.text_chars, false),
            Meter::AudioSeconds if subject.input_audio_ms > 0 => (subject.input_audio_ms, false),
            Meter::AudioSeconds => (subject.speech_ms, subject.speech_ms > 0),
            Meter::VoiceCreations => one_if(self.has(OperationId::VOICE_CREATE)),
            Meter::VoiceUses => one_if(self.has(OperationId::VOICE_USE)),
            // A recording that comes with a text is used for it and forgotten.
            Meter::VoiceSlots => {
                one_if(self.has(OperationId::VOICE_CREATE) && !speaks(self.operations))
            }
            Meter::BatchLines => (subject.batch_lines, false),
            // OpenAI: about four characters of English a token; as many again for the answer.
            Meter::LlmTokens if self.operations.iter().any(OperationId::may_use_tokens) => {
                (subject.text_chars.div_ceil(2), true)
            }
            Meter::LlmTokens => (0, false),
        }
    }
}

/// Whether a text is spoken.
pub(super) fn speaks(operations: OperationSet) -> bool {
    operations.contains(OperationId::TTS_SYNTHESIZE) || operations.contains(OperationId::TTS_BATCH)
}

/// Rounded up, so that no use is free for being small.
pub(super) fn weighted(amount: u64, weight: u32) -> u64 {
    if weight == ONE {
        return amount;
    }
    let thousandths = u128::from(amount).saturating_mul(weight.into());
    u64::try_from(thousandths.div_ceil(ONE.into())).unwrap_or(u64::MAX)
}

fn share_of(limit: u64, percent: u8) -> u64 {
    let hundredths = u128::from(limit).saturating_mul(percent.into());
    u64::try_from(hundredths.div_ceil(100)).unwrap_or(u64::MAX).max(1)
}
