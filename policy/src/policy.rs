//! The policy, validated and compiled for look-up.

mod base;
mod counted;
mod shed;
mod streamed;
#[cfg(test)]
mod tests;

use std::ops::Deref;

use crate::body::BodyRules;
use crate::error::{Path, PolicyErrors};
use crate::identity::IdentityRules;
use crate::names::NamePatterns;
use crate::operation::OperationNames;
use crate::preset;
use crate::recognise::Recogniser;
use crate::shed::ShedRules;
use crate::spec::{OperationsSpec, PolicySpec, UnknownOperation};
use crate::stream::StreamRules;
use crate::tier::{TierId, Tiers};
use counted::{Parts, check_version};

pub use counted::{MAX_INLINE_TENANTS, QuotaPolicy};
pub use shed::ShedPolicy;
pub use streamed::StreamPolicy;

/// The version of the policy format that this code reads.
pub const VERSION: u32 = 1;

/// A policy that can be enforced as it stands: whatever could not be was refused on the way here.
#[derive(Clone, Debug)]
pub struct Policy {
    identity: IdentityRules,
    recogniser: Recogniser,
    unknown: UnknownOperation,
    body_rules: BodyRules,
    preset_voices: NamePatterns,
    counted: QuotaPolicy,
    shedding: Option<ShedRules>,
    streams: Option<StreamRules>,
}

/// A policy says all that its part says.
impl Deref for Policy {
    type Target = QuotaPolicy;

    fn deref(&self) -> &QuotaPolicy {
        &self.counted
    }
}

// === impl Policy ===

impl Policy {
    /// Who is believed.
    pub fn identity(&self) -> &IdentityRules {
        &self.identity
    }

    /// What requests ask for.
    pub fn recogniser(&self) -> &Recogniser {
        &self.recogniser
    }

    /// What becomes of a request that no rule knows.
    pub fn unknown_operation(&self) -> UnknownOperation {
        self.unknown
    }

    /// How bodies are read.
    pub fn body_rules(&self) -> &BodyRules {
        &self.body_rules
    }

    /// The voices that are anyone's.
    pub fn preset_voices(&self) -> &NamePatterns {
        &self.preset_voices
    }

    /// What becomes of a request that is too long for the moment; `None`: nothing is shed.
    pub fn shedding(&self) -> Option<&ShedRules> {
        self.shedding.as_ref()
    }

    /// What becomes of streams; `None`: they are neither measured nor changed.
    pub fn streams(&self) -> Option<&StreamRules> {
        self.streams.as_ref()
    }

    /// Whether a filter after this one needs to know who asks for what.
    pub fn tells_subjects(&self) -> bool {
        !self.counted.quotas().is_empty() || self.shedding.is_some() || self.streams.is_some()
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
        check_version(spec.version, &mut errors);
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
        let has_source = spec.tenants.source.is_some();
        let parts = Parts {
            operations,
            tiers,
            tenants: spec.tenants,
            quotas: spec.quotas,
            metrics: spec.metrics,
            shadow: spec.shadow,
            has_users: identity.has_users(),
            has_scopes: identity.has_scopes(),
        };
        let counted = QuotaPolicy::compile(parts, &mut errors);
        counted.quotas().check_fed(&root.key("quotas"), &recogniser, &mut errors);
        let section = root.key("shedding");
        let shedding = spec.shedding.as_ref().map(|it| {
            let rules = ShedRules::compile(
                it,
                &section,
                counted.operations(),
                counted.tiers(),
                &mut errors,
            );
            rules.check_fed(&section, &recogniser, &mut errors);
            rules
        });
        let section = root.key("streams");
        let streams = spec.streams.as_ref().map(|it| {
            let rules = StreamRules::compile(
                it,
                &section,
                counted.operations(),
                counted.tiers(),
                &mut errors,
            );
            rules.check_fed(&section, &recogniser, &mut errors);
            rules
        });
        let section = root.key("tiers");
        // Who the source of tenants caps is not known yet.
        if identity.has_scopes() && !has_source {
            let other_ways: Vec<TierId> =
                identity.anonymous().into_iter().chain(counted.tenants().capped_tiers()).collect();
            counted.tiers().check_reachable(&section, &other_ways, &mut errors);
        }
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        Ok(Self {
            identity,
            recogniser,
            unknown: spec.operations.unknown,
            body_rules,
            preset_voices: NamePatterns::new(preset_voices),
            counted,
            shedding,
            streams,
        })
    }
}

/// The voices that are anyone's: the policy's own list, and those that vendors ship.
fn preset_voices(spec: &OperationsSpec) -> Vec<&str> {
    let shipped = spec.presets.iter().filter_map(|it| preset::by_name(it));
    let own = spec.preset_voices.iter().map(String::as_str);
    own.chain(shipped.flat_map(|it| it.voices).copied()).collect()
}
