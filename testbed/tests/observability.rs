//! What operators see: Prometheus series, access log, log; and that no secret is in them.

use serde_json::json;
use std::collections::BTreeMap;
use voxgate_testbed::client::Client;
use voxgate_testbed::envoy::Options;
use voxgate_testbed::fixture::{Fixture, policy, token};
use voxgate_testbed::issuer;
use voxgate_testbed::jwks::{Fault, Jwks};

const DECISIONS: &str = "voxgate_decisions_total";

/// Asks for speech; the words and the path are what no operator must see.
async fn ask(client: &Client, id: &str, path: &str, token: Option<&str>) -> u16 {
    let request = client.post(path).header("x-request-id", id);
    let request = request.json(&json!({ "text": "strictly confidential" }));
    let request = match token {
        Some(token) => request.bearer(token),
        None => request,
    };
    request.send().await.unwrap().status.as_u16()
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn decisions_and_identities_are_counted_by_label_as_istios_tags_give_them() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let client = fixture.http1();
    let basic = token("tts.basic");
    for _ in 0..3 {
        assert_eq!(ask(&client, "allowed", "/tts", Some(&basic)).await, 200);
    }
    assert_eq!(ask(&client, "denied", "/batch", Some(&basic)).await, 403);
    assert_eq!(ask(&client, "nobody", "/tts", None).await, 401);
    assert_eq!(ask(&client, "unknown", "/elsewhere", Some(&basic)).await, 403);

    let mut series = fixture.envoy.series(DECISIONS).await.unwrap();
    series.sort();
    let expected = |outcome, reason, tier, operation, count| {
        let pairs =
            [("outcome", outcome), ("reason", reason), ("tier", tier), ("operation", operation)];
        (labels(&pairs), count)
    };
    let mut all = vec![
        expected("allow", "tier_allows", "basic", "tts.synthesize", 3),
        expected("deny", "insufficient_scope", "basic", "tts.batch", 1),
        expected("deny", "missing_token", "none", "tts.synthesize", 1),
        expected("deny", "unknown_operation", "basic", "none", 1),
    ];
    all.sort();
    assert_eq!(series, all);

    let mut sources = fixture.envoy.series("voxgate_identities_total").await.unwrap();
    sources.sort();
    let source = |name, count| (labels(&[("source", name)]), count);
    assert_eq!(sources, [source("cache", 4), source("none", 1), source("token", 1)]);

    let text = fixture.envoy.prometheus().await.unwrap();
    assert!(text.contains("# TYPE voxgate_decisions_total counter"), "its kind");
    assert!(!text.contains("=.="), "a label was left in a name");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn past_max_series_decisions_are_counted_in_one_more_series() {
    let mut policy = policy();
    policy["metrics"] = json!({ "max_series": 2 });
    let fixture = Fixture::of(policy).start().await.unwrap();
    let client = fixture.http1();
    let basic = token("tts.basic");
    for _ in 0..2 {
        assert_eq!(ask(&client, "1", "/tts", Some(&basic)).await, 200);
        assert_eq!(ask(&client, "2", "/tts", None).await, 401);
        assert_eq!(ask(&client, "3", "/batch", Some(&basic)).await, 403);
        assert_eq!(ask(&client, "4", "/elsewhere", Some(&basic)).await, 403);
    }
    let series = fixture.envoy.series(DECISIONS).await.unwrap();
    assert_eq!(series.len(), 3, "{series:?}");
    let others = ["outcome", "reason", "tier", "operation"].map(|label| (label, "other"));
    let overflow: Vec<_> = series.iter().filter(|(it, _)| *it == labels(&others)).collect();
    assert_eq!(overflow.iter().map(|(_, count)| count).sum::<u64>(), 4);
    assert_eq!(fixture.decisions(&[]).await.unwrap(), 8, "none is lost");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_decision_stands_in_the_access_log_and_a_denial_in_the_log_without_any_secret() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let (basic, elsewhere) = (token("tts.basic"), "/elsewhere/secret-path?key=secret-query");
    for (protocol, client) in fixture.both() {
        let id = |what: &str| format!("{what} {protocol}");
        assert_eq!(ask(&client, &id("allowed"), "/tts?key=secret-query", Some(&basic)).await, 200);
        assert_eq!(ask(&client, &id("denied"), "/batch", Some(&basic)).await, 403);
        assert_eq!(ask(&client, &id("unknown"), elsewhere, Some(&basic)).await, 403);

        let mut allowed = fixture.decision(&id("allowed")).await.unwrap();
        // The first is verified, the next is recalled.
        let source = allowed["source"].take();
        assert!(source == "token" || source == "cache", "{source}");
        let expected = json!({
            "outcome": "allow", "reason": "tier_allows", "rule": "tiers.basic",
            "operation": "tts.synthesize", "operation_rule": "glm-tts/tts", "tier": "basic",
            "tenant": "acme", "source": null,
            "facts": {
                "text_chars": 21, "audio_ms": 1449, "references": 0, "reference_bytes": 0,
                "reference_urls": 0, "batch_lines": 0,
            },
        });
        assert_eq!(allowed, expected);
        let denied = fixture.decision(&id("denied")).await.unwrap();
        let expected = json!({
            "outcome": "deny", "reason": "insufficient_scope", "rule": "tiers.basic",
            "operation": "tts.batch", "operation_rule": "glm-tts/batch", "tier": "basic",
            "tenant": "acme", "needed_scope": "tts.premium", "source": "cache",
        });
        assert_eq!(denied, expected);
    }

    let line = fixture
        .envoy
        .wait_for_log(
            "decision=deny reason=insufficient_scope rule=tiers.basic operation=tts.batch \
             operation_rule=glm-tts/batch tier=basic tenant=acme needed_scope=tts.premium \
             source=cache",
        )
        .await
        .unwrap();
    assert_eq!((line.level.as_str(), line.logger.as_str()), ("info", "wasm"));
    let log = fixture.envoy.log().unwrap();
    let log: Vec<&str> = log.iter().map(|line| line.text.as_str()).collect();
    let decided = log.iter().filter(|line| line.contains("decision=")).count();
    assert_eq!(decided, 4, "one line a denial, none for what passes");

    // The path without its query is the operator's own column; the rest is nobody's.
    let entries = fixture.envoy.access_log().unwrap();
    let entries: Vec<String> = entries.iter().map(|entry| json!(entry).to_string()).collect();
    let secrets = basic.split('.').chain(["secret-query", "strictly confidential"]);
    for secret in secrets {
        assert!(!log.iter().any(|line| line.contains(secret)), "{secret} is in the log");
        assert!(!entries.iter().any(|it| it.contains(secret)), "{secret} is in the access log");
    }
    assert!(!log.iter().any(|line| line.contains("secret-path")), "the path is in the log");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn fetches_of_keys_are_counted_by_what_became_of_them() {
    let jwks = Jwks::start().await.unwrap();
    let allow = |options: &mut Options| options.allow_log.push("wasm log.* jwks: ".to_owned());
    let remote = json!({ "cooldown": "50ms", "refresh": "1ms" });
    let fixture = issuer::setup(&jwks, &remote).envoy(allow).start().await.unwrap();
    let envoy = &fixture.envoy;
    for (fault, result) in [(Fault::None, "ok"), (Fault::Status(500), "status")] {
        jwks.set_fault(fault);
        envoy
            .wait_for_metric("voxgate_jwks_fetches_total", &[("result", result)], 2)
            .await
            .unwrap();
    }
    let line = envoy.wait_for_log("answered 500; the last good keys are kept").await.unwrap();
    assert_eq!(line.level, "warning");
    assert!(line.text.contains(&jwks.uri()), "{}", line.text);
    let mut series = envoy.series("voxgate_jwks_fetches_total").await.unwrap();
    series.sort();
    let series: Vec<_> = series.into_iter().map(|(labels, _)| labels).collect();
    assert_eq!(series, [labels(&[("result", "ok")]), labels(&[("result", "status")])]);
    fixture.finish().await.unwrap();
}
