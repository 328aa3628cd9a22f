//! Extension configurations (ECDS), put where they are asked for.
//!
//! A sidecar subscribes to them; `envoy --mode validate` does not look into an ECDS file, so a
//! local Envoy gets them inline.

use prost_reflect::{DynamicMessage, Value};

use super::Patches;
use crate::render::error::{Problem, RenderError};
use crate::render::message::{any_type, child, each_mut, set, text, texts};
use crate::render::resources::{ApplyTo, Operation};

const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";

/// Gives every HTTP filter of `manager` that waits for ECDS the configuration a patch adds.
/// Neither the patch's context nor anything else of its match counts, only the name.
///
/// # Errors
/// A name nobody or more than one patch adds; a type the filter does not accept.
pub(in crate::render) fn resolve_extensions(
    patches: &Patches,
    manager: &mut DynamicMessage,
    warnings: &mut Vec<String>,
) -> Result<(), RenderError> {
    for filter in each_mut(manager, "http_filters") {
        let Some(discovery) = child(filter, "config_discovery") else { continue };
        let name = text(filter, "name");
        let mut added = patches.to(ApplyTo::ExtensionConfig).filter(|patch| {
            patch.operation == Operation::Add
                && patch.value.as_ref().is_some_and(|value| text(value, "name") == name)
        });
        let Some(patch) = added.next() else {
            return Err(RenderError::MissingExtension { filter: name });
        };
        if let Some(second) = added.next() {
            let problem =
                Problem::Conflict(format!("`{name}` is already added at {}", patch.place));
            return Err(RenderError::at(second.place.clone(), problem));
        }
        let Some(config) = child(patch.value()?, "typed_config") else {
            let problem = Problem::Shape("a typed_config is needed".to_owned());
            return Err(RenderError::at(patch.place.at("patch.value"), problem));
        };
        let accepted = texts(&discovery, "type_urls");
        let found = format!("type.googleapis.com/{}", any_type(&config));
        if !accepted.contains(&found) {
            let problem = Problem::Conflict(format!(
                "the filter `{name}` does not list `{found}` in its type_urls, so Envoy refuses it"
            ));
            return Err(RenderError::at(patch.place.at("patch.value"), problem));
        }
        if !accepted.iter().any(|url| url == RBAC) {
            warnings.push(format!(
                "{}: type_urls of `{name}` lack `{RBAC}`; Istio's agent puts an RBAC filter there \
                 when a module cannot be fetched, and Envoy would refuse it",
                patch.place
            ));
        }
        patch.mark_applied();
        set(filter, "typed_config", Value::Message(config));
    }
    Ok(())
}
