//! What cuts or buffers a stream beside the filters, set on one port: the policy's `streams.connection`.
//!
//! A filter cannot keep Envoy's own limits from a stream, so these patches stand in chunk-flush's EnvoyFilter.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Value, json};
use voxgate_policy::spec::ConnectionSpec;

use super::{Proxy, ResourceOptions};

const MANAGER: &str = "envoy.filters.network.http_connection_manager";
const MANAGER_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
/// How many streams of one HTTP/2 connection may have their window full at once, before one takes from
/// another. Envoy's own windows are 16 and 24 MiB.
const FULL_STREAMS: u32 = 4;
/// The largest window of HTTP/2 (RFC 9113 §6.9.1).
const LARGEST_WINDOW: u32 = i32::MAX.unsigned_abs();

/// The patches, each for the one port of `options`.
pub(super) fn patches(connection: &ConnectionSpec, options: &ResourceOptions) -> Vec<Value> {
    vec![manager(connection, options), routes(connection, options), buffers(connection, options)]
}

fn manager(connection: &ConnectionSpec, options: &ResourceOptions) -> Value {
    let window = connection.http2_window;
    merge(
        "NETWORK_FILTER",
        &json!({
            "context": options.proxy.context(),
            "listener": {"portNumber": options.port, "filterChain": {"filter": {"name": MANAGER}}},
        }),
        &json!({"name": MANAGER, "typed_config": {
            "@type": MANAGER_TYPE,
            "stream_idle_timeout": seconds(connection.idle_timeout.0),
            "stream_flush_timeout": seconds(connection.flush_timeout.0),
            // The first is also as much as Envoy keeps of a response that its client does not read; the second
            // is for requests only.
            "http2_protocol_options": {
                "initial_stream_window_size": window,
                "initial_connection_window_size":
                    window.saturating_mul(FULL_STREAMS).min(LARGEST_WINDOW),
            },
        }}),
    )
}

/// A stream takes as long as it takes; what ends it is silence. The route's idle timeout goes before the
/// connection manager's, so that no other patch of a route cuts streams earlier.
///
/// `max_stream_duration` is what istiod gives a sidecar's routes anyway. At a gateway it writes a
/// VirtualService's `timeout` into `max_grpc_timeout`, too (`setTimeout` in its route.go), where Envoy looks
/// first for gRPC unless `max_stream_duration` is there.
fn routes(connection: &ConnectionSpec, options: &ResourceOptions) -> Value {
    merge(
        "HTTP_ROUTE",
        &json!({
            "context": options.proxy.context(),
            // Without the action a redirect would be merged into a route that leads nowhere.
            "routeConfiguration": {"portNumber": options.port, "vhost": {"route": {"action": "ROUTE"}}},
        }),
        &json!({"route": {
            "timeout": "0s",
            "idle_timeout": seconds(connection.idle_timeout.0),
            "max_stream_duration": {"max_stream_duration": "0s", "grpc_timeout_header_max": "0s"},
        }}),
    )
}

/// A gateway has a listener for each port. A sidecar has one for all of them, 15006, which no patch can
/// change for one port; so there it is what Envoy reads ahead of the service, by its inbound cluster.
fn buffers(connection: &ConnectionSpec, options: &ResourceOptions) -> Value {
    let context = options.proxy.context();
    let value = json!({"per_connection_buffer_limit_bytes": connection.buffer_limit});
    let port = json!({"portNumber": options.port});
    match options.proxy {
        Proxy::Sidecar => merge("CLUSTER", &json!({"context": context, "cluster": port}), &value),
        Proxy::Gateway => merge("LISTENER", &json!({"context": context, "listener": port}), &value),
    }
}

fn merge(apply_to: &str, matching: &Value, value: &Value) -> Value {
    json!({
        "applyTo": apply_to,
        "match": matching,
        "patch": {"operation": "MERGE", "value": value},
    })
}

/// As Envoy reads it: in seconds. istiod would take `5m`, too, and Envoy refuse it.
fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        millis => format!("{}.{millis:03}s", duration.as_secs()),
    }
}
