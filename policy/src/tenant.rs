//! What is said of single tenants: in the policy, or by its source of tenants.

mod basis;
mod ids;
mod polling;
mod reader;
mod table;
#[cfg(test)]
mod tests;

pub use basis::TenantBasis;
pub use polling::Polling;
pub use reader::{MAX_LINE_BYTES, TenantDocumentError, TenantReader};
pub use table::TenantTable;

use crate::error::{Path, PolicyError};
use crate::quota::{QuotaRules, RuleId, Terms};
use crate::spec::TenantSpec;
use crate::tier::{TierId, Tiers};

/// The longest tenant name, in bytes.
pub const MAX_TENANT_BYTES: usize = 256;

/// Whether `name` can be a tenant's: names are sent in a header, so they have no control characters
/// and no spaces at the ends.
pub fn is_tenant(name: &str) -> bool {
    (1..=MAX_TENANT_BYTES).contains(&name.len())
        && !name.chars().any(char::is_control)
        && name.trim() == name
}

/// A tenant's own terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TenantTerms {
    /// The best tier that its callers get, if it has a cap.
    pub max_tier: Option<TierId>,
    // A box: 100,000 tenants may all have terms of their own.
    quotas: Box<[(RuleId, Terms)]>,
}

// === impl TenantTerms ===

impl TenantTerms {
    /// Compiles what is said of a tenant. The errors' paths begin at the tenant.
    ///
    /// # Errors
    /// An id that no tenant can have, tiers and rules that there are not, limits that make no sense.
    pub fn compile(
        spec: &TenantSpec,
        tiers: &Tiers,
        quotas: &QuotaRules,
    ) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut max_tier = None;
        if !is_tenant(&spec.id) {
            let message = format!(
                "no tenant has this id; write 1 to {MAX_TENANT_BYTES} bytes without control characters, and without spaces at its ends"
            );
            errors.push(PolicyError::new(Path::root().key("id"), message));
        }
        if let Some(name) = &spec.max_tier {
            match tiers.get(name) {
                Some(tier) => max_tier = Some(tier),
                None => errors.extend(tiers.resolve(name, &Path::root().key("max_tier")).err()),
            }
        }
        let mut own = Vec::with_capacity(spec.quotas.len());
        for (rule, limit) in &spec.quotas {
            match quotas.tenant_terms(rule, limit, &Path::root()) {
                Ok(terms) => own.push(terms),
                Err(wrong) => {
                    let place = Path::root().key("quotas").key(rule);
                    errors.extend(wrong.into_iter().map(|it| it.inside(&place)));
                }
            }
        }
        if errors.is_empty() { Ok(Self { max_tier, quotas: own.into() }) } else { Err(errors) }
    }

    /// The tenant's own terms for a rule, if it has any.
    pub fn of(&self, rule: RuleId) -> Option<Terms> {
        self.quotas.iter().find(|(it, _)| *it == rule).map(|(_, terms)| *terms)
    }
}
