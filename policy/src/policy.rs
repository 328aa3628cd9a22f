//! The policy, validated and compiled for look-up.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::body::BodyRules;
use crate::error::{Path, PolicyError, PolicyErrors};
use crate::identity::IdentityRules;
use crate::jwks::url_parts;
use crate::names::NamePatterns;
use crate::operation::OperationNames;
use crate::preset;
use crate::quota::{QuotaRules, Surroundings};
use crate::recognise::Recogniser;
use crate::spec::{
    MetricsSpec, OperationsSpec, PolicySpec, ShadowSection, TenantSourceSpec, UnknownOperation,
};
use crate::tenant::{TenantBasis, TenantTable};
use crate::tier::{TierId, Tiers};

/// The version of the policy format that this code reads.
pub const VERSION: u32 = 1;

/// The most series that `metrics.max_series` can allow: each costs Envoy memory for good.
pub const MAX_SERIES: u32 = 10_000;

/// A policy that can be enforced as it stands: whatever could not be was refused on the way here.
#[derive(Clone, Debug)]
pub struct Policy {
    identity: IdentityRules,
    operations: OperationNames,
    recogniser: Recogniser,
    unknown: UnknownOperation,
    tiers: Tiers,
    body_rules: BodyRules,
    preset_voices: NamePatterns,
    tenants: TenantTable,
    tenant_source: Option<TenantSourceSpec>,
    quotas: QuotaRules,
    metrics: MetricsSpec,
    shadow: Vec<ShadowSection>,
}

// === impl Policy ===

impl Policy {
    /// Who is believed.
    pub fn identity(&self) -> &IdentityRules {
        &self.identity
    }

    /// The names of operations.
    pub fn operations(&self) -> &OperationNames {
        &self.operations
    }

    /// What requests ask for.
    pub fn recogniser(&self) -> &Recogniser {
        &self.recogniser
    }

    /// What becomes of a request that no rule knows.
    pub fn unknown_operation(&self) -> UnknownOperation {
        self.unknown
    }

    /// The tiers, best first.
    pub fn tiers(&self) -> &Tiers {
        &self.tiers
    }

    /// How bodies are read.
    pub fn body_rules(&self) -> &BodyRules {
        &self.body_rules
    }

    /// The voices that are anyone's.
    pub fn preset_voices(&self) -> &NamePatterns {
        &self.preset_voices
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

    /// Checks that every algorithm which this policy makes the module verify can be verified.
    ///
    /// # Errors
    /// One error for each that cannot.
    pub fn check_algorithms(
        &self,
        is_supported: impl Fn(jsonwebtoken::Algorithm) -> bool,
    ) -> Result<(), PolicyErrors> {
        let errors = self.identity.unsupported(&Path::root().key("identity"), is_supported);
        if errors.is_empty() { Ok(()) } else { Err(PolicyErrors(errors)) }
    }
}

impl TryFrom<PolicySpec> for Policy {
    type Error = PolicyErrors;

    fn try_from(spec: PolicySpec) -> Result<Self, PolicyErrors> {
        let root = Path::root();
        let mut errors = Vec::new();
        if spec.version != VERSION {
            errors.push(PolicyError::new(
                root.key("version"),
                format!("version {} is not known; accepted: {VERSION}", spec.version),
            ));
        }
        if !(1..=MAX_SERIES).contains(&spec.metrics.max_series) {
            errors.push(PolicyError::new(
                root.key("metrics").key("max_series"),
                format!("must be between 1 and {MAX_SERIES}"),
            ));
        }
        let section = root.key("operations");
        let operations =
            OperationNames::compile(&spec.operations.define, &section.key("define"), &mut errors);
        let recogniser = Recogniser::compile(&spec.operations, &operations, &mut errors);
        let body_rules = BodyRules::compile(&spec.facts, &root.key("facts"), &mut errors);
        let preset_voices = preset_voices(&spec.operations);
        let section = root.key("tiers");
        let tiers = Tiers::compile(&spec.tiers, &section, &operations, &preset_voices, &mut errors);
        tiers.check_fed(&section, &recogniser, &mut errors);
        let identity =
            IdentityRules::compile(&spec.identity, &root.key("identity"), &tiers, &mut errors);
        let section = root.key("quotas");
        let around = Surroundings {
            operations: &operations,
            tiers: &tiers,
            has_users: identity.has_users(),
            has_scopes: identity.has_scopes(),
        };
        let quotas = QuotaRules::compile(&spec.quotas, &section, &around, &mut errors);
        quotas.check_fed(&section, &recogniser, &mut errors);
        let section = root.key("tenants");
        let tenants = TenantTable::compile(&spec.tenants, &section, &tiers, &quotas, &mut errors);
        check_source(spec.tenants.source.as_ref(), &section.key("source"), &mut errors);
        let section = root.key("tiers");
        // Who the source of tenants caps is not known yet.
        if identity.has_scopes() && spec.tenants.source.is_none() {
            let other_ways: Vec<TierId> =
                identity.anonymous().into_iter().chain(tenants.capped_tiers()).collect();
            tiers.check_reachable(&section, &other_ways, &mut errors);
        }
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        Ok(Self {
            identity,
            operations,
            recogniser,
            unknown: spec.operations.unknown,
            tiers,
            body_rules,
            preset_voices: NamePatterns::new(preset_voices),
            tenants,
            tenant_source: spec.tenants.source,
            quotas,
            metrics: spec.metrics,
            shadow: spec.shadow,
        })
    }
}

/// The shortest time between two fetches of tenants.
const MIN_REFRESH: Duration = Duration::from_secs(1);

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

/// The voices that are anyone's: the policy's own list, and those that vendors ship.
fn preset_voices(spec: &OperationsSpec) -> Vec<&str> {
    let shipped = spec.presets.iter().filter_map(|it| preset::by_name(it));
    let own = spec.preset_voices.iter().map(String::as_str);
    own.chain(shipped.flat_map(|it| it.voices).copied()).collect()
}
