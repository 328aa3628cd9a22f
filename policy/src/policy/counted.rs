//! The part of a policy that a filter needs to charge what another filter recognised.

use std::time::Duration;

use serde::Deserialize;

use super::VERSION;
use super::base::Base;
use crate::error::{Path, PolicyError, PolicyErrors};
use crate::jwks::url_parts;
use crate::operation::OperationNames;
use crate::quota::{QuotaRules, Surroundings};
use crate::spec::{MetricsSpec, QuotasSpec, ShadowSection, TenantSourceSpec, TenantsSpec};
use crate::tenant::{TenantBasis, TenantTable};
use crate::tier::Tiers;

/// The most series that `metrics.max_series` can allow: each costs Envoy memory for good.
pub const MAX_SERIES: u32 = 10_000;

/// The most tenants that can stand in the policy: it is read whole by every worker of every proxy.
pub const MAX_INLINE_TENANTS: usize = 10_000;

/// The shortest time between two fetches of tenants.
const MIN_REFRESH: Duration = Duration::from_secs(1);

/// What a policy says of tenants, tiers and how much they may use.
///
/// It can be had [by itself](Self::from_json): how callers are identified and requests recognised is
/// then the matter of a filter before this one, and costs this one nothing.
#[derive(Clone, Debug)]
pub struct QuotaPolicy {
    operations: OperationNames,
    tiers: Tiers,
    tenants: TenantTable,
    tenant_source: Option<TenantSourceSpec>,
    quotas: QuotaRules,
    metrics: MetricsSpec,
    shadow: Vec<ShadowSection>,
}

/// What it is made of.
pub(super) struct Parts {
    pub operations: OperationNames,
    pub tiers: Tiers,
    pub tenants: TenantsSpec,
    pub quotas: QuotasSpec,
    pub metrics: MetricsSpec,
    pub shadow: Vec<ShadowSection>,
    /// Whether a claim tells users apart.
    pub has_users: bool,
    /// Whether scopes tell callers apart.
    pub has_scopes: bool,
}

/// The sections of a policy as written, as far as they are read here.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    tenants: TenantsSpec,
    #[serde(default)]
    quotas: QuotasSpec,
}

// === impl QuotaPolicy ===

impl QuotaPolicy {
    /// Reads its part of a policy from JSON, the form in which a filter is configured.
    ///
    /// # Errors
    /// What is wrong with that part, with paths in the whole policy.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyErrors> {
        let mut errors = Vec::new();
        let (base, written) = Base::read::<Written>(json, &mut errors)?;
        let Base { operations, tiers, metrics, shadow } = base;
        let parts = Parts {
            operations,
            tiers,
            tenants: written.tenants,
            quotas: written.quotas,
            metrics,
            shadow,
            has_users: true,
            has_scopes: true,
        };
        let policy = Self::compile(parts, &mut errors);
        if errors.is_empty() { Ok(policy) } else { Err(PolicyErrors(errors)) }
    }

    pub(super) fn compile(parts: Parts, errors: &mut Vec<PolicyError>) -> Self {
        let root = Path::root();
        let Parts { operations, tiers, tenants: written, quotas, metrics, shadow, .. } = parts;
        if !(1..=MAX_SERIES).contains(&metrics.max_series) {
            errors.push(PolicyError::new(
                root.key("metrics").key("max_series"),
                format!("must be between 1 and {MAX_SERIES}"),
            ));
        }
        let around = Surroundings {
            operations: &operations,
            tiers: &tiers,
            has_users: parts.has_users,
            has_scopes: parts.has_scopes,
        };
        let quotas = QuotaRules::compile(&quotas, &root.key("quotas"), &around, errors);
        let section = root.key("tenants");
        if written.inline.len() > MAX_INLINE_TENANTS {
            errors.push(PolicyError::new(section.key("inline"), format!(
                "more than {MAX_INLINE_TENANTS} tenants; so many belong behind `tenants.source`, which is read a line at a time"
            )));
        }
        let tenants = TenantTable::compile(&written, &section, &tiers, &quotas, errors);
        check_source(written.source.as_ref(), &section.key("source"), errors);
        Self { operations, tiers, tenants, tenant_source: written.source, quotas, metrics, shadow }
    }

    /// The names of operations.
    pub fn operations(&self) -> &OperationNames {
        &self.operations
    }

    /// The tiers, best first.
    pub fn tiers(&self) -> &Tiers {
        &self.tiers
    }

    /// The tenants that stand in the policy.
    pub fn tenants(&self) -> &TenantTable {
        &self.tenants
    }

    /// Where other tenants come from.
    pub fn tenant_source(&self) -> Option<&TenantSourceSpec> {
        self.tenant_source.as_ref()
    }

    /// What the terms of tenants refer to.
    pub fn tenant_basis(&self) -> TenantBasis {
        TenantBasis::new(&self.tiers, &self.quotas)
    }

    /// How much tenants may use.
    pub fn quotas(&self) -> &QuotaRules {
        &self.quotas
    }

    /// What is counted.
    pub fn metrics(&self) -> &MetricsSpec {
        &self.metrics
    }

    /// Whether a section's denials are not enforced.
    pub fn is_shadowed(&self, section: ShadowSection) -> bool {
        self.shadow.contains(&section)
    }
}

pub(super) fn check_version(version: u32, errors: &mut Vec<PolicyError>) {
    if version != VERSION {
        errors.push(PolicyError::new(
            Path::root().key("version"),
            format!("version {version} is not known; accepted: {VERSION}"),
        ));
    }
}

fn check_source(spec: Option<&TenantSourceSpec>, path: &Path, errors: &mut Vec<PolicyError>) {
    let Some(source) = spec else { return };
    if url_parts(&source.uri).is_none() {
        errors.push(PolicyError::new(
            path.key("uri"),
            "write an `http://` or `https://` URL with a path",
        ));
    }
    if source.cluster.is_empty() {
        errors
            .push(PolicyError::new(path.key("cluster"), "name the Envoy cluster that leads there"));
    }
    if source.refresh.0 < MIN_REFRESH {
        errors.push(PolicyError::new(path.key("refresh"), "must be 1 s or more"));
    }
    if source.timeout.0.is_zero() {
        errors.push(PolicyError::new(path.key("timeout"), "must be more than 0 s"));
    }
    if source.max_bytes == 0 {
        errors.push(PolicyError::new(path.key("max_bytes"), "must be more than 0"));
    }
}
