//! Which workload the resources are tried for, where the options leave it open: the one they
//! select.

use std::collections::{BTreeMap, BTreeSet};

use super::{EnvoyOptions, ISTIO_VERSION};
use crate::render::error::{Problem, RenderError};
use crate::render::istio::DEFAULT_PORT;
use crate::render::patch::Proxy;
use crate::render::resources::{
    AuthorizationPolicy, Context, Document, EnvoyFilter, RequestAuthentication,
};

const ROOT_NAMESPACE: &str = "istio-system";

/// The workload, and its port.
///
/// # Errors
/// Resources for different workloads or ports, with the option that chooses one.
pub(super) fn infer(
    documents: &[Document],
    filters: &[(Document, EnvoyFilter)],
    options: &EnvoyOptions,
) -> Result<(Proxy, u16), RenderError> {
    let namespace = match &options.namespace {
        Some(namespace) => namespace.clone(),
        None => only_namespace(documents)?,
    };
    let labels = match &options.labels {
        Some(labels) => labels.clone(),
        None => all_labels(documents, filters)?,
    };
    let port = match options.port {
        Some(port) => port,
        None => only_port(filters)?,
    };
    let proxy = Proxy {
        namespace,
        labels,
        root_namespace: ROOT_NAMESPACE.to_owned(),
        istio_version: ISTIO_VERSION.to_owned(),
        metadata: BTreeMap::from([("ISTIO_VERSION".to_owned(), ISTIO_VERSION.to_owned())]),
    };
    Ok((proxy, port))
}

fn only_namespace(documents: &[Document]) -> Result<String, RenderError> {
    let named: BTreeSet<&str> = documents
        .iter()
        .filter_map(|document| document.metadata.namespace.as_deref())
        .filter(|namespace| *namespace != ROOT_NAMESPACE)
        .collect();
    let mut named = named.into_iter();
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one.to_owned()),
        (None, _) => Ok("default".to_owned()),
        (Some(one), Some(two)) => Err(RenderError::Option {
            option: "--namespace",
            problem: format!("the resources are in `{one}` and in `{two}`; name the workload's"),
        }),
    }
}

fn all_labels(
    documents: &[Document],
    filters: &[(Document, EnvoyFilter)],
) -> Result<BTreeMap<String, String>, RenderError> {
    let mut selected: Vec<(&Document, BTreeMap<String, String>)> = Vec::new();
    for (document, filter) in filters {
        let selector = filter.workload_selector.as_ref();
        selected.extend(selector.map(|selector| (document, selector.labels.clone())));
    }
    for document in documents {
        let selector = match document.kind.as_str() {
            "RequestAuthentication" => document.spec::<RequestAuthentication>()?.selector,
            "AuthorizationPolicy" => document.spec::<AuthorizationPolicy>()?.selector,
            _ => None,
        };
        selected.extend(selector.map(|selector| (document, selector.match_labels)));
    }
    let mut all = BTreeMap::new();
    for (document, labels) in selected {
        for (label, value) in labels {
            if let Some(other) = all.insert(label.clone(), value.clone())
                && other != value
            {
                let problem = Problem::Conflict(format!(
                    "this selects {label}={value}, a resource before it {label}={other}; \
                     choose the workload with --label {label}=…"
                ));
                return Err(RenderError::at(document.place.at("spec"), problem));
            }
        }
    }
    Ok(all)
}

fn only_port(filters: &[(Document, EnvoyFilter)]) -> Result<u16, RenderError> {
    // The outbound listeners' ports are those of other services.
    let named: BTreeSet<u16> = filters
        .iter()
        .flat_map(|(_, filter)| &filter.config_patches)
        .filter(|patch| matches!(patch.matching.context, Context::SidecarInbound | Context::Any))
        .filter_map(|patch| patch.matching.listener.as_ref())
        // One past 65535 is refused with its place where the patch is read.
        .filter_map(|listener| u16::try_from(listener.port_number).ok())
        .filter(|port| *port > 0)
        .collect();
    let mut named = named.into_iter();
    match (named.next(), named.next()) {
        (None, _) => Ok(DEFAULT_PORT),
        (Some(port), None) => Ok(port),
        (Some(one), Some(two)) => Err(RenderError::Option {
            option: "--port",
            problem: format!("the patches are for the ports {one} and {two}; choose one"),
        }),
    }
}
