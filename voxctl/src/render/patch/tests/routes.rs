//! Route configurations, virtual hosts, routes.

use serde_json::{Value, json};

use super::harness::{envoy_filter, names, patches_of};
use crate::render::descriptors::{build, to_json};
use crate::render::patch::patch_route_configuration;
use crate::render::resources::Context;

fn patched(patches: &str) -> (Value, usize) {
    let (patches, _) = patches_of(&envoy_filter(patches)).unwrap();
    let mut routes = build(
        "envoy.config.route.v3.RouteConfiguration",
        &json!({
            "name": "inbound|8080||",
            "virtual_hosts": [
                {"name": "one", "domains": ["one.test"], "routes": [
                    {"name": "tts", "match": {"prefix": "/tts"}, "route": {"cluster": "x"}},
                    {"name": "moved", "match": {"prefix": "/old"}, "redirect": {"path_redirect": "/"}},
                ]},
                {"name": "two", "domains": ["two.test"]},
            ],
        }),
    );
    patch_route_configuration(&patches, Context::SidecarInbound, &mut routes).unwrap();
    (to_json(&routes), patches.unapplied().count())
}

fn route_patch(operation: &str, route: Option<&str>) -> String {
    let route = route.map(|route| format!(", route: {route}")).unwrap_or_default();
    format!(
        "- applyTo: HTTP_ROUTE
  match: {{routeConfiguration: {{portNumber: 8080, vhost: {{name: one{route}}}}}}}
  patch: {{operation: {operation}, value: {{name: new, match: {{prefix: /n}}}}}}
"
    )
}

fn routes_after(patch: &str) -> Vec<String> {
    names(&patched(patch).0["virtual_hosts"][0]["routes"], "")
}

#[test]
fn a_route_configuration_is_merged_and_nothing_else() {
    let patch = |operation: &str| {
        format!(
            "- applyTo: ROUTE_CONFIGURATION\n  match: {{routeConfiguration: {{name: 'inbound|8080||'}}}}\n  patch: {{operation: {operation}, value: {{request_headers_to_remove: [x-secret]}}}}\n"
        )
    };
    assert_eq!(patched(&patch("MERGE")).0["request_headers_to_remove"], json!(["x-secret"]));
    assert_eq!(patched(&patch("ADD")), (patched("[]").0, 1));
}

#[test]
fn a_sidecars_route_port_is_in_the_name() {
    let patch = |port: u16| {
        format!(
            "- applyTo: ROUTE_CONFIGURATION\n  match: {{routeConfiguration: {{portNumber: {port}}}}}\n  patch: {{operation: MERGE, value: {{request_headers_to_remove: [x]}}}}\n"
        )
    };
    assert_eq!(patched(&patch(8080)).1, 0);
    assert_eq!(patched(&patch(9090)).1, 1);
}

#[test]
fn virtual_hosts_are_removed_merged_replaced_and_then_added() {
    let host = |operation: &str, condition: &str, value: &str| {
        format!(
            "- applyTo: VIRTUAL_HOST\n  match: {{routeConfiguration: {{vhost: {{{condition}}}}}}}\n  patch: {{operation: {operation}, value: {value}}}\n"
        )
    };
    let after = |patch: &str| names(&patched(patch).0["virtual_hosts"], "");
    assert_eq!(after(&host("REMOVE", "name: one", "{}")), ["two"]);
    assert_eq!(after(&host("REMOVE", "domainName: two.test", "{}")), ["one"]);
    assert_eq!(after(&host("REPLACE", "name: two", "{name: new}")), ["one", "new"]);
    assert_eq!(after(&host("ADD", "name: two", "{name: new}")), ["one", "two", "new"]);
    assert_eq!(after(&host("INSERT_FIRST", "name: two", "{name: new}")), ["one", "two", "new"]);
    let merged = patched(&host("MERGE", "name: two", "{domains: [more.test]}")).0;
    assert_eq!(merged["virtual_hosts"][1]["domains"], json!(["two.test", "more.test"]));
}

#[test]
fn routes_are_inserted_by_name() {
    for (operation, route, expected) in [
        ("ADD", None, vec!["tts", "moved", "new"]),
        ("INSERT_BEFORE", None, vec!["new", "tts", "moved"]),
        ("INSERT_AFTER", None, vec!["tts", "moved", "new"]),
        ("INSERT_FIRST", None, vec!["new", "tts", "moved"]),
        ("INSERT_BEFORE", Some("{name: moved}"), vec!["tts", "new", "moved"]),
        ("INSERT_AFTER", Some("{name: tts}"), vec!["tts", "new", "moved"]),
        ("INSERT_BEFORE", Some("{name: nowhere}"), vec!["tts", "moved"]),
        ("INSERT_FIRST", Some("{name: moved}"), vec!["new", "tts", "moved"]),
        ("INSERT_FIRST", Some("{name: nowhere}"), vec!["tts", "moved"]),
        ("REMOVE", Some("{action: REDIRECT}"), vec!["tts"]),
        ("REMOVE", Some("{action: DIRECT_RESPONSE}"), vec!["tts", "moved"]),
        ("REMOVE", None, vec![]),
        ("REPLACE", Some("{name: tts}"), vec!["tts", "moved"]),
    ] {
        assert_eq!(routes_after(&route_patch(operation, route)), expected, "{operation} {route:?}");
    }
}

#[test]
fn a_merge_by_action_takes_a_timeout_away_and_leaves_redirects_as_they_are() {
    let merge = |timeout: &str| {
        route_patch("MERGE", Some("{action: ROUTE}"))
            .replace("name: new, match: {prefix: /n}", &format!("route: {{timeout: {timeout}}}"))
    };
    let merged = patched(&(merge("9s") + &merge("0s"))).0;
    let routes = &merged["virtual_hosts"][0]["routes"];
    assert_eq!(routes[0]["route"], json!({"cluster": "x", "timeout": "0s"}));
    assert_eq!(routes[1]["redirect"], json!({"path_redirect": "/"}));
    assert_eq!(routes[1].get("route"), None);
}

#[test]
fn a_merge_without_an_action_makes_a_redirect_a_route_to_nowhere() {
    let merge = "- applyTo: HTTP_ROUTE
  match: {routeConfiguration: {portNumber: 8080}}
  patch: {operation: MERGE, value: {route: {timeout: 0s}}}
";
    let moved = &patched(merge).0["virtual_hosts"][0]["routes"][1];
    assert_eq!((moved.get("redirect"), &moved["route"]), (None, &json!({"timeout": "0s"})));
}

#[test]
fn a_route_is_merged_into() {
    let merged = patched(
        &route_patch("MERGE", Some("{name: tts}"))
            .replace("name: new, match: {prefix: /n}", "route: {timeout: 9s}"),
    )
    .0;
    let route = &merged["virtual_hosts"][0]["routes"][0]["route"];
    assert_eq!((&route["timeout"], &route["cluster"]), (&json!("9s"), &json!("x")));
}
