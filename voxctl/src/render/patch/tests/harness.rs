//! A listener with two ports, and EnvoyFilters written as YAML.

use std::collections::BTreeMap;

use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::render::descriptors::{build, to_json};
use crate::render::error::RenderError;
use crate::render::patch::{Patches, Proxy, patch_listener, select};
use crate::render::resources::{Context, Document, EnvoyFilter, read_str};

pub(super) fn proxy() -> Proxy {
    Proxy {
        namespace: "ai".to_owned(),
        labels: BTreeMap::from([("app".to_owned(), "glm-tts".to_owned())]),
        root_namespace: "istio-system".to_owned(),
        istio_version: "1.31.0".to_owned(),
        metadata: BTreeMap::from([("REGION".to_owned(), "eu".to_owned())]),
    }
}

/// The patches of the EnvoyFilters in `yaml` for [`proxy`], and the warnings.
pub(super) fn patches_of(yaml: &str) -> Result<(Patches, Vec<String>), RenderError> {
    let mut warnings = Vec::new();
    let mut filters = Vec::new();
    for document in read_str(yaml, "test.yaml")? {
        let spec = document.spec::<EnvoyFilter>()?;
        filters.push((document, spec));
    }
    let patches = select(filters, &proxy(), &mut warnings)?;
    Ok((patches, warnings))
}

/// An EnvoyFilter with these patches, a YAML list.
pub(super) fn envoy_filter(patches: &str) -> String {
    resource("test", "ai", 0, patches)
}

pub(super) fn resource(name: &str, namespace: &str, priority: i32, patches: &str) -> String {
    let indented: String = patches.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "---\napiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  priority: {priority}\n  configPatches:\n{indented}"
    )
}

/// `virtualInbound` with a chain each for 8080 and 9090, each with a connection manager of the
/// HTTP filters fault, cors and router.
pub(super) fn virtual_inbound() -> DynamicMessage {
    listener("virtualInbound", 15006)
}

pub(super) fn listener(name: &str, port: u16) -> DynamicMessage {
    let chain = |port: u16| {
        json!({
            "name": format!("0.0.0.0_{port}"),
            "filter_chain_match": {"destination_port": port, "server_names": ["tts.test"],
                "transport_protocol": "tls", "application_protocols": ["h2", "http/1.1"]},
            "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    "stat_prefix": "inbound",
                    "stream_idle_timeout": "300s",
                    "use_remote_address": true,
                    "upgrade_configs": [{"upgrade_type": "websocket"}],
                    "http_filters": [
                        http_filter("fault", "fault.v3.HTTPFault"),
                        http_filter("cors", "cors.v3.Cors"),
                        http_filter("router", "router.v3.Router"),
                    ],
                },
            }],
        })
    };
    build(
        "envoy.config.listener.v3.Listener",
        &json!({
            "name": name,
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},
            "listener_filters": [{
                "name": "envoy.filters.listener.tls_inspector",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"},
            }],
            "filter_chains": [chain(8080), chain(9090)],
        }),
    )
}

fn http_filter(name: &str, kind: &str) -> Value {
    json!({
        "name": format!("envoy.filters.http.{name}"),
        "typed_config": {"@type": format!("type.googleapis.com/envoy.extensions.filters.http.{kind}")},
    })
}

/// A listener after the patches of one EnvoyFilter, as JSON, and what did not apply.
pub(super) struct Patched {
    pub json: Value,
    pub unapplied: Vec<String>,
}

pub(super) fn patched(patches: &str) -> Patched {
    patched_by(&envoy_filter(patches), virtual_inbound())
}

pub(super) fn patched_by(yaml: &str, mut listener: DynamicMessage) -> Patched {
    let (patches, _) = patches_of(yaml).unwrap();
    assert!(patch_listener(&patches, Context::SidecarInbound, &mut listener).unwrap());
    Patched { json: to_json(&listener), unapplied: patches.unapplied().collect() }
}

/// The refusal of one EnvoyFilter's patches.
pub(super) fn refusal(patches: &str) -> String {
    match patches_of(&envoy_filter(patches)) {
        Err(error) => error.to_string(),
        Ok((patches, _)) => {
            let mut listener = virtual_inbound();
            let refused = patch_listener(&patches, Context::SidecarInbound, &mut listener);
            refused.unwrap_err().to_string()
        }
    }
}

impl Patched {
    /// The connection manager of chain `i`.
    pub(super) fn manager(&self, i: usize) -> &Value {
        let filters = self.json["filter_chains"][i]["filters"].as_array().unwrap();
        let manager = filters
            .iter()
            .find(|filter| filter["name"] == "envoy.filters.network.http_connection_manager");
        &manager.unwrap()["typed_config"]
    }

    /// The names of the HTTP filters of chain `i`, without their common prefix.
    pub(super) fn http(&self, i: usize) -> Vec<String> {
        names(&self.manager(i)["http_filters"], "envoy.filters.http.")
    }

    /// The names of the network filters of chain `i`.
    pub(super) fn network(&self, i: usize) -> Vec<String> {
        names(&self.json["filter_chains"][i]["filters"], "envoy.filters.network.")
    }

    pub(super) fn listener_filters(&self) -> Vec<String> {
        names(&self.json["listener_filters"], "envoy.filters.listener.")
    }
}

pub(super) fn names(list: &Value, prefix: &str) -> Vec<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap_or_default())
        .map(|name| name.strip_prefix(prefix).unwrap_or(name).to_owned())
        .collect()
}

/// A patch of the HTTP filters of the chain for 8080: `operation`, at the sub filter `anchor`
/// if there is one, with a filter `name`.
pub(super) fn http_patch(operation: &str, anchor: Option<&str>, name: &str) -> String {
    let sub_filter = anchor
        .map(|anchor| format!(", subFilter: {{name: envoy.filters.http.{anchor}}}"))
        .unwrap_or_default();
    format!(
        "- applyTo: HTTP_FILTER
  match:
    context: SIDECAR_INBOUND
    listener: {{portNumber: 8080, filterChain: {{filter: {{name: envoy.filters.network.http_connection_manager{sub_filter}}}}}}}
  patch:
    operation: {operation}
    value:
      name: {name}
      typed_config: {{'@type': type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer, max_request_bytes: 1}}
"
    )
}

pub(super) fn manager_patch(fields: &str) -> String {
    format!(
        "- applyTo: NETWORK_FILTER
  match:
    listener: {{portNumber: 8080, filterChain: {{filter: {{name: envoy.filters.network.http_connection_manager}}}}}}
  patch:
    operation: MERGE
    value:
      typed_config: {{'@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, {fields}}}
"
    )
}

/// The document count of a text, for tests of reading.
pub(super) fn documents(yaml: &str) -> Result<Vec<Document>, RenderError> {
    read_str(yaml, "test.yaml")
}
