//! The part of a policy that a filter needs to see streams through to the listener.

use serde::Deserialize;

use super::base::Base;
use crate::error::{Path, PolicyErrors};
use crate::operation::OperationNames;
use crate::spec::{MetricsSpec, StreamsSpec};
use crate::stream::StreamRules;
use crate::tier::Tiers;

/// What a policy says of streams, and of what it refers to.
#[derive(Clone, Debug)]
pub struct StreamPolicy {
    operations: OperationNames,
    tiers: Tiers,
    rules: Option<StreamRules>,
    metrics: MetricsSpec,
}

/// The sections of a policy as written, as far as they are read here.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    streams: Option<StreamsSpec>,
}

// === impl StreamPolicy ===

impl StreamPolicy {
    /// Reads its part of a policy from JSON, the form in which a filter is configured.
    ///
    /// # Errors
    /// What is wrong with that part, with paths in the whole policy.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyErrors> {
        let mut errors = Vec::new();
        let (base, written) = Base::read::<Written>(json, &mut errors)?;
        let Base { operations, tiers, metrics, .. } = base;
        let place = Path::root().key("streams");
        let compile =
            |it: &StreamsSpec| StreamRules::compile(it, &place, &operations, &tiers, &mut errors);
        let rules = written.streams.as_ref().map(compile);
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        Ok(Self { operations, tiers, rules, metrics })
    }

    /// The names of operations.
    pub fn operations(&self) -> &OperationNames {
        &self.operations
    }

    /// The tiers, best first.
    pub fn tiers(&self) -> &Tiers {
        &self.tiers
    }

    /// What becomes of streams; `None`: they are neither measured nor changed.
    pub fn rules(&self) -> Option<&StreamRules> {
        self.rules.as_ref()
    }

    /// What is counted.
    pub fn metrics(&self) -> &MetricsSpec {
        &self.metrics
    }
}
