//! Configurations pushed while there are tenants.

use super::*;

fn push(host: &FakeHost, change: impl FnOnce(&mut Value)) {
    let mut spec = policy();
    change(&mut spec);
    assert!(host.configure(spec.to_string()), "{:?}", host.logs());
}

#[test]
fn a_push_with_the_same_source_has_the_tenants_at_once_and_asks_nobody() {
    let host = having(ACME);
    push(&host, |spec| spec["shadow"] = json!(["tiers"]));
    assert_eq!(known(&host, "acme"), "5000 basic 1");
    wait(&host, 1);
    assert!(host.calls().is_empty());
    // Both configurations live, and share the source.
    wait(&host, 34);
    assert_eq!(call(&host).header("if-none-match").as_deref(), Some("\"1\""));
}

#[test]
fn a_push_that_moves_tiers_and_rules_has_the_tenants_at_once() {
    let host = having(ACME);
    push(&host, |spec| {
        let gold = json!({"name": "gold", "scopes": ["gold"], "allow": ["*"]});
        spec["tiers"].as_array_mut().unwrap().insert(0, gold);
        let new = json!({"name": "new", "meter": "requests", "per": "1h", "default": {"limit": 1}});
        spec["quotas"]["rules"].as_array_mut().unwrap().insert(0, new);
    });
    assert_eq!(known(&host, "acme"), "5000 basic 0");
    wait(&host, 34);
    let calls = host.calls();
    assert_eq!(calls.len(), 2, "one for each, while the old one has streams");
    assert!(calls.iter().all(|it| it.header("if-none-match").as_deref() == Some("\"1\"")));
}

#[test]
fn a_push_after_which_the_document_means_something_else_asks_for_it_whole() {
    let host = having(ACME);
    push(&host, |spec| spec["tiers"][1]["name"] = json!("standard"));
    assert_eq!(known(&host, "acme"), "none none 0");
    host.tick();
    assert_eq!(call(&host).header("if-none-match"), None);
    answer(&host, 200, Some("\"1\""), ACME);
    assert_eq!(fetches(&host, "malformed"), 1);
    wait(&host, 2);
    answer(&host, 200, Some("\"2\""), &ACME.replace("basic", "standard"));
    assert_eq!(known(&host, "acme"), "5000 standard 1");
}

#[test]
fn a_push_to_another_source_has_none_of_the_tenants() {
    let host = having(ACME);
    host.add_cluster("other");
    push(&host, |spec| spec["tenants"]["source"]["cluster"] = json!("other"));
    assert_eq!(known(&host, "acme"), "none none 0");
    push(&host, |spec| spec["tenants"]["source"]["uri"] = json!("http://other.test/"));
    assert_eq!(known(&host, "acme"), "none none 0");
    push(&host, |_| ());
    assert_eq!(known(&host, "acme"), "5000 basic 1", "and back");
}

#[test]
fn a_push_of_other_times_keeps_the_tenants() {
    let host = having(ACME);
    push(&host, |spec| spec["tenants"]["source"]["refresh"] = json!("10s"));
    assert_eq!(known(&host, "acme"), "5000 basic 0");
    wait(&host, 12);
    assert_eq!(call(&host).header("if-none-match").as_deref(), Some("\"1\""));
}
