//! Tenants with terms of their own, for look-up.

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::ids::Ids;
use super::{TenantBasis, TenantTerms};
use crate::error::{Path, PolicyError};
use crate::quota::QuotaRules;
use crate::spec::TenantsSpec;
use crate::tier::{TierId, Tiers};

/// Tenants with terms of their own. Many have the same, which are kept once.
#[derive(Clone, Debug, Default)]
pub struct TenantTable {
    ids: Rc<Ids>,
    terms: Rc<[TenantTerms]>,
}

/// A table to be.
#[derive(Default)]
pub(super) struct TableBuilder {
    ids: Ids,
    terms: Vec<TenantTerms>,
    /// Numbers of terms, by what they say.
    known: HashTable<u32>,
    hasher: RandomState,
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
        let mut table = TableBuilder::default();
        for (i, tenant) in spec.inline.iter().enumerate() {
            match TenantTerms::compile(tenant, tiers, quotas) {
                Ok(terms) => {
                    let terms = table.number(terms);
                    if !table.insert(&tenant.id, terms) {
                        let message = format!("a second tenant `{}`", tenant.id);
                        errors.push(PolicyError::new(path.index(i).key("id"), message));
                    }
                }
                Err(wrong) => {
                    errors.extend(wrong.into_iter().map(|it| it.inside(&path.index(i))));
                }
            }
        }
        table.finish()
    }

    /// The terms of a tenant, if it has its own.
    pub fn get(&self, tenant: &str) -> Option<&TenantTerms> {
        self.terms.get(usize::try_from(self.ids.get(tenant)?).ok()?)
    }

    /// How many tenants there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All tiers that are some tenant's cap.
    pub fn capped_tiers(&self) -> impl Iterator<Item = TierId> {
        self.terms.iter().filter_map(|it| it.max_tier)
    }

    /// The same tenants under another policy, as if their document had been read for it. `None` if
    /// some tenant's terms name what that policy does not have, or has as another thing.
    #[must_use]
    pub fn rebased(&self, from: &TenantBasis, to: &TenantBasis) -> Option<Self> {
        let changes = from.changes(to);
        let terms: Option<Rc<[_]>> = self.terms.iter().map(|it| changes.apply(it)).collect();
        Some(Self { ids: Rc::clone(&self.ids), terms: terms? })
    }
}

// === impl TableBuilder ===

impl TableBuilder {
    /// The number under which these terms are kept.
    pub fn number(&mut self, terms: TenantTerms) -> u32 {
        let Self { terms: all, known, hasher, .. } = self;
        let at = |number: u32| all.get(usize::try_from(number).unwrap_or(usize::MAX));
        let hash = hasher.hash_one(Some(&terms));
        match known.entry(hash, |it| at(*it) == Some(&terms), |it| hasher.hash_one(at(*it))) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(entry) => {
                // 2³² terms would not fit into memory.
                let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
                entry.insert(number);
                all.push(terms);
                number
            }
        }
    }

    /// Adds a tenant; `false` if it is there already.
    pub fn insert(&mut self, tenant: &str, terms: u32) -> bool {
        self.ids.insert(tenant, terms)
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn finish(self) -> TenantTable {
        TenantTable { ids: Rc::new(self.ids), terms: self.terms.into() }
    }
}
