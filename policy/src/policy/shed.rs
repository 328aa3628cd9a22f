//! The part of a policy that a filter needs to shed what another filter recognised.

use serde::Deserialize;

use super::base::Base;
use crate::error::{Path, PolicyErrors};
use crate::operation::OperationNames;
use crate::shed::ShedRules;
use crate::spec::{MetricsSpec, ShadowSection, SheddingSpec};

/// What a policy says of shedding, and of what it refers to.
#[derive(Clone, Debug)]
pub struct ShedPolicy {
    operations: OperationNames,
    rules: Option<ShedRules>,
    metrics: MetricsSpec,
    shadow: Vec<ShadowSection>,
}

/// The sections of a policy as written, as far as they are read here.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    shedding: Option<SheddingSpec>,
}

// === impl ShedPolicy ===

impl ShedPolicy {
    /// Reads its part of a policy from JSON, the form in which a filter is configured.
    ///
    /// # Errors
    /// What is wrong with that part, with paths in the whole policy.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyErrors> {
        let mut errors = Vec::new();
        let (base, written) = Base::read::<Written>(json, &mut errors)?;
        let Base { operations, tiers, metrics, shadow } = base;
        let place = Path::root().key("shedding");
        let compile =
            |it: &SheddingSpec| ShedRules::compile(it, &place, &operations, &tiers, &mut errors);
        let rules = written.shedding.as_ref().map(compile);
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        Ok(Self { operations, rules, metrics, shadow })
    }

    /// The names of operations.
    pub fn operations(&self) -> &OperationNames {
        &self.operations
    }

    /// What becomes of a request that is too long for the moment; `None`: nothing is shed.
    pub fn rules(&self) -> Option<&ShedRules> {
        self.rules.as_ref()
    }

    /// What is counted.
    pub fn metrics(&self) -> &MetricsSpec {
        &self.metrics
    }

    /// Whether what is decided here is not enforced.
    pub fn is_on_trial(&self) -> bool {
        self.shadow.contains(&ShadowSection::Shedding)
    }
}
