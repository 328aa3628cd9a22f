//! The `EnvoyFilter` of a Voxgate filter.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Filter, PolicyDocument, ResourceOptions, connection, metadata};

/// All filters share a VM, and with it shared data.
const VM_ID: &str = "voxgate";
/// Room on all sides for an operator's own EnvoyFilters. Istio applies patches of a higher priority
/// later, and each is inserted right before the router: so a higher one is a later filter.
fn priority(filter: Filter) -> i32 {
    match filter {
        Filter::JwtTier => 10,
        Filter::VoiceQuota => 20,
        Filter::TextShed => 30,
        Filter::ChunkFlush => 40,
    }
}

/// Bytes that Envoy reads of a connection at once: its default `per_connection_buffer_limit_bytes`.
const ONE_READ: u64 = 1024 * 1024;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
/// What Istio's agent puts in a filter's place if it cannot fetch the module.
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";

/// The filter before the router. A file stands inline; a module to be fetched goes by ECDS,
/// because only there Istio's agent fetches it.
pub(super) fn resource(policy: &PolicyDocument, options: &ResourceOptions) -> Value {
    let name = format!("voxgate.{}", options.filter);
    let config = json!({
        "@type": WASM,
        "config": plugin_config(policy, options),
    });
    let mut patches = if options.module.is_remote() {
        let discovery = json!({
            "config_source": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
            "type_urls": [WASM, RBAC],
        });
        vec![
            http_filter(options, &json!({"name": name, "config_discovery": discovery})),
            json!({
                "applyTo": "EXTENSION_CONFIG",
                "match": {"context": options.proxy.context()},
                "patch": {
                    "operation": "ADD",
                    "value": {"name": name, "typed_config": config},
                },
            }),
        ]
    } else {
        vec![http_filter(options, &json!({"name": name, "typed_config": config}))]
    };
    if options.filter == Filter::JwtTier {
        patches.push(buffer_limit(options, policy.max_held_bytes()));
    }
    if let (Filter::ChunkFlush, Some(connection)) = (options.filter, policy.connection()) {
        patches.extend(connection::patches(connection, options));
    }
    let mut spec = serde_json::Map::new();
    if !options.labels.is_empty() {
        spec.insert("workloadSelector".to_owned(), json!({"labels": options.labels}));
    }
    spec.insert("priority".to_owned(), json!(priority(options.filter)));
    spec.insert("configPatches".to_owned(), json!(patches));
    json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": metadata(&format!("voxgate-{}", options.filter), options),
        "spec": spec,
    })
}

fn http_filter(options: &ResourceOptions, value: &Value) -> Value {
    json!({
        "applyTo": "HTTP_FILTER",
        "match": {
            "context": options.proxy.context(),
            "listener": {
                "portNumber": options.port,
                "filterChain": {"filter": {
                    "name": "envoy.filters.network.http_connection_manager",
                    "subFilter": {"name": "envoy.filters.http.router"},
                }},
            },
        },
        "patch": {"operation": "INSERT_BEFORE", "value": value},
    })
}

/// Room for what the filter holds and one read more: Envoy's buffer takes a chunk before the filter
/// is asked about it, and a chunk is as large as one read of the connection, so with less Envoy
/// would at times answer 413 by itself before the filter does (measured on 1.37.0 and 1.40.0).
fn buffer_limit(options: &ResourceOptions, max_held_bytes: u64) -> Value {
    json!({
        "applyTo": "VIRTUAL_HOST",
        "match": {
            "context": options.proxy.context(),
            "routeConfiguration": {"portNumber": options.port},
        },
        "patch": {
            "operation": "MERGE",
            "value": {"request_body_buffer_limit": max_held_bytes.saturating_add(ONE_READ)},
        },
    })
}

/// `envoy.extensions.wasm.v3.PluginConfig`.
///
/// The policy is JSON text: a `google.protobuf.Struct` would read better, but reaches the filter
/// as protobuf bytes and not as JSON, whatever wasm.proto says (Envoy 1.40.0, measured).
fn plugin_config(policy: &PolicyDocument, options: &ResourceOptions) -> Value {
    let name = options.filter.name();
    let capabilities: serde_json::Map<String, Value> =
        capabilities(options.filter).into_iter().map(|name| (name.to_owned(), json!({}))).collect();
    json!({
        "name": name,
        "root_id": name,
        "vm_config": {
            "vm_id": VM_ID,
            "runtime": "envoy.wasm.runtime.v8",
            "code": options.module.code(),
        },
        // Envoy 1.40 wants it in vm_config, and warns; older ones, and the istiods of Istio 1.28 to
        // 1.31, know it only here, and there would drop it without a word.
        "capability_restriction_config": {"allowed_capabilities": capabilities},
        // Without it Envoy brings no body while the filter holds the headers.
        "allow_on_headers_stop_iteration": true,
        // A trap ends a worker's VM; it comes back by itself.
        "failure_policy": "FAIL_RELOAD",
        "reload_config": {"backoff": {"base_interval": "1s"}},
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": format!("{:#}\n", policy.written),
        },
    })
}

/// What the module may call and what the host may call in it (proxy-wasm ABI 0.2.1 and WASI
/// preview 1, by their own names). What is not here fails: a module that was tampered with
/// cannot, for example, register a shared queue.
fn capabilities(filter: Filter) -> BTreeSet<&'static str> {
    const BASE: &[&str] = &[
        "environ_get",
        "environ_sizes_get",
        "fd_write",
        "proc_exit",
        "proxy_add_header_map_value",
        "proxy_continue_stream",
        "proxy_define_metric",
        "proxy_get_buffer_bytes",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_header_map_pairs",
        "proxy_get_header_map_value",
        "proxy_get_property",
        "proxy_get_shared_data",
        "proxy_increment_metric",
        "proxy_log",
        "proxy_on_configure",
        "proxy_on_context_create",
        "proxy_on_delete",
        "proxy_on_done",
        "proxy_on_request_body",
        "proxy_on_request_headers",
        "proxy_on_request_trailers",
        "proxy_on_response_headers",
        "proxy_on_tick",
        "proxy_on_vm_start",
        "proxy_record_metric",
        "proxy_remove_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_send_local_response",
        "proxy_set_effective_context",
        "proxy_set_header_map_pairs",
        "proxy_set_property",
        "proxy_set_tick_period_milliseconds",
        "random_get",
    ];
    // Signatures; keys and tenants, which are fetched.
    const JWT_TIER: &[&str] =
        &["proxy_call_foreign_function", "proxy_http_call", "proxy_on_http_call_response"];
    // Answers as they pass, counters, and tenants.
    const VOICE_QUOTA: &[&str] = &[
        "proxy_http_call",
        "proxy_on_http_call_response",
        "proxy_on_response_body",
        "proxy_on_response_trailers",
        "proxy_set_shared_data",
    ];
    // Answers as they pass, what is in flight, and bodies that are changed.
    const TEXT_SHED: &[&str] = &[
        "proxy_on_response_body",
        "proxy_on_response_trailers",
        "proxy_set_buffer_bytes",
        "proxy_set_shared_data",
    ];
    // Answers as they pass, how they ended, and silent ones that are ended. Chunks are held and go on as they
    // came: nothing of them is written.
    const CHUNK_FLUSH: &[&str] = &[
        "proxy_close_stream",
        "proxy_on_log",
        "proxy_on_response_body",
        "proxy_on_response_trailers",
    ];
    let more = match filter {
        Filter::JwtTier => JWT_TIER,
        Filter::VoiceQuota => VOICE_QUOTA,
        Filter::TextShed => TEXT_SHED,
        Filter::ChunkFlush => CHUNK_FLUSH,
    };
    BASE.iter().chain(more).copied().collect()
}
