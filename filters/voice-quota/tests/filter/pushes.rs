//! Configurations that are pushed while requests are under way.

use super::*;

#[test]
fn requests_under_way_settle_and_the_new_limit_applies_to_what_was_used() {
    let host = with_rules(json!([chars(100), streams(5)]));
    spoken(&host, 40);
    let (first, second) = (granted(&host, &speech(20)), granted(&host, &speech(20)));
    push(&host, json!([chars(90), streams(5)]), |_| ());
    assert_eq!(used(&host, "chars"), (80, 40));
    assert_eq!(denied(&host, &speech(20)), 429);
    spoken(&host, 10);
    serve(first, 2000);
    second.client_leaves();
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((70, 0), (0, 0)));
    push(&host, json!([chars(50), streams(5)]), |_| ());
    assert_eq!(denied(&host, &speech(1)), 429);
    push(&host, json!([chars(200), streams(5)]), |_| ());
    spoken(&host, 130);
    assert_eq!(denied(&host, &speech(1)), 429);
    assert_eq!(host.metric("voxgate_quota_leases"), 0);
    assert_eq!(host.definitions("voxgate_quota_leases"), 1);
}

#[test]
fn a_rule_that_is_gone_is_settled_and_found_again_when_it_comes_back() {
    let host = with_rules(json!([chars(100)]));
    spoken(&host, 40);
    let stream = granted(&host, &speech(20));
    push(&host, json!([requests(10)]), |_| ());
    (0..SWEEP).for_each(|_| host.tick());
    serve(stream, 2000);
    push(&host, json!([chars(100)]), |_| ());
    assert_eq!(used(&host, "chars"), (60, 0));
}

#[test]
fn a_socket_of_the_old_configuration_is_kept_alive_by_its_own_timer() {
    let host = with_rules(json!([streams(5)]));
    let stream = granted(&host, &Subject { is_upgrade: true, ..speech(0) });
    stream.respond(&[(":status", "101")]);
    push(&host, json!([streams(1)]), |_| ());
    (0..30).for_each(|_| wait(&host, seconds(10)));
    assert_eq!(denied(&host, &speech(1)), 429);
    stream.client_leaves();
    spoken(&host, 1);
}

#[test]
fn a_wrong_policy_is_refused_with_its_place_and_the_old_one_stays() {
    let host = with_rules(json!([requests(1)]));
    let wrong = json!({"version": 1, "tiers": [], "quotas": {"rules": [rule("a b", "requests", Some("day"), 1)]}});
    assert!(!host.configure(wrong.to_string()));
    assert!(host.logged("quotas.rules[0].name: `a b` is not a rule name"), "{:?}", host.logs());
    assert!(!host.configure(""));
    spoken(&host, 1);
    assert_eq!(denied(&host, &speech(1)), 429);
}
