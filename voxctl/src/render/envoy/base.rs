//! What istiod gives a sidecar for one HTTP port before any EnvoyFilter.
//!
//! Source: istio/istio `pilot/pkg/networking/core/{listener_builder,listener_inbound,route}.go`.
//! Left out are the filters that only Istio's own Envoy has (metadata exchange, istio.stats) and
//! mTLS.

use std::path::Path;

use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use super::{Address, access_log};
use crate::render::descriptors::{build, to_json};

/// The port to which traffic is redirected.
const INBOUND_PORT: u16 = 15006;

/// The inline route configuration of the inbound chain for `port`.
pub(super) fn route_configuration(port: u16) -> DynamicMessage {
    build(
        "envoy.config.route.v3.RouteConfiguration",
        &json!({
            "name": cluster_name(port),
            "virtual_hosts": [{
                "name": format!("inbound|http|{port}"),
                "domains": ["*"],
                "routes": [{
                    "name": "default",
                    "match": {"prefix": "/"},
                    "decorator": {"operation": format!("inbound:{port}/*")},
                    "route": {
                        "cluster": cluster_name(port),
                        "timeout": "0s",
                        "max_stream_duration": {
                            "max_stream_duration": "0s",
                            "grpc_timeout_header_max": "0s",
                        },
                    },
                }],
            }],
            "validate_clusters": false,
        }),
    )
}

/// The listener `virtualInbound` with one chain, for `port`; `security` filters stand first.
pub(super) fn listener(
    port: u16,
    routes: &DynamicMessage,
    security: &[Value],
    log: Option<&Path>,
) -> DynamicMessage {
    build(
        "envoy.config.listener.v3.Listener",
        &json!({
            "name": "virtualInbound",
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": INBOUND_PORT}},
            "traffic_direction": "INBOUND",
            "use_original_dst": true,
            "listener_filters": [{
                "name": "envoy.filters.listener.original_dst",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
                },
            }],
            "filter_chains": [{
                "name": format!("0.0.0.0_{port}"),
                "filter_chain_match": {"destination_port": port},
                "filters": [{
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": connection_manager(port, routes, security, log),
                }],
            }],
        }),
    )
}

fn connection_manager(
    port: u16,
    routes: &DynamicMessage,
    security: &[Value],
    log: Option<&Path>,
) -> Value {
    let own = |name: &str, kind: &str| {
        json!({
            "name": format!("envoy.filters.http.{name}"),
            "typed_config": {"@type": format!("type.googleapis.com/envoy.extensions.filters.http.{kind}")},
        })
    };
    let mut filters = security.to_vec();
    let mut grpc_stats = own("grpc_stats", "grpc_stats.v3.FilterConfig");
    if let Some(config) = grpc_stats["typed_config"].as_object_mut() {
        config.insert("emit_filter_state".to_owned(), json!(true));
        config.insert("stats_for_all_methods".to_owned(), json!(false));
    }
    filters.extend([
        grpc_stats,
        own("fault", "fault.v3.HTTPFault"),
        own("cors", "cors.v3.Cors"),
        own("router", "router.v3.Router"),
    ]);
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": format!("inbound_0.0.0.0_{port}"),
        "route_config": to_json(routes),
        "http_filters": filters,
        "access_log": log.map(access_log::to_file).into_iter().collect::<Vec<_>>(),
        "server_name": "istio-envoy",
        "server_header_transformation": "PASS_THROUGH",
        "use_remote_address": false,
        "forward_client_cert_details": "APPEND_FORWARD",
        "set_current_client_cert_details": {"subject": true, "dns": true, "uri": true},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "0s",
        "normalize_path": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "proxy_100_continue": true,
        "request_id_extension": {"typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
            "use_request_id_for_trace_sampling": true,
        }},
    })
}

/// The name of the inbound cluster for `port`.
pub(super) fn cluster_name(port: u16) -> String {
    format!("inbound|{port}||")
}

/// A cluster of one endpoint, HTTP/1.1, with the limits istiod sets: as good as none.
pub(super) fn cluster(name: &str, address: &Address) -> DynamicMessage {
    let is_ip = address.host.parse::<std::net::IpAddr>().is_ok();
    let no_limit = u32::MAX;
    build(
        "envoy.config.cluster.v3.Cluster",
        &json!({
            "name": name,
            "type": if is_ip { "STATIC" } else { "STRICT_DNS" },
            "connect_timeout": "10s",
            "circuit_breakers": {"thresholds": [{
                "max_connections": no_limit,
                "max_pending_requests": no_limit,
                "max_requests": no_limit,
                "max_retries": no_limit,
                "track_remaining": true,
            }]},
            "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                    "address": address.host, "port_value": address.port,
                }}}}]}],
            },
        }),
    )
}
