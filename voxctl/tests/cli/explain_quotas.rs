//! `voxctl explain`: what a request costs.

use serde_json::{Value, json};

use super::{POLICY, Run, run};

/// [`POLICY`], with a tier for callers without a token and these quotas.
fn explain(quotas: &str, text: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let policy = POLICY.replace("operations:\n", "  anonymous: {tier: basic}\noperations:\n");
    std::fs::write(folder.path().join("p.yaml"), policy + quotas).unwrap();
    std::fs::write(folder.path().join("b.json"), json!({ "text": text }).to_string()).unwrap();
    let args = ["explain", "--policy", "p.yaml", "--path", "/tts", "--body", "b.json"];
    run(folder.path(), &[&args, &["-H", "content-type: application/json"][..], more].concat())
}

const QUOTAS: &str = r#"quotas:
  rules:
    - {name: chars, meter: text.chars, per: month, timezone: Europe/Berlin, default: {limit: 10000}}
    - {name: pace, meter: requests, per: 10s, default: {limit: 10, burst: 20}}
    - {name: seconds, meter: audio.seconds, per: day, default: {limit: 100}, reserve: {share: 2}}
    - {name: all, meter: streams, scope: service, default: {limit: 50}, shadow: true}
    - {name: batches, meter: requests, operations: [tts.batch], per: day, default: {limit: 1}}
    - {name: free, meter: text.chars, per: day, default: {unlimited: true}}
"#;

#[test]
fn what_a_request_costs_is_told_rule_by_rule() {
    let told = explain(QUOTAS, &"ä".repeat(1234), &[]);
    assert_eq!(told.code, 0, "{}", told.err);
    let (_, costs) = told.out.split_once("it costs, if there is so much left:\n").unwrap();
    assert_eq!(
        costs,
        "  chars    1234 text.chars of 10000 in a month, Europe/Berlin (anonymous)\n\
         \u{20} pace     1 requests of 10 in 10s, 20 at once (anonymous)\n\
         \u{20} seconds  about 2 audio.seconds of 100 in a day, UTC (anonymous)\n\
         \u{20} free     1234 text.chars, unlimited in a day, UTC (anonymous)\n\
         \u{20} all      1 streams of 50 at the same time (service) (shadow)\n"
    );
}

#[test]
fn programs_read_it_as_json() {
    let told = explain(QUOTAS, "hello", &["--json"]);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let costs = told["requests"][0]["quotas"].as_array().unwrap();
    assert_eq!(
        costs[1],
        json!({"rule": "pace", "meter": "requests", "scope": "anonymous", "units": 1,
               "is_estimate": false, "limit": 10, "burst": 20, "window": "10s", "shadow": false})
    );
    assert_eq!((&costs[2]["is_estimate"], &costs[2]["units"]), (&json!(true), &json!(1)));
    assert_eq!(costs[4]["window"], Value::Null);
}

#[test]
fn a_request_that_never_fits_is_said_to_be_one() {
    let told = explain(QUOTAS, &"x".repeat(10_001), &[]);
    assert!(
        told.out.contains(
            "10001 text.chars of 10000 in a month, Europe/Berlin, more than there ever are: 429"
        ),
        "{}",
        told.out
    );
}

#[test]
fn where_no_quota_counts_there_is_no_cost() {
    let nothing = explain("", "hello", &["--json"]);
    let nothing: Value = serde_json::from_str(&nothing.out).unwrap();
    assert_eq!(nothing["requests"][0]["quotas"], Value::Null);
    let other = "quotas: {rules: [{name: b, meter: requests, operations: [tts.batch], per: day, default: {limit: 1}}]}\n";
    let told = explain(other, "hello", &[]);
    assert!(told.out.contains("it costs nothing: no quota counts it"), "{}", told.out);
    // It does not pass, so it costs nothing, and nothing is said of costs.
    let denied = explain(QUOTAS, "hello", &["--token", "x"]);
    assert_eq!(denied.code, 1);
    assert!(!denied.out.contains("costs"), "{}", denied.out);
}

#[test]
fn a_tenants_own_limit_counts() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "quotas: {rules: [{name: chars, meter: text.chars, per: day, default: {limit: 10}}]}\n\
                 tenants: {inline: [{id: acme, quotas: {chars: {limit: 7000}}}]}\n";
    std::fs::write(folder.path().join("p.yaml"), POLICY.to_owned() + rules).unwrap();
    std::fs::write(folder.path().join("b.json"), r#"{"text":"hello"}"#).unwrap();
    let made = run(folder.path(), &["--json", "token", "keygen", "--alg", "ES256", "--out", "."]);
    let key: Value = serde_json::from_str(&made.out).unwrap();
    let key = key["private_key"].as_str().unwrap();
    let sign = ["token", "sign", "--key", key, "--issuer", "https://issuer.test"];
    let who = ["--audience", "speech", "--sub", "acme", "--scope", "tts.basic"];
    let token = run(folder.path(), &[&sign[..], &who].concat());
    std::fs::write(folder.path().join("token"), token.out).unwrap();
    let request = ["explain", "--policy", "p.yaml", "--path", "/tts", "--body", "b.json"];
    let more = ["-H", "content-type: application/json", "--token-file", "token"];
    let keys = ["--jwks", "https://issuer.test=jwks.json"];
    let told = run(folder.path(), &[&request[..], &more, &keys].concat());
    assert!(
        told.out.contains("chars  5 text.chars of 7000 in a day, UTC\n"),
        "{}{}",
        told.out,
        told.err
    );
}
