//! What every part of a policy refers to: operations and tiers.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::counted::check_version;
use crate::error::{Path, PolicyError, PolicyErrors};
use crate::operation::OperationNames;
use crate::spec::{MetricsSpec, ShadowSection, TierSpec, path_at};
use crate::tier::Tiers;

/// The head that a filter reads of a policy when it sees only a part of it.
pub(super) struct Base {
    pub operations: OperationNames,
    pub tiers: Tiers,
    pub metrics: MetricsSpec,
    pub shadow: Vec<ShadowSection>,
}

/// As it is written. The other sections are checked by the filter that enforces them.
#[derive(Deserialize)]
struct Written {
    version: u32,
    #[serde(default)]
    operations: WrittenOperations,
    tiers: Vec<TierSpec>,
    #[serde(default)]
    metrics: MetricsSpec,
    #[serde(default)]
    shadow: Vec<ShadowSection>,
}

#[derive(Default, Deserialize)]
struct WrittenOperations {
    #[serde(default)]
    define: Vec<String>,
}

// === impl Base ===

impl Base {
    /// Reads the head and the sections `S` of a policy from JSON; what is wrong with the head is added to
    /// `errors`.
    ///
    /// # Errors
    /// One error with the path of a value that does not fit its place at all.
    pub(super) fn read<S: DeserializeOwned>(
        json: &[u8],
        errors: &mut Vec<PolicyError>,
    ) -> Result<(Self, S), PolicyErrors> {
        // Each by itself: within a flattened struct, an error no longer knows where it stands.
        let Written { version, operations, tiers, metrics, shadow } = parse(json)?;
        let sections = parse(json)?;
        let root = Path::root();
        check_version(version, errors);
        let place = root.key("operations").key("define");
        let operations = OperationNames::compile(&operations.define, &place, errors);
        // Which voices are anyone's is not looked at here.
        let voices = ["*"];
        let tiers = Tiers::compile(&tiers, &root.key("tiers"), &operations, &voices, errors);
        Ok((Self { operations, tiers, metrics, shadow }, sections))
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, PolicyErrors> {
    serde_json::from_slice(json).map_err(|error| {
        let path = path_at(json, error.line(), error.column());
        PolicyErrors(vec![PolicyError::new(path, error.to_string())])
    })
}
