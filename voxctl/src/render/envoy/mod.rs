//! A complete Envoy for this machine, made from Istio resources.
//!
//! There is no second template: the listener istiod would give the sidecar is patched by the
//! resources, and only then moved to a local address.

mod access_log;
mod address;
mod base;
mod bootstrap;
mod clusters;
mod modules;
mod proxy;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost_reflect::DynamicMessage;
use serde_json::Value;

pub use address::{Address, BadAddress, NamedCluster};

use super::error::{Place, RenderError};
use super::istio::{self, Filter, ModuleSource, PolicyDocument, ResourceOptions};
use super::message::{any_type, child, child_mut, each, each_mut, pack_into, text, unpack};
use super::patch::{patch_listener, patch_route_configuration, resolve_extensions, select};
use super::resources::{Context, Document, EnvoyFilter, read};
use super::{Rendered, descriptors, security};

/// The Istio release whose rules are applied, for `match.proxy.proxyVersion`.
pub const ISTIO_VERSION: &str = "1.31.0";

const CONTEXT: Context = Context::SidecarInbound;
const HCM: &str = "envoy.filters.network.http_connection_manager";

/// How the local Envoy is to be.
#[derive(Clone, Debug)]
pub struct EnvoyOptions {
    /// The service behind it.
    pub upstream: Address,
    /// Where it listens, on 127.0.0.1; 0 lets the system choose.
    pub listen: u16,
    /// Its admin port, on 127.0.0.1; 0 lets the system choose.
    pub admin: u16,
    /// Where the modules `voxgate-<filter>.wasm` are.
    pub wasm_dir: PathBuf,
    /// Further clusters: what a filter calls, as the server of a JWK Set.
    pub clusters: Vec<NamedCluster>,
    /// Where the access log goes; `None` for none.
    pub access_log: Option<PathBuf>,
    /// The port of the service in the mesh, to which `portNumber` refers. `None`: the one that
    /// the resources name, or 8080.
    pub port: Option<u16>,
    /// The workload's namespace. `None`: that of the resources.
    pub namespace: Option<String>,
    /// The workload's labels. `None`: those that the resources select.
    pub labels: Option<BTreeMap<String, String>>,
}

impl EnvoyOptions {
    /// A local Envoy in front of `upstream` that finds its modules in `dist/`.
    pub fn new(upstream: Address, listen: u16, admin: u16) -> Self {
        Self {
            upstream,
            listen,
            admin,
            wasm_dir: PathBuf::from("dist"),
            clusters: Vec::new(),
            access_log: None,
            port: None,
            namespace: None,
            labels: None,
        }
    }
}

/// A bootstrap that runs `filters` with `policy`: the resources that `render envoyfilter` prints,
/// applied.
///
/// # Errors
/// A module that is not in the folder, or a cluster the policy calls that nobody gives.
pub fn from_policy(
    policy: &PolicyDocument,
    filters: &[Filter],
    options: &EnvoyOptions,
) -> Result<Rendered<Value>, RenderError> {
    let mut documents: Vec<Document> = Vec::new();
    for filter in filters {
        let resource = ResourceOptions {
            filter: *filter,
            namespace: options.namespace.clone(),
            labels: options.labels.clone().unwrap_or_default(),
            proxy: istio::Proxy::Sidecar,
            port: options.port.unwrap_or(istio::DEFAULT_PORT),
            module: ModuleSource::File(options.wasm_dir.join(policy.module_file(*filter))),
        };
        for (i, value) in istio::envoy_filter_resources(policy, &resource).into_iter().enumerate() {
            let place = Place::new(&format!("the resources of {filter}"), i.saturating_add(1));
            let document = Document::new(value, place)?;
            // Several filters ask for the same authentication; once is enough.
            let known = documents
                .iter()
                .any(|d| d.kind == document.kind && d.metadata.name == document.metadata.name);
            if !known {
                documents.push(document);
            }
        }
    }
    render(documents, options)
}

/// A bootstrap that applies an operator's own resources.
///
/// # Errors
/// What cannot be read or cannot be applied, with file, document and path.
pub fn from_files(
    files: &[impl AsRef<Path>],
    options: &EnvoyOptions,
) -> Result<Rendered<Value>, RenderError> {
    let mut documents = Vec::new();
    for file in files {
        documents.extend(read(file.as_ref())?);
    }
    render(documents, options)
}

fn render(
    documents: Vec<Document>,
    options: &EnvoyOptions,
) -> Result<Rendered<Value>, RenderError> {
    let mut warnings = Vec::new();
    let mut filters = Vec::new();
    for document in documents.iter().filter(|document| document.kind == "EnvoyFilter") {
        filters.push((document.clone(), document.spec::<EnvoyFilter>()?));
    }
    let (proxy, port) = proxy::infer(&documents, &filters, options)?;
    let security = security::filters(&documents, &proxy, &mut warnings)?;
    let patches = select(filters, &proxy, &mut warnings)?;
    if patches.is_empty() {
        let labels: Vec<String> = proxy.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(",") };
        let namespace = proxy.namespace;
        return Err(RenderError::NothingToApply { namespace, labels, left_out: warnings });
    }

    let clusters = clusters::patched(&patches, port, options)?;

    let mut routes = base::route_configuration(port);
    patch_route_configuration(&patches, CONTEXT, &mut routes)?;
    let log = options.access_log.as_deref();
    let mut listener = base::listener(port, &routes, &security.filters, log);
    if !patch_listener(&patches, CONTEXT, &mut listener)? {
        return Err(RenderError::NoListener);
    }
    if each(&listener, "filter_chains").is_empty()
        && child(&listener, "default_filter_chain").is_none()
    {
        warnings
            .push("the patches leave the listener no filter chain; Envoy refuses that".to_owned());
    }

    let mut callers = security.clusters;
    each_connection_manager(&mut listener, |manager| {
        resolve_extensions(&patches, manager, &mut warnings)?;
        modules::localise(manager, &options.wasm_dir, &mut warnings)?;
        callers.extend(clusters::called_by_filters(manager));
        let last = each(manager, "http_filters").pop().map(|filter| text(&filter, "name"));
        if last.as_deref() != Some("envoy.filters.http.router") {
            warnings.push(format!(
                "the last HTTP filter is `{}`, not the router; Envoy refuses that; \
                 use INSERT_BEFORE with the router as subFilter, not ADD",
                last.unwrap_or_default()
            ));
        }
        Ok(())
    })?;
    clusters::require(&callers, &clusters)?;

    bootstrap::move_to(&mut listener, options.listen);
    warnings.extend(patches.unapplied());
    let listeners = vec![descriptors::to_json(&listener)];
    let clusters: Vec<Value> = clusters.iter().map(descriptors::to_json).collect();
    let value = bootstrap::bootstrap(&proxy, options.admin, listeners, clusters);
    Ok(Rendered { value, warnings })
}

/// Runs `change` on every HTTP connection manager of `listener`.
fn each_connection_manager(
    listener: &mut DynamicMessage,
    mut change: impl FnMut(&mut DynamicMessage) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    for chain in each_mut(listener, "filter_chains") {
        for filter in each_mut(chain, "filters").filter(|filter| text(filter, "name") == HCM) {
            let Some(mut manager) = child(filter, "typed_config").as_ref().and_then(unpack) else {
                continue;
            };
            change(&mut manager)?;
            pack_into(child_mut(filter, "typed_config"), &manager);
        }
    }
    Ok(())
}

/// The Wasm filters of a connection manager, unpacked.
fn each_wasm(
    manager: &mut DynamicMessage,
    mut change: impl FnMut(&str, &mut DynamicMessage) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
    for filter in each_mut(manager, "http_filters") {
        let name = text(filter, "name");
        let Some(any) = child(filter, "typed_config").filter(|any| any_type(any) == WASM) else {
            continue;
        };
        let Some(mut wasm) = unpack(&any) else { continue };
        change(&name, child_mut(&mut wasm, "config"))?;
        pack_into(child_mut(filter, "typed_config"), &wasm);
    }
    Ok(())
}
