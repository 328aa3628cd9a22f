//! Which EnvoyFilters count, and in which order.

use super::harness::{http_patch, patched_by, patches_of, resource, virtual_inbound};

fn before_router(name: &str) -> String {
    http_patch("INSERT_BEFORE", Some("router"), name)
}

fn order(yaml: &str) -> Vec<String> {
    let filters = patched_by(yaml, virtual_inbound()).http(0);
    filters
        .into_iter()
        .filter(|name| !["fault", "cors", "router"].contains(&name.as_str()))
        .collect()
}

#[test]
fn lower_priority_goes_first() {
    let yaml = resource("a", "ai", 10, &before_router("late"))
        + &resource("b", "ai", -5, &before_router("early"))
        + &resource("c", "ai", 0, &before_router("middle"));
    assert_eq!(order(&yaml), ["early", "middle", "late"]);
}

#[test]
fn of_the_same_priority_the_root_namespace_goes_first_then_by_name() {
    let yaml = resource("b", "ai", 0, &before_router("b"))
        + &resource("a", "ai", 0, &before_router("a"))
        + &resource("z", "istio-system", 0, &before_router("root"));
    assert_eq!(order(&yaml), ["root", "a", "b"]);
}

#[test]
fn priority_goes_before_the_root_namespace() {
    let yaml = resource("a", "ai", -1, &before_router("own"))
        + &resource("a", "istio-system", 0, &before_router("root"));
    assert_eq!(order(&yaml), ["own", "root"]);
}

#[test]
fn another_namespace_does_not_count() {
    let (_, warnings) = patches_of(&resource("x", "other", 0, &before_router("x"))).unwrap();
    assert!(warnings[0].contains("does not select this workload"), "{warnings:?}");
    assert!(order(&resource("x", "other", 0, &before_router("x"))).is_empty());
}

#[test]
fn all_labels_of_the_selector_must_be_the_workloads() {
    let selecting = |labels: &str| {
        resource("x", "ai", 0, &before_router("x"))
            .replace("spec:\n", &format!("spec:\n  workloadSelector: {{labels: {{{labels}}}}}\n"))
    };
    assert_eq!(order(&selecting("app: glm-tts")), ["x"]);
    assert!(order(&selecting("app: other")).is_empty());
    assert!(order(&selecting("app: glm-tts, version: v1")).is_empty());
}

#[test]
fn a_proxy_version_is_a_regular_expression_found_anywhere() {
    for (version, fits) in [
        (r"^1\.31.*", true),
        ("31", true),
        (r"^1\.30.*", false),
        ("^31", false),
        (r"^1\.(30|31)\.", true),
    ] {
        let patch = before_router("x").replace(
            "  match:\n",
            &format!("  match:\n    proxy: {{proxyVersion: '{version}'}}\n"),
        );
        let yaml = resource("x", "ai", 0, &patch);
        assert_eq!(order(&yaml).len(), usize::from(fits), "{version}");
    }
    let too_long = "1|".repeat(513);
    let patch = before_router("x")
        .replace("  match:\n", &format!("  match:\n    proxy: {{proxyVersion: '{too_long}'}}\n"));
    assert!(order(&resource("x", "ai", 0, &patch)).is_empty());
}

#[test]
fn proxy_metadata_must_be_equal() {
    let with = |metadata: &str| {
        before_router("x")
            .replace("  match:\n", &format!("  match:\n    proxy: {{metadata: {metadata}}}\n"))
    };
    assert_eq!(order(&resource("x", "ai", 0, &with("{REGION: eu}"))), ["x"]);
    assert!(order(&resource("x", "ai", 0, &with("{REGION: us}"))).is_empty());
    assert!(order(&resource("x", "ai", 0, &with("{ZONE: a}"))).is_empty());
}
