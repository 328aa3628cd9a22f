//! Matching and changing listeners, listener filters and chains.

use crate::render::patch::patch_listener;
use crate::render::resources::Context;

use super::harness::{
    envoy_filter, http_patch, listener, patched, patched_by, patches_of, virtual_inbound,
};

fn changed(it: &super::harness::Patched) -> [bool; 2] {
    [0, 1].map(|chain| it.http(chain).contains(&"new".to_owned()))
}

/// An INSERT_FIRST of the HTTP filter `new` with this `match`.
fn insert(condition: &str) -> String {
    format!(
        "- applyTo: HTTP_FILTER
  match: {condition}
  patch:
    operation: INSERT_FIRST
    value: {{name: new, typed_config: {{'@type': type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}}}
"
    )
}

#[test]
fn on_virtual_inbound_the_port_is_that_of_the_chain() {
    assert_eq!(changed(&patched(&insert("{listener: {portNumber: 8080}}"))), [true, false]);
    assert_eq!(changed(&patched(&insert("{listener: {portNumber: 9090}}"))), [false, true]);
    let it = patched(&insert("{listener: {portNumber: 15006}}"));
    assert_eq!(changed(&it), [false, false]);
    assert_eq!(it.unapplied.len(), 1);
}

#[test]
fn on_other_listeners_the_port_is_that_of_the_listener() {
    let by = |port| {
        let yaml = envoy_filter(&insert(&format!("{{listener: {{portNumber: {port}}}}}")));
        changed(&patched_by(&yaml, listener("0.0.0.0_15443", 15443)))
    };
    assert_eq!(by(15443), [true, true]);
    assert_eq!(by(8080), [false, false]);
}

#[test]
fn for_the_listener_itself_the_port_is_the_real_one_even_on_virtual_inbound() {
    let patch = |port| {
        format!(
            "- applyTo: LISTENER
  match: {{listener: {{portNumber: {port}}}}}
  patch: {{operation: MERGE, value: {{stat_prefix: mine}}}}
"
        )
    };
    assert_eq!(patched(&patch(15006)).json["stat_prefix"], "mine");
    assert_eq!(patched(&patch(8080)).unapplied.len(), 1);
}

#[test]
fn without_a_match_every_chain_is_changed() {
    assert_eq!(changed(&patched(&insert("{}"))), [true, true]);
}

#[test]
fn every_condition_on_a_chain_must_fit() {
    for (condition, fits) in [
        ("name: 0.0.0.0_8080", [true, false]),
        ("name: other", [false, false]),
        ("destinationPort: 9090", [false, true]),
        ("sni: tts.test", [true, true]),
        ("sni: other.test", [false, false]),
        ("transportProtocol: tls", [true, true]),
        ("transportProtocol: raw_buffer", [false, false]),
        ("applicationProtocols: 'h2,http/1.1'", [true, true]),
        ("applicationProtocols: 'h2,istio'", [false, false]),
        ("applicationProtocols: 'h2, http/1.1'", [false, false]),
        ("sni: tts.test, destinationPort: 8080", [true, false]),
    ] {
        let it = patched(&insert(&format!("{{listener: {{filterChain: {{{condition}}}}}}}")));
        assert_eq!(changed(&it), fits, "{condition}");
    }
}

#[test]
fn a_listeners_name_must_be_equal() {
    assert_eq!(changed(&patched(&insert("{listener: {name: virtualInbound}}"))), [true, true]);
    assert_eq!(changed(&patched(&insert("{listener: {name: virtual}}"))), [false, false]);
}

#[test]
fn a_patch_of_another_context_is_not_applied() {
    assert_eq!(changed(&patched(&insert("{context: SIDECAR_INBOUND}"))), [true, true]);
    assert_eq!(changed(&patched(&insert("{context: ANY}"))), [true, true]);
    let it = patched(&insert("{context: SIDECAR_OUTBOUND}"));
    assert_eq!(changed(&it), [false, false]);
    assert!(it.unapplied[0].contains("is for outbound traffic"), "{:?}", it.unapplied);
    let it = patched(&insert("{context: GATEWAY}"));
    assert_eq!(changed(&it), [false, false]);
    assert!(it.unapplied[0].contains("is for gateways"), "{:?}", it.unapplied);
}

#[test]
fn a_removed_listener_is_gone_and_nothing_else_is_tried() {
    let yaml = envoy_filter(
        &("- {applyTo: LISTENER, patch: {operation: REMOVE}}\n".to_owned() + &insert("{}")),
    );
    let (patches, _) = patches_of(&yaml).unwrap();
    let mut listener = virtual_inbound();
    assert!(!patch_listener(&patches, Context::SidecarInbound, &mut listener).unwrap());
    assert_eq!(patches.unapplied().count(), 1);
}

#[test]
fn a_removed_chain_is_gone_and_an_added_one_last() {
    let it = patched(
        "- applyTo: FILTER_CHAIN
  match: {listener: {portNumber: 8080}}
  patch: {operation: REMOVE}
- applyTo: FILTER_CHAIN
  patch:
    operation: ADD
    value: {name: added, filters: [{name: echo, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}]}
",
    );
    assert_eq!(super::harness::names(&it.json["filter_chains"], ""), ["0.0.0.0_9090", "added"]);
}

#[test]
fn an_insert_of_a_chain_is_an_add() {
    let it = patched(
        "- applyTo: FILTER_CHAIN
  patch: {operation: INSERT_FIRST, value: {name: added}}
",
    );
    let names = super::harness::names(&it.json["filter_chains"], "");
    assert_eq!(names, ["0.0.0.0_8080", "0.0.0.0_9090", "added"]);
}

#[test]
fn an_added_chain_is_not_patched_in_turn() {
    let it = patched(
        "- applyTo: FILTER_CHAIN
  patch:
    operation: ADD
    value: {name: added, filters: [{name: echo, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}]}
- applyTo: NETWORK_FILTER
  patch: {operation: INSERT_FIRST, value: {name: first}}
",
    );
    assert_eq!(it.network(0), ["first", "http_connection_manager"]);
    assert_eq!(it.network(2), ["echo"]);
}

#[test]
fn a_chain_is_merged_into() {
    let it = patched(
        "- applyTo: FILTER_CHAIN
  match: {listener: {portNumber: 8080}}
  patch: {operation: MERGE, value: {transport_socket_connect_timeout: 3s}}
",
    );
    assert_eq!(it.json["filter_chains"][0]["transport_socket_connect_timeout"], "3s");
    assert!(it.json["filter_chains"][1].get("transport_socket_connect_timeout").is_none());
}

#[test]
fn merge_and_replace_list_replaces_lists_of_a_listener() {
    let patch = |operation: &str| {
        format!(
            "- applyTo: LISTENER\n  patch: {{operation: {operation}, value: {{listener_filters: [{{name: only}}]}}}}\n"
        )
    };
    assert_eq!(patched(&patch("MERGE")).listener_filters(), ["tls_inspector", "only"]);
    assert_eq!(patched(&patch("MERGE_AND_REPLACE_LIST")).listener_filters(), ["only"]);
}

#[test]
fn listener_filters_are_inserted_by_name() {
    let patch = |operation: &str, name: &str| {
        let condition = if name.is_empty() {
            String::new()
        } else {
            format!("\n  match: {{listener: {{listenerFilter: {name}}}}}")
        };
        format!(
            "- applyTo: LISTENER_FILTER{condition}\n  patch: {{operation: {operation}, value: {{name: new}}}}\n"
        )
    };
    let inspector = "envoy.filters.listener.tls_inspector";
    for (operation, name, expected) in [
        ("ADD", "", vec!["tls_inspector", "new"]),
        ("INSERT_FIRST", "", vec!["new", "tls_inspector"]),
        ("INSERT_BEFORE", inspector, vec!["new", "tls_inspector"]),
        ("INSERT_AFTER", inspector, vec!["tls_inspector", "new"]),
        ("INSERT_AFTER", "nowhere", vec!["tls_inspector"]),
        ("REPLACE", inspector, vec!["new"]),
        ("REMOVE", inspector, vec![]),
        ("REMOVE", "", vec!["tls_inspector"]),
    ] {
        let it = patched(&patch(operation, name));
        assert_eq!(it.listener_filters(), expected, "{operation} {name}");
    }
}

#[test]
fn patches_of_one_kind_go_in_the_order_written() {
    let first = http_patch("INSERT_BEFORE", Some("router"), "one");
    let second = http_patch("INSERT_BEFORE", Some("router"), "two");
    assert_eq!(patched(&(first + &second)).http(0), ["fault", "cors", "one", "two", "router"]);
}
