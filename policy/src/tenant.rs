//! What is said of single tenants: in the policy, or by its source of tenants.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Path, PolicyError};
use crate::quota::{QuotaRules, RuleId, Terms};
use crate::spec::{TenantSpec, TenantsSpec};
use crate::tier::{TierId, Tiers};

/// A tenant's own terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TenantTerms {
    /// The best tier that its callers get, if it has a cap.
    pub max_tier: Option<TierId>,
    quotas: Vec<(RuleId, Terms)>,
}

/// Tenants with terms of their own. Many have the same, which are kept once.
#[derive(Clone, Debug, Default)]
pub struct TenantTable {
    tenants: HashMap<Box<str>, Rc<TenantTerms>>,
    terms: HashMap<Rc<TenantTerms>, ()>,
}

// === impl TenantTerms ===

impl TenantTerms {
    /// Compiles what is said at `path` of a tenant.
    ///
    /// # Errors
    /// Tiers and rules that there are not, limits that make no sense.
    pub fn compile(
        spec: &TenantSpec,
        path: &Path,
        tiers: &Tiers,
        quotas: &QuotaRules,
    ) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut terms = Self::default();
        if let Some(name) = &spec.max_tier {
            match tiers.resolve(name, &path.key("max_tier")) {
                Ok(tier) => terms.max_tier = Some(tier),
                Err(error) => errors.push(error),
            }
        }
        for (rule, limit) in &spec.quotas {
            match quotas.tenant_terms(rule, limit, &path.key("quotas").key(rule)) {
                Ok(own) => terms.quotas.push(own),
                Err(wrong) => errors.extend(wrong),
            }
        }
        if errors.is_empty() { Ok(terms) } else { Err(errors) }
    }

    /// The tenant's own terms for a rule, if it has any.
    pub fn of(&self, rule: RuleId) -> Option<Terms> {
        self.quotas.iter().find(|(it, _)| *it == rule).map(|(_, terms)| *terms)
    }
}

// === impl TenantTable ===

impl TenantTable {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &TenantsSpec,
        path: &Path,
        tiers: &Tiers,
        quotas: &QuotaRules,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let path = path.key("inline");
        let mut table = Self::default();
        for (i, tenant) in spec.inline.iter().enumerate() {
            let place = path.index(i);
            match TenantTerms::compile(tenant, &place, tiers, quotas) {
                Ok(terms) => {
                    if !table.insert(&tenant.id, terms) {
                        let message = format!("a second tenant `{}`", tenant.id);
                        errors.push(PolicyError::new(place.key("id"), message));
                    }
                }
                Err(wrong) => errors.extend(wrong),
            }
        }
        table
    }

    /// Adds a tenant; `false` if it was there already.
    pub fn insert(&mut self, tenant: &str, terms: TenantTerms) -> bool {
        let terms = match self.terms.get_key_value(&terms) {
            Some((terms, ())) => Rc::clone(terms),
            None => {
                let terms = Rc::new(terms);
                self.terms.insert(Rc::clone(&terms), ());
                terms
            }
        };
        self.tenants.insert(tenant.into(), terms).is_none()
    }

    /// The terms of a tenant, if it has its own.
    pub fn get(&self, tenant: &str) -> Option<&TenantTerms> {
        self.tenants.get(tenant).map(|it| &**it)
    }

    /// How many tenants there are.
    pub fn len(&self) -> usize {
        self.tenants.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tenants.is_empty()
    }

    /// All tiers that are some tenant's cap.
    pub fn capped_tiers(&self) -> impl Iterator<Item = TierId> {
        self.terms.keys().filter_map(|it| it.max_tier)
    }
}
