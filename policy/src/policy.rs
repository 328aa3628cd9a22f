//! The policy, validated and compiled for look-up.

#[cfg(test)]
mod tests;

use crate::body::BodyRules;
use crate::error::{Path, PolicyError, PolicyErrors};
use crate::identity::IdentityRules;
use crate::names::NamePatterns;
use crate::operation::OperationNames;
use crate::preset;
use crate::recognise::Recogniser;
use crate::spec::{MetricsSpec, OperationsSpec, PolicySpec, ShadowSection, UnknownOperation};
use crate::tenant::TenantCaps;
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
    tenant_caps: TenantCaps,
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

    /// The best tier that single tenants can get.
    pub fn tenant_caps(&self) -> &TenantCaps {
        &self.tenant_caps
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
        let tenant_caps =
            TenantCaps::compile(&spec.tenants, &root.key("tenants"), &tiers, &mut errors);
        if identity.has_scopes() {
            let other_ways: Vec<TierId> =
                identity.anonymous().into_iter().chain(tenant_caps.tiers()).collect();
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
            tenant_caps,
            metrics: spec.metrics,
            shadow: spec.shadow,
        })
    }
}

/// The voices that are anyone's: the policy's own list, and those that vendors ship.
fn preset_voices(spec: &OperationsSpec) -> Vec<&str> {
    let shipped = spec.presets.iter().filter_map(|it| preset::by_name(it));
    let own = spec.preset_voices.iter().map(String::as_str);
    own.chain(shipped.flat_map(|it| it.voices).copied()).collect()
}
