//! What tenants' terms refer to, so that a table outlives a change of the policy around it.

use super::TenantTerms;
use crate::quota::Meter;
use crate::quota::{QuotaRules, RuleId, Window};
use crate::spec::QuotaScope;
use crate::tier::{TierId, Tiers};

/// What a document of tenants was compiled against. Where it is the same, so is the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantBasis {
    tiers: Vec<(TierId, String)>,
    rules: Vec<Rule>,
}

/// All of a rule that a tenant's terms hang on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    id: RuleId,
    name: String,
    meter: Meter,
    is_rolling: bool,
    is_of_service: bool,
}

/// From the ids of one policy to those of another.
pub(super) struct Changes {
    tiers: Vec<(TierId, Option<TierId>)>,
    rules: Vec<(RuleId, Option<RuleId>)>,
}

// === impl TenantBasis ===

impl TenantBasis {
    /// What tenants refer to in a policy with these tiers and rules.
    pub fn new(tiers: &Tiers, quotas: &QuotaRules) -> Self {
        let rules = quotas.iter().map(|(id, rule)| Rule {
            id,
            name: rule.name.clone(),
            meter: rule.meter,
            is_rolling: matches!(rule.window, Window::Rolling(_)),
            is_of_service: rule.scope == QuotaScope::Service,
        });
        Self {
            tiers: tiers.ids().map(|id| (id, tiers.name(id).to_owned())).collect(),
            rules: rules.collect(),
        }
    }

    pub(super) fn changes(&self, to: &Self) -> Changes {
        let tier = |name: &String| to.tiers.iter().find(|(_, it)| it == name).map(|(id, _)| *id);
        let rule = |rule: &Rule| {
            let same = |it: &&Rule| Rule { id: rule.id, ..(*it).clone() } == *rule;
            to.rules.iter().find(same).map(|it| it.id)
        };
        Changes {
            tiers: self.tiers.iter().map(|(id, name)| (*id, tier(name))).collect(),
            rules: self.rules.iter().map(|it| (it.id, rule(it))).collect(),
        }
    }
}

// === impl Changes ===

impl Changes {
    /// The same terms; `None` if what they refer to is gone.
    pub fn apply(&self, terms: &TenantTerms) -> Option<TenantTerms> {
        let max_tier = match terms.max_tier {
            None => None,
            Some(tier) => Some(after(&self.tiers, tier)?),
        };
        let quotas = terms.quotas.iter().map(|(rule, it)| Some((after(&self.rules, *rule)?, *it)));
        Some(TenantTerms { max_tier, quotas: quotas.collect::<Option<_>>()? })
    }
}

fn after<T: Copy + PartialEq>(changes: &[(T, Option<T>)], before: T) -> Option<T> {
    changes.iter().find(|(it, _)| *it == before).and_then(|(_, now)| *now)
}
