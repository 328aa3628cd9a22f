//! Which resources are for this proxy, and in which order their patches go.

use std::collections::BTreeMap;

use regex::Regex;

use super::{Patch, Patches, parse};
use crate::render::error::{Problem, RenderError};
use crate::render::resources::{Document, EnvoyFilter, ProxyMatch};

/// What istiod knows of the proxy it configures.
#[derive(Clone, Debug)]
pub(in crate::render) struct Proxy {
    /// The workload's namespace.
    pub namespace: String,
    /// The workload's labels.
    pub labels: BTreeMap<String, String>,
    /// The namespace whose resources are for every workload.
    pub root_namespace: String,
    /// `ISTIO_VERSION` of the node metadata.
    pub istio_version: String,
    /// Other node metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Proxy {
    /// Whether a resource of this namespace with this selector is for the proxy.
    pub(in crate::render) fn is_selected(
        &self,
        namespace: &str,
        selector: &BTreeMap<String, String>,
    ) -> bool {
        (namespace == self.root_namespace || namespace == self.namespace)
            && selector.iter().all(|(key, value)| self.labels.get(key) == Some(value))
    }

    /// `match.proxy`. The version is a regular expression found anywhere in the proxy's version;
    /// a very long one fits nothing, as does any version expression on a proxy without one.
    fn fits(&self, condition: &ProxyMatch) -> Result<bool, regex::Error> {
        const MAX_EXPRESSION: usize = 1024;
        let expression = condition.proxy_version.as_str();
        if !expression.is_empty() {
            if expression.len() > MAX_EXPRESSION || self.istio_version.is_empty() {
                return Ok(false);
            }
            if !Regex::new(expression)?.is_match(&self.istio_version) {
                return Ok(false);
            }
        }
        Ok(condition.metadata.iter().all(|(key, value)| self.metadata.get(key) == Some(value)))
    }
}

/// The patches of all `filters` that are for `proxy`, by priority, those of the root namespace
/// first, then by name. A cluster would put older resources before younger ones of the same
/// priority; files have no age, so say a priority wherever the order matters.
///
/// # Errors
/// What cannot be applied, with its place.
pub(in crate::render) fn select(
    filters: Vec<(Document, EnvoyFilter)>,
    proxy: &Proxy,
    warnings: &mut Vec<String>,
) -> Result<Patches, RenderError> {
    let mut chosen = Vec::new();
    for (document, filter) in filters {
        if !filter.target_refs.is_empty() {
            let problem = Problem::Unsupported {
                what: "targetRefs".to_owned(),
                why: "only gateways of the Gateway API follow them, a sidecar ignores the \
                      resource; use workloadSelector",
            };
            return Err(RenderError::at(document.place.at("spec.targetRefs"), problem));
        }
        let namespace = document.metadata.namespace.clone().unwrap_or(proxy.namespace.clone());
        let selector = filter.workload_selector.as_ref().map(|s| s.labels.clone());
        if proxy.is_selected(&namespace, &selector.unwrap_or_default()) {
            let name = format!("{}.{namespace}", document.metadata.name);
            let order = (filter.priority, namespace != proxy.root_namespace, name);
            chosen.push((order, document, filter));
        } else {
            warnings.push(format!(
                "{}: EnvoyFilter `{}` does not select this workload and is left out",
                document.place, document.metadata.name
            ));
        }
    }
    chosen.sort_by(|(a, ..), (b, ..)| a.cmp(b));

    let mut patches = Vec::new();
    for (_, document, filter) in chosen {
        for (i, written) in filter.config_patches.into_iter().enumerate() {
            let place = document.place.at(&format!("spec.configPatches[{i}]"));
            let condition = written.matching.proxy.clone();
            let patch: Patch = parse::parse(written, place, warnings)?;
            let fits = condition.as_ref().map_or(Ok(true), |condition| proxy.fits(condition));
            match fits {
                Ok(true) => patches.push(patch),
                Ok(false) => warnings.push(format!(
                    "{}: match.proxy does not fit this proxy (Istio {}); the patch is left out",
                    patch.place, proxy.istio_version
                )),
                Err(error) => {
                    let problem = Problem::Shape(error.to_string());
                    let place = patch.place.at("match.proxy.proxyVersion");
                    return Err(RenderError::at(place, problem));
                }
            }
        }
    }
    Ok(Patches(patches))
}
