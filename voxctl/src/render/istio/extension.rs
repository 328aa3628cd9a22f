//! `WasmPlugin` and `TrafficExtension`: shorter than an EnvoyFilter, and with less.
//!
//! Both leave the VM without a name, have no `reload_config` and no capability restriction, and
//! give the filter the policy as JSON text. That is enough for jwt-tier.

use serde_json::{Map, Value, json};

use super::{PolicyDocument, ResourceOptions, metadata};

const API_VERSION: &str = "extensions.istio.io/v1alpha1";

pub(super) fn wasm_plugin(policy: &PolicyDocument, options: &ResourceOptions) -> Value {
    let mut spec = placement(options);
    spec.extend(wasm(policy, options));
    resource("WasmPlugin", options, spec)
}

pub(super) fn traffic_extension(policy: &PolicyDocument, options: &ResourceOptions) -> Value {
    let mut spec = placement(options);
    spec.insert("wasm".to_owned(), Value::Object(wasm(policy, options)));
    resource("TrafficExtension", options, spec)
}

fn resource(kind: &str, options: &ResourceOptions, spec: Map<String, Value>) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": metadata(&format!("voxgate-{}", options.filter), options),
        "spec": spec,
    })
}

/// After Istio verified the token and before its own authorization, so that a denial is ours and
/// explains itself.
fn placement(options: &ResourceOptions) -> Map<String, Value> {
    let mut spec = Map::new();
    if !options.labels.is_empty() {
        spec.insert("selector".to_owned(), json!({"matchLabels": options.labels}));
    }
    spec.insert("phase".to_owned(), json!("AUTHZ"));
    spec.insert(
        "match".to_owned(),
        json!([{"mode": "SERVER", "ports": [{"number": options.port}]}]),
    );
    spec
}

fn wasm(policy: &PolicyDocument, options: &ResourceOptions) -> Map<String, Value> {
    let mut wasm = Map::from_iter([("url".to_owned(), json!(options.module.url()))]);
    if let Some(sha256) = options.module.sha256() {
        wasm.insert("sha256".to_owned(), json!(sha256));
    }
    wasm.insert("pluginName".to_owned(), json!(options.filter.name()));
    wasm.insert("failStrategy".to_owned(), json!("FAIL_RELOAD"));
    wasm.insert("pluginConfig".to_owned(), policy.written.clone());
    wasm
}
