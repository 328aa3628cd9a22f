//! A file of several documents, each a Kubernetes resource.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::render::error::{Place, Problem, RenderError};

/// One resource, its `spec` not yet read.
#[derive(Clone, Debug)]
pub(in crate::render) struct Document {
    pub place: Place,
    pub kind: String,
    pub metadata: Metadata,
    spec: Value,
}

/// What is needed of a resource's metadata; an API server adds more, which is left alone.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::render) struct Metadata {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub namespace: Option<String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope {
    api_version: String,
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
    /// Written by controllers.
    #[serde(default, rename = "status")]
    _status: Value,
}

impl Document {
    /// Reads one resource.
    ///
    /// # Errors
    /// Not a resource, a kind that cannot be applied, or a version the kind does not have.
    pub(in crate::render) fn new(value: Value, place: Place) -> Result<Self, RenderError> {
        let envelope: Envelope = strict(&value, &place)?;
        let accepted: &[&'static str] = match envelope.kind.as_str() {
            "EnvoyFilter" => &["networking.istio.io/v1alpha3"],
            "RequestAuthentication" | "AuthorizationPolicy" => {
                &["security.istio.io/v1", "security.istio.io/v1beta1"]
            }
            _ => return Err(RenderError::at(place.at("kind"), Problem::Kind(envelope.kind))),
        };
        if !accepted.contains(&envelope.api_version.as_str()) {
            let problem = Problem::ApiVersion {
                kind: envelope.kind,
                found: envelope.api_version,
                accepted: accepted.first().copied().unwrap_or_default(),
            };
            return Err(RenderError::at(place.at("apiVersion"), problem));
        }
        let Envelope { kind, metadata, spec, .. } = envelope;
        Ok(Self { place, kind, metadata, spec })
    }

    /// The spec as `T`.
    ///
    /// # Errors
    /// The path of the first field that is unknown or does not fit.
    pub(in crate::render) fn spec<T: DeserializeOwned>(&self) -> Result<T, RenderError> {
        strict(&self.spec, &self.place.at("spec"))
    }
}

fn strict<T: DeserializeOwned>(value: &Value, place: &Place) -> Result<T, RenderError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let problem = Problem::Shape(error.inner().to_string());
        RenderError::at(place.at(&error.path().to_string()), problem)
    })
}

/// Reads all resources of a file.
///
/// # Errors
/// See [`read_str`].
pub(in crate::render) fn read(path: &Path) -> Result<Vec<Document>, RenderError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| RenderError::Unreadable { path: path.to_owned(), source })?;
    read_str(&text, &path.display().to_string())
}

/// Reads all resources of a text; empty documents are passed over.
///
/// # Errors
/// Not YAML, or the first document that is no resource that can be applied.
pub(in crate::render) fn read_str(text: &str, file: &str) -> Result<Vec<Document>, RenderError> {
    let options = serde_saphyr::options! { with_snippet: false };
    let values: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
            RenderError::NotYaml { file: file.to_owned(), reason: error.to_string() }
        })?;
    values
        .into_iter()
        .enumerate()
        .filter(|(_, value)| !value.is_null())
        .map(|(i, value)| Document::new(value, Place::new(file, i.saturating_add(1))))
        .collect()
}
