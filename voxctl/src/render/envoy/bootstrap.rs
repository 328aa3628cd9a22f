//! Around the listener: node, admin, statistics.

use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::render::message::{child_mut, each_mut, list_mut, set, text};
use crate::render::patch::Proxy;

/// The labels that Voxgate's metrics carry in their names as `label=.=value;.`.
const LABELS: [&str; 24] = [
    "outcome",
    "reason",
    "tier",
    "operation",
    "source",
    "result",
    "rule",
    "meter",
    "tenant",
    "percent",
    "error",
    "load",
    "service",
    "lane",
    "end",
    "size",
    "model",
    "continuity",
    "format",
    "direction",
    "pattern",
    "action",
    "stage",
    "up_to_ms",
];

/// Takes away what only works behind Istio's redirection, and listens on 127.0.0.1, there only.
pub(super) fn move_to(listener: &mut DynamicMessage, port: u16) {
    let address = child_mut(listener, "address");
    let socket = child_mut(address, "socket_address");
    set(socket, "address", prost_reflect::Value::String("127.0.0.1".to_owned()));
    set(socket, "port_value", prost_reflect::Value::U32(u32::from(port)));
    listener.clear_field_by_name("additional_addresses");
    listener.clear_field_by_name("use_original_dst");
    list_mut(listener, "listener_filters").retain(|filter| {
        filter
            .as_message()
            .is_none_or(|filter| text(filter, "name") != "envoy.filters.listener.original_dst")
    });
    for chain in each_mut(listener, "filter_chains") {
        if !chain.has_field_by_name("filter_chain_match") {
            continue;
        }
        let taken = child_mut(chain, "filter_chain_match");
        taken.clear_field_by_name("destination_port");
        if taken.fields().next().is_none() {
            chain.clear_field_by_name("filter_chain_match");
        }
    }
}

/// The whole of Envoy's configuration.
pub(super) fn bootstrap(
    proxy: &Proxy,
    admin: u16,
    listeners: Vec<Value>,
    clusters: Vec<Value>,
) -> Value {
    // As Istio's bootstrap writes each of `extraStatTags`.
    let tags: Vec<Value> = LABELS
        .iter()
        .map(|tag| json!({"tag_name": tag, "regex": format!(r"({tag}=\.=(.*?);\.;)")}))
        .collect();
    let workload = proxy.labels.get("app").map_or("workload", String::as_str);
    json!({
        "node": {
            "id": format!("sidecar~127.0.0.1~{workload}.{0}~{0}.svc.cluster.local", proxy.namespace),
            "cluster": format!("{workload}.{}", proxy.namespace),
            "metadata": proxy.metadata,
        },
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
        "static_resources": {"listeners": listeners, "clusters": clusters},
        "stats_config": {"stats_tags": tags},
        // Envoy warns at start without a limit.
        "overload_manager": {"resource_monitors": [{
            "name": "envoy.resource_monitors.global_downstream_max_connections",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                "max_active_downstream_connections": 50_000,
            },
        }]},
    })
}
