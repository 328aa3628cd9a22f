//! What was used, for tenants and operators to see.

use serde::Serialize;

use super::account::{Account, AccountId};
use super::demand::account;
use super::rules::{QuotaRule, QuotaRules, Terms};
use crate::QuotaPolicy;
use crate::spec::QuotaScope;
use crate::subject::Subject;
use crate::tenant::TenantTerms;
use crate::time::UnixMillis;

/// Whose use is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageQuery<'a> {
    /// One account's.
    Tenant(&'a AccountId),
    /// All tenants', from a slot of the store on, until there are this many.
    All {
        /// The slot.
        from: u32,
        /// How many make a page; what is in its last slot comes whole.
        at_least: usize,
    },
}

/// Accounts as the store has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The accounts.
    pub accounts: Vec<(AccountId, Account)>,
    /// Where the next page begins, if there is one.
    pub next: Option<u32>,
}

/// What one account used under one rule. Numbers are in units of the meter: what is used is rounded
/// up, what is left down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsageRow {
    /// The rule.
    pub rule: String,
    /// The meter.
    pub meter: &'static str,
    /// The limit; none if unlimited, or not known because the tier is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Units in use.
    pub used: u64,
    /// Of these, reserved by requests that have not ended.
    pub reserved: u64,
    /// What is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// Seconds until all of the limit is free again, if nothing more is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets_in: Option<u64>,
}

// === impl QuotaRules ===

impl QuotaRules {
    /// The accounts that a subject's own figures stand in.
    pub fn own_accounts(subject: &Subject) -> [AccountId; 2] {
        [account(QuotaScope::Tenant, subject), account(QuotaScope::User, subject)]
    }

    /// How an account stands under each rule of its kind. The limit is the tenant's own, else that of
    /// the tier of `subject`, else the one that it was last compared with.
    pub fn rows(
        &self,
        id: &AccountId,
        account: &mut Account,
        subject: Option<&Subject>,
        terms: Option<&TenantTerms>,
        policy: &QuotaPolicy,
        now: UnixMillis,
    ) -> Vec<UsageRow> {
        let scope = match id {
            AccountId::User(_) => QuotaScope::User,
            AccountId::Tenant(_) | AccountId::Anonymous => QuotaScope::Tenant,
            AccountId::Service => QuotaScope::Service,
        };
        let tier = subject.and_then(|it| policy.tiers().get(it.tier.as_deref()?));
        self.iter()
            .filter(|(_, rule)| rule.scope == scope)
            .filter_map(|(rule_id, rule)| {
                let last = || account.last_limit(rule.key).map(Terms::from);
                let own = terms.and_then(|it| it.of(rule_id));
                let of_tier = || tier.and_then(|it| rule.terms(Some(it)));
                let by_default = || rule.default;
                let terms = own.or_else(of_tier).or_else(last).or_else(by_default);
                // Of a rule that does not concern the tier there is only something to tell if it was
                // used.
                let is_concerned = terms.is_some();
                let row = rule.row(account, terms.unwrap_or(Terms::Unlimited), now);
                (is_concerned || row.used > 0).then_some(row)
            })
            .collect()
    }
}

// === impl QuotaRule ===

impl QuotaRule {
    fn row(&self, account: &mut Account, terms: Terms, now: UnixMillis) -> UsageRow {
        let scale = self.meter.scale();
        let standing = account.standing(&QuotaRules::look(self, terms), now);
        let whole = |units: u64| units.checked_div(scale).unwrap_or_default();
        let limit = terms.limit();
        UsageRow {
            rule: self.name.clone(),
            meter: self.meter.as_str(),
            limit: limit.map(|it| whole(it.burst)),
            used: standing.used.div_ceil(scale),
            reserved: standing.reserved.div_ceil(scale),
            remaining: limit.map(|it| whole(it.burst.saturating_sub(standing.used))),
            resets_in: standing.millis.filter(|_| limit.is_some()).map(|it| it.div_ceil(1000)),
        }
    }
}
