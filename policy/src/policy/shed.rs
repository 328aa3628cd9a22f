//! The part of a policy that a filter needs to shed what another filter recognised.

use serde::Deserialize;

use super::counted::{WrittenOperations, check_version};
use crate::error::{Path, PolicyError, PolicyErrors};
use crate::operation::OperationNames;
use crate::shed::ShedRules;
use crate::spec::{MetricsSpec, ShadowSection, SheddingSpec, TierSpec, path_at};
use crate::tier::Tiers;

/// What a policy says of shedding, and of what it refers to.
#[derive(Clone, Debug)]
pub struct ShedPolicy {
    operations: OperationNames,
    rules: Option<ShedRules>,
    metrics: MetricsSpec,
    shadow: Vec<ShadowSection>,
}

/// A policy as written, as far as it is read here.
#[derive(Deserialize)]
struct Written {
    version: u32,
    #[serde(default)]
    operations: WrittenOperations,
    tiers: Vec<TierSpec>,
    #[serde(default)]
    shedding: Option<SheddingSpec>,
    #[serde(default)]
    metrics: MetricsSpec,
    #[serde(default)]
    shadow: Vec<ShadowSection>,
}

// === impl ShedPolicy ===

impl ShedPolicy {
    /// Reads its part of a policy from JSON, the form in which a filter is configured.
    ///
    /// # Errors
    /// What is wrong with that part, with paths in the whole policy.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyErrors> {
        let written: Written = serde_json::from_slice(json).map_err(|error| {
            let path = path_at(json, error.line(), error.column());
            PolicyErrors(vec![PolicyError::new(path, error.to_string())])
        })?;
        let root = Path::root();
        let mut errors = Vec::new();
        check_version(written.version, &mut errors);
        let place = root.key("operations").key("define");
        let operations = OperationNames::compile(&written.operations.define, &place, &mut errors);
        // Which voices are anyone's is not looked at here.
        let voices = ["*"];
        let place = root.key("tiers");
        let tiers = Tiers::compile(&written.tiers, &place, &operations, &voices, &mut errors);
        let place = root.key("shedding");
        let compile =
            |it: &SheddingSpec| ShedRules::compile(it, &place, &operations, &tiers, &mut errors);
        let rules = written.shedding.as_ref().map(compile);
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        Ok(Self { operations, rules, metrics: written.metrics, shadow: written.shadow })
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
