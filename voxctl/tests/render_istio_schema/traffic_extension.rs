//! `TrafficExtension` (extensions.istio.io/v1alpha1, Istio 1.30), after Istio's API reference:
//! <https://istio.io/latest/docs/reference/config/proxy_extensions/traffic-extension/>.
#![allow(dead_code, missing_docs, reason = "a schema: its fields are there to be read into")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TrafficExtensionSpec {
    selector: Option<Selector>,
    target_refs: Option<Vec<TargetRef>>,
    phase: Option<Phase>,
    priority: Option<i32>,
    #[serde(rename = "match")]
    matching: Option<Vec<Match>>,
    wasm: Option<Wasm>,
    lua: Option<Lua>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Selector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetRef {
    group: Option<String>,
    kind: String,
    name: String,
    namespace: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Phase {
    Unspecified,
    Authn,
    Authz,
    Stats,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    mode: Option<Mode>,
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    Undefined,
    Client,
    Server,
    ClientAndServer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Port {
    number: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wasm {
    url: String,
    sha256: Option<String>,
    image_pull_policy: Option<String>,
    image_pull_secret: Option<String>,
    verification_key: Option<String>,
    plugin_config: Option<serde_json::Map<String, Value>>,
    plugin_name: Option<String>,
    fail_strategy: Option<FailStrategy>,
    vm_config: Option<VmConfig>,
    #[serde(rename = "type")]
    plugin_type: Option<String>,
}

#[derive(Deserialize)]
enum FailStrategy {
    #[serde(rename = "FAIL_CLOSE")]
    Close,
    #[serde(rename = "FAIL_OPEN")]
    Open,
    #[serde(rename = "FAIL_RELOAD")]
    Reload,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VmConfig {
    env: Vec<Variable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Variable {
    name: String,
    value: Option<String>,
    value_from: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Lua {
    inline_code: String,
}
