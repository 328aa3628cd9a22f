//! Clusters.

use serde_json::{Value, json};

use super::harness::{envoy_filter, patches_of};
use crate::render::descriptors::{build, to_json};
use crate::render::patch::{added_clusters, patch_cluster};
use crate::render::resources::Context;

const TLS: &str =
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

fn patched(patches: &str, context: Context, cluster: &Value) -> Option<Value> {
    let (patches, _) = patches_of(&envoy_filter(patches)).unwrap();
    let mut cluster = build("envoy.config.cluster.v3.Cluster", cluster);
    patch_cluster(&patches, context, &mut cluster).unwrap().then(|| to_json(&cluster))
}

fn merge(condition: &str) -> String {
    format!(
        "- applyTo: CLUSTER
  match: {condition}
  patch: {{operation: MERGE, value: {{connect_timeout: 1s}}}}
"
    )
}

#[test]
fn a_cluster_is_chosen_by_name_or_by_the_parts_of_its_key() {
    let cluster = json!({"name": "outbound|443|v1|keys.test", "connect_timeout": "10s"});
    for (condition, fits) in [
        ("{}", true),
        ("{cluster: {name: 'outbound|443|v1|keys.test'}}", true),
        ("{cluster: {name: other, portNumber: 443}}", false),
        ("{cluster: {name: 'outbound|443|v1|keys.test', portNumber: 80}}", true),
        ("{cluster: {portNumber: 443}}", true),
        ("{cluster: {portNumber: 80}}", false),
        ("{cluster: {subset: v1, service: keys.test}}", true),
        ("{cluster: {subset: v2}}", false),
        ("{cluster: {service: keys}}", false),
        ("{context: SIDECAR_OUTBOUND}", true),
        ("{context: SIDECAR_INBOUND}", false),
    ] {
        let it = patched(&merge(condition), Context::SidecarOutbound, &cluster).unwrap();
        let expected = if fits { "1s" } else { "10s" };
        assert_eq!(it["connect_timeout"], expected, "{condition}");
    }
}

#[test]
fn a_limit_is_set_on_the_inbound_cluster_of_one_port() {
    let patch = "- applyTo: CLUSTER
  match: {context: SIDECAR_INBOUND, cluster: {portNumber: 8080}}
  patch: {operation: MERGE, value: {per_connection_buffer_limit_bytes: 32768}}
";
    for (name, context, expected) in [
        ("inbound|8080||", Context::SidecarInbound, 32_768),
        ("inbound|9090||", Context::SidecarInbound, 7),
        ("outbound|8080||tts.test", Context::SidecarOutbound, 7),
    ] {
        let cluster = json!({"name": name, "per_connection_buffer_limit_bytes": 7});
        let it = patched(patch, context, &cluster).unwrap();
        assert_eq!(it["per_connection_buffer_limit_bytes"], expected, "{name}");
    }
}

#[test]
fn a_removed_cluster_is_gone() {
    let remove = "- applyTo: CLUSTER\n  match: {cluster: {portNumber: 8080}}\n  patch: {operation: REMOVE}\n";
    let cluster = json!({"name": "inbound|8080||"});
    assert!(patched(remove, Context::SidecarInbound, &cluster).is_none());
}

#[test]
fn a_cluster_is_added_once_whatever_the_sidecars_context() {
    for (context, count) in
        [("ANY", 1), ("SIDECAR_OUTBOUND", 1), ("SIDECAR_INBOUND", 1), ("GATEWAY", 0)]
    {
        let add = format!(
            "- applyTo: CLUSTER\n  match: {{context: {context}}}\n  patch: {{operation: ADD, value: {{name: rls}}}}\n"
        );
        let (patches, _) = patches_of(&envoy_filter(&add)).unwrap();
        assert_eq!(added_clusters(&patches).unwrap().len(), count, "{context}");
    }
}

fn socket(name: &str, field: &str) -> String {
    format!(
        "- applyTo: CLUSTER
  patch:
    operation: MERGE
    value: {{connect_timeout: 1s, transport_socket: {{name: {name}, typed_config: {{'@type': {TLS}, {field}}}}}}}
"
    )
}

#[test]
fn a_transport_socket_of_the_same_name_is_merged_and_the_rest_of_the_patch_dropped() {
    let cluster = json!({
        "name": "x", "connect_timeout": "10s",
        "transport_socket": {"name": "tls", "typed_config": {"@type": TLS, "sni": "old.test"}},
    });
    let patch = socket("tls", "max_session_keys: 3");
    let it = patched(&patch, Context::SidecarOutbound, &cluster).unwrap();
    let config = &it["transport_socket"]["typed_config"];
    assert_eq!((&config["sni"], &config["max_session_keys"]), (&json!("old.test"), &json!(3)));
    assert_eq!(it["connect_timeout"], "10s");
}

#[test]
fn a_transport_socket_of_another_name_is_replaced() {
    let cluster = json!({
        "name": "x",
        "transport_socket": {"name": "other", "typed_config": {"@type": TLS, "sni": "old.test"}},
    });
    let patch = socket("tls", "max_session_keys: 3");
    let it = patched(&patch, Context::SidecarOutbound, &cluster).unwrap();
    assert_eq!(it["transport_socket"]["name"], "tls");
    assert!(it["transport_socket"]["typed_config"].get("sni").is_none());
}

#[test]
fn with_a_choice_of_sockets_and_none_of_the_name_the_patch_is_dropped() {
    let cluster = json!({
        "name": "x", "connect_timeout": "10s",
        "transport_socket_matches": [{"name": "mtls", "transport_socket": {"name": "other"}}],
    });
    let patch = socket("tls", "max_session_keys: 3");
    let it = patched(&patch, Context::SidecarOutbound, &cluster).unwrap();
    assert_eq!(it["connect_timeout"], "10s");
    assert!(it.get("transport_socket").is_none());
}
