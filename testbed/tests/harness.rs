//! The harness itself, on a real Envoy: it starts, tells, is pushed to, and ends.

use serde_json::{Value, json};
use std::net::SocketAddr;
use voxgate_testbed::client::{Client, raw};
use voxgate_testbed::envoy::{Envoy, EnvoyError, Options, Push};
use voxgate_testbed::speech::Speech;

/// A listener in front of `upstream` that adds `x-version` to each request.
fn bootstrap(upstream: SocketAddr, version: &str) -> Value {
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    });
    let access_log = json!({
        "name": "file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": "/dev/stdout",
            "log_format": { "json_format": {
                "id": "%REQ(X-REQUEST-ID)%",
                "status": "%RESPONSE_CODE%",
            } },
        },
    });
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "inbound",
        "http2_protocol_options": {},
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "preserve_external_request_id": true,
        "access_log": [access_log],
        "http_filters": [router],
        "route_config": { "virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "request_headers_to_add": [{ "header": { "key": "x-version", "value": version } }],
            "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "speech", "timeout": "0s" } }],
        }] },
    });
    json!({
        "admin": { "address": { "socket_address": { "address": "0.0.0.0", "port_value": 15000 } } },
        "static_resources": {
            "listeners": [{
                "name": "virtualInbound",
                "address": { "socket_address": { "address": "0.0.0.0", "port_value": 15006 } },
                "filter_chains": [{ "filters": [{
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": manager,
                }] }],
            }],
            "clusters": [{
                "name": "speech",
                "connect_timeout": "1s",
                "load_assignment": {
                    "cluster_name": "speech",
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": { "socket_address": {
                        "address": upstream.ip().to_string(),
                        "port_value": upstream.port(),
                    } } } }] }],
                },
            }],
        },
    })
}

async fn ask(client: &Client, id: &str) -> u16 {
    let request = client.post("/tts").header("x-request-id", id).json(&json!({ "text": "a" }));
    request.send().await.unwrap().status.as_u16()
}

#[tokio::test]
async fn an_envoy_serves_both_protocols_and_tells_what_it_did() {
    let speech = Speech::start().await.unwrap();
    let envoy = Envoy::start(bootstrap(speech.address(), "1")).await.unwrap();
    for (protocol, client) in Client::both(envoy.address()) {
        assert_eq!(ask(&client, protocol).await, 200);
        let received = speech.received_as(protocol).unwrap();
        assert_eq!(received.headers.one("x-version"), Some("1"));
        let entry = envoy.access_log_entry(|entry| entry["id"] == protocol).await.unwrap();
        assert_eq!(entry["status"], 200);
    }
    assert_eq!(envoy.stat("http.inbound.downstream_rq_2xx").await.unwrap(), 2);
    assert_eq!(envoy.stat("no.such.stat").await.unwrap(), 0);
    assert!(envoy.prometheus().await.unwrap().contains("envoy_http_downstream_rq_total"));
    assert!(envoy.resident_bytes().unwrap() > 10_000_000);
    assert!(!envoy.cpu_time().unwrap().is_zero());
    envoy.finish().await.unwrap();
}

#[tokio::test]
async fn a_websocket_and_a_malformed_request_go_through_the_same_listener() {
    let speech = Speech::start().await.unwrap();
    let envoy = Envoy::start(bootstrap(speech.address(), "1")).await.unwrap();
    Client::http1(envoy.address()).get("/ws").websocket().await.unwrap().unwrap_open();

    let body = br#"{"text":"a"}"#;
    let good = raw::post("/tts", &[(b"X-Test-ID", b"\xffraw")], body);
    assert_eq!(raw::exchange(envoy.address(), &good).await.unwrap().status.unwrap(), 200);
    assert!(speech.received_as("\u{fffd}raw").is_some());
    let bad = raw::post("/tts", &[(b"x-nul", b"a\0b")], body);
    assert_eq!(raw::exchange(envoy.address(), &bad).await.unwrap().status.unwrap(), 400);
    envoy.finish().await.unwrap();
}

#[tokio::test]
async fn a_refused_bootstrap_shows_why() {
    let speech = Speech::start().await.unwrap();
    let mut broken = bootstrap(speech.address(), "1");
    broken["static_resources"]["clusters"][0]["flush_interval"] = json!("1s");
    match Envoy::start(broken).await.unwrap_err() {
        EnvoyError::Refused { log, .. } => assert!(log.contains("flush_interval"), "{log}"),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn without_a_binary_the_error_names_the_command_that_gets_one() {
    let options = Options { envoy: Some("/nonexistent/envoy".into()), ..Options::default() };
    let error = options.start(json!({})).await.unwrap_err();
    assert!(error.to_string().contains("cargo xtask test e2e"), "{error}");
}

#[tokio::test]
async fn a_push_is_in_use_when_it_returns_and_loses_no_request() {
    let speech = Speech::start().await.unwrap();
    let mut envoy = Envoy::start_dynamic(bootstrap(speech.address(), "0")).await.unwrap();
    let client = Client::http1(envoy.address());
    let asking = tokio::spawn({
        let client = client.clone();
        async move {
            for number in 0..300 {
                assert_eq!(ask(&client, &format!("during-{number}")).await, 200);
            }
        }
    });
    for version in ["1", "2", "3"] {
        let pushed = envoy.push(bootstrap(speech.address(), version)).await.unwrap();
        assert_eq!(pushed, Push::Accepted);
        // A new connection meets the new listener; an old one may stay with the one it has.
        let fresh = Client::http1(envoy.address());
        assert_eq!(ask(&fresh, version).await, 200);
        assert_eq!(speech.received_as(version).unwrap().headers.one("x-version"), Some(version));
    }
    asking.await.unwrap();
    envoy.finish().await.unwrap();
}

#[tokio::test]
async fn a_push_that_envoy_refuses_leaves_what_was() {
    let speech = Speech::start().await.unwrap();
    let mut envoy = Envoy::start_dynamic(bootstrap(speech.address(), "1")).await.unwrap();
    let mut broken = bootstrap(speech.address(), "2");
    broken["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        ["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["cluster"] = json!("nowhere");
    broken["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        ["route_config"]["validate_clusters"] = json!(true);
    match envoy.push(broken).await.unwrap() {
        Push::Rejected(reason) => assert!(reason.contains("nowhere"), "{reason}"),
        Push::Accepted => panic!("accepted"),
    }
    assert_eq!(ask(&Client::http1(envoy.address()), "after").await, 200);
    assert_eq!(speech.received_as("after").unwrap().headers.one("x-version"), Some("1"));
    envoy.finish().await.unwrap();
}

#[tokio::test]
async fn an_envoy_that_was_killed_is_reported() {
    let speech = Speech::start().await.unwrap();
    let mut envoy = Envoy::start(bootstrap(speech.address(), "1")).await.unwrap();
    envoy.kill().unwrap();
    assert!(matches!(envoy.finish().await.unwrap_err(), EnvoyError::Crashed { .. }));
}

#[tokio::test]
#[should_panic(expected = "http2_protocol_options")]
async fn an_unexpected_warning_fails_a_test_that_only_drops_its_envoy() {
    let speech = Speech::start().await.unwrap();
    // Envoy warns of a deprecated field.
    let mut warned = bootstrap(speech.address(), "1");
    warned["static_resources"]["clusters"][0]["http2_protocol_options"] = json!({});
    drop(Envoy::start(warned).await.unwrap());
}
