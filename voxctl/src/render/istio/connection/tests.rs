use std::collections::BTreeMap;

use serde_json::{Value, json};
use voxgate_policy::spec::DurationSpec;

use super::*;
use crate::render::descriptors::{build, to_json};
use crate::render::istio::{Filter, ModuleSource, PolicyDocument, envoy_filter_resources};
use crate::render::patch::{self, patch_listener, select};
use crate::render::resources::{Context, EnvoyFilter, read_str};

const PORT: u16 = 9090;

fn options(proxy: Proxy) -> ResourceOptions {
    ResourceOptions {
        filter: Filter::ChunkFlush,
        namespace: None,
        labels: BTreeMap::new(),
        proxy,
        port: PORT,
        module: ModuleSource::File("/modules/x.wasm".into()),
    }
}

/// The patches beside the filter for a policy whose `streams` has this `connection`.
fn beside(connection: &Value, options: &ResourceOptions) -> Vec<Value> {
    let policy = PolicyDocument::new(json!({
        "version": 1,
        "identity": {"source": ["token"]},
        "operations": {"presets": ["glm-tts"]},
        "tiers": [{"name": "basic", "allow": ["*"]}],
        "streams": {"connection": connection},
    }));
    let resources = envoy_filter_resources(&policy.unwrap(), options);
    let [resource] = &resources[..] else { panic!("{resources:?}") };
    resource["spec"]["configPatches"].as_array().unwrap()[1..].to_vec()
}

fn value_of<'p>(patches: &'p [Value], apply_to: &str) -> &'p Value {
    &patches.iter().find(|it| it["applyTo"] == apply_to).unwrap()["patch"]["value"]
}

#[test]
fn every_patch_is_for_the_named_port_and_the_proxys_own_context() {
    for (proxy, context) in [(Proxy::Sidecar, "SIDECAR_INBOUND"), (Proxy::Gateway, "GATEWAY")] {
        let patches = beside(&json!({}), &options(proxy));
        assert_eq!(patches.len(), 3);
        for patch in patches {
            assert_eq!(patch["patch"]["operation"], "MERGE");
            let matching = patch["match"].as_object().unwrap();
            assert_eq!(matching["context"], context);
            let objects: Vec<_> = matching.iter().filter(|(key, _)| *key != "context").collect();
            let [(_, object)] = objects[..] else { panic!("{patch:#}") };
            assert_eq!(object["portNumber"], PORT, "{patch:#}");
        }
    }
}

#[test]
fn a_policy_without_streams_sets_nothing_nor_does_another_filter() {
    let mut written = json!({
        "version": 1,
        "identity": {"source": ["token"]},
        "operations": {"presets": ["glm-tts"]},
        "tiers": [],
    });
    let sidecar = options(Proxy::Sidecar);
    let count = |written: &Value, filter| {
        let policy = PolicyDocument::new(written.clone()).unwrap();
        let options = ResourceOptions { filter, ..sidecar.clone() };
        let resources = envoy_filter_resources(&policy, &options);
        resources[0]["spec"]["configPatches"].as_array().unwrap().len()
    };
    assert_eq!(count(&written, Filter::ChunkFlush), 1);
    written["streams"] = json!({});
    assert_eq!(count(&written, Filter::TextShed), 1);
    assert_eq!(count(&written, Filter::ChunkFlush), 4);
}

#[test]
fn durations_are_written_in_seconds_as_envoy_reads_them() {
    for (written, expected) in [
        ("5m", "300s"),
        ("1h 30m", "5400s"),
        ("1s 500ms", "1.500s"),
        ("5ms", "0.005s"),
        ("0s", "0s"),
    ] {
        let connection = json!({"idle_timeout": written, "flush_timeout": written});
        let patches = beside(&connection, &options(Proxy::Sidecar));
        let manager = &value_of(&patches, "NETWORK_FILTER")["typed_config"];
        assert_eq!(manager["stream_idle_timeout"], expected);
        assert_eq!(manager["stream_flush_timeout"], expected);
        assert_eq!(value_of(&patches, "HTTP_ROUTE")["route"]["idle_timeout"], expected);
    }
}

#[test]
fn the_connections_window_has_room_for_several_streams_and_is_one_that_http2_has() {
    let window = |stream: u32| {
        let it = ConnectionSpec { http2_window: stream, ..ConnectionSpec::default() };
        let patch = manager(&it, &options(Proxy::Sidecar));
        let http2 = &patch["patch"]["value"]["typed_config"]["http2_protocol_options"];
        assert_eq!(http2["initial_stream_window_size"], stream);
        http2["initial_connection_window_size"].as_u64().unwrap()
    };
    assert_eq!(window(65_535), 4 * 65_535);
    assert_eq!(window(16_777_216), 67_108_864);
    assert_eq!(window(u32::MAX), (1 << 31) - 1);
}

#[test]
fn a_sidecar_bounds_what_is_read_of_its_service_and_a_gateway_what_its_listener_buffers() {
    let limit = json!({"per_connection_buffer_limit_bytes": 65_536});
    let connection = json!({"buffer_limit": 65_536});
    assert_eq!(value_of(&beside(&connection, &options(Proxy::Sidecar)), "CLUSTER"), &limit);
    assert_eq!(value_of(&beside(&connection, &options(Proxy::Gateway)), "LISTENER"), &limit);
}

/// A gateway's listener for `port`, with the limits that Istio 1.31 sets at the edge, after the patches.
fn gateway_listener(port: u16) -> Value {
    let it = ConnectionSpec { idle_timeout: DurationSpec::from_secs(0), ..Default::default() };
    let resource = json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "x"},
        "spec": {"configPatches": patches(&it, &options(Proxy::Gateway))},
    });
    let documents = read_str(&resource.to_string(), "test.yaml").unwrap();
    let filters = documents.into_iter().map(|it| {
        let spec = it.spec::<EnvoyFilter>().unwrap();
        (it, spec)
    });
    let proxy = patch::Proxy {
        namespace: "ai".to_owned(),
        labels: BTreeMap::new(),
        root_namespace: "istio-system".to_owned(),
        istio_version: "1.31.0".to_owned(),
        metadata: BTreeMap::new(),
    };
    let patches = select(filters.collect(), &proxy, &mut Vec::new()).unwrap();
    let mut listener = build(
        "envoy.config.listener.v3.Listener",
        &json!({
            "name": format!("0.0.0.0_{port}"),
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},
            "per_connection_buffer_limit_bytes": 32_768,
            "filter_chains": [{"filters": [{"name": MANAGER, "typed_config": {
                "@type": MANAGER_TYPE,
                "stream_idle_timeout": "300s",
                "http2_protocol_options":
                    {"initial_stream_window_size": 65_536, "max_concurrent_streams": 100},
            }}]}],
        }),
    );
    assert!(patch_listener(&patches, Context::Gateway, &mut listener).unwrap());
    to_json(&listener)
}

#[test]
fn a_gateways_other_port_keeps_its_limits() {
    let manager =
        |listener: &Value| listener["filter_chains"][0]["filters"][0]["typed_config"].clone();
    let ours = gateway_listener(PORT);
    assert_eq!(ours["per_connection_buffer_limit_bytes"], 262_144);
    assert_eq!(manager(&ours)["stream_idle_timeout"], "0s");
    let http2 = &manager(&ours)["http2_protocol_options"];
    assert_eq!(http2["initial_stream_window_size"], 262_144);
    assert_eq!(http2["max_concurrent_streams"], 100);

    let other = gateway_listener(443);
    assert_eq!(other["per_connection_buffer_limit_bytes"], 32_768);
    assert_eq!(manager(&other)["stream_idle_timeout"], "300s");
    assert_eq!(manager(&other).get("stream_flush_timeout"), None);
}
