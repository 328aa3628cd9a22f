//! RequestAuthentication and AuthorizationPolicy as the Envoy filters that istiod makes of them.

mod authentication;
mod authorization;
mod terms;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::error::RenderError;
use super::patch::Proxy;
use super::resources::Document;

/// What the resources come to: filters for the front of the chain, in order, and the clusters
/// they call.
#[derive(Debug, Default)]
pub(super) struct SecurityFilters {
    /// HTTP filters as Envoy's JSON.
    pub filters: Vec<Value>,
    /// Who calls a cluster, and its name.
    pub clusters: Vec<(String, String)>,
}

/// The filters for `proxy` of all `documents` of these two kinds: first `jwt_authn`, then `rbac`.
///
/// # Errors
/// What istiod would do and this does not, with its place.
pub(super) fn filters(
    documents: &[Document],
    proxy: &Proxy,
    warnings: &mut Vec<String>,
) -> Result<SecurityFilters, RenderError> {
    let mut found = SecurityFilters::default();
    authentication::add(documents, proxy, &mut found, warnings)?;
    authorization::add(documents, proxy, &mut found, warnings)?;
    Ok(found)
}

/// Whether `document` is for `proxy`; a warning if not.
fn is_for(
    document: &Document,
    selector: Option<&super::resources::Selector>,
    proxy: &Proxy,
    warnings: &mut Vec<String>,
) -> bool {
    let namespace = document.metadata.namespace.as_ref().unwrap_or(&proxy.namespace);
    let labels = selector.map(|selector| selector.match_labels.clone()).unwrap_or_default();
    let selected = proxy.is_selected(namespace, &labels);
    if !selected {
        warnings.push(format!(
            "{}: {} `{}` does not select this workload and is left out",
            document.place, document.kind, document.metadata.name
        ));
    }
    selected
}
