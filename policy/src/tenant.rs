//! What a policy says of single tenants.

use std::collections::HashMap;

use crate::error::{Path, PolicyError};
use crate::spec::TenantsSpec;
use crate::tier::{TierId, Tiers};

/// The best tier that single tenants can get.
#[derive(Clone, Debug, Default)]
pub struct TenantCaps(HashMap<String, Option<TierId>>);

impl TenantCaps {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &TenantsSpec,
        path: &Path,
        tiers: &Tiers,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let path = path.key("inline");
        let mut caps = HashMap::new();
        for (i, tenant) in spec.inline.iter().enumerate() {
            let max_tier = tenant.max_tier.as_ref().and_then(|name| {
                tiers
                    .resolve(name, &path.index(i).key("max_tier"))
                    .map_err(|error| errors.push(error))
                    .ok()
            });
            if caps.insert(tenant.id.clone(), max_tier).is_some() {
                errors.push(PolicyError::new(
                    path.index(i).key("id"),
                    format!("a second tenant `{}`", tenant.id),
                ));
            }
        }
        Self(caps)
    }

    /// The best tier that `tenant` can get, if it has a cap.
    pub fn of(&self, tenant: &str) -> Option<TierId> {
        self.0.get(tenant).copied().flatten()
    }

    /// All tiers that are some tenant's cap.
    pub fn tiers(&self) -> impl Iterator<Item = TierId> {
        self.0.values().copied().flatten()
    }
}
