//! Shadow mode, one section at a time: decided, counted, logged, and passed on; and no secret in
//! what is logged.

use serde_json::{Value, json};
use voxgate_policy::testing::claims;
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::fixture::{Fixture, now, policy, signed, token};

/// Which section a request offends.
struct Offence {
    section: &'static str,
    reason: &'static str,
    status: u16,
    request: fn(&Client) -> Request,
}

const OFFENCES: [Offence; 7] = [
    Offence {
        section: "identity",
        reason: "missing_token",
        status: 401,
        request: |client| client.post("/tts"),
    },
    Offence {
        section: "identity",
        reason: "bad_signature",
        status: 401,
        request: |client| client.post("/tts").bearer(tampered(&token("tts.basic"))),
    },
    Offence {
        section: "identity",
        reason: "repeated_authorization",
        status: 400,
        request: |client| client.post("/tts").bearer("a").bearer("b"),
    },
    Offence {
        section: "operations",
        reason: "unknown_operation",
        status: 403,
        request: |client| client.post("/PathSecret").bearer(token("tts.basic")),
    },
    Offence {
        section: "operations",
        reason: "invalid_path",
        status: 400,
        request: |client| client.post("/PathSecret%2574").bearer(token("tts.basic")),
    },
    Offence {
        section: "tiers",
        reason: "insufficient_scope",
        status: 403,
        request: |client| client.post("/batch").bearer(token("tts.basic")),
    },
    Offence {
        section: "tiers",
        reason: "tenant_capped",
        status: 403,
        request: |client| {
            let mut claims = claims(now());
            claims["tenant"] = json!("capped");
            claims["scope"] = json!("tts.premium");
            client.post("/batch").bearer(signed(&claims))
        },
    },
];

/// Signed for other claims.
fn tampered(token: &str) -> String {
    let (input, _) = token.rsplit_once('.').unwrap();
    let other = signed(&json!({}));
    format!("{input}.{}", other.rsplit_once('.').unwrap().1)
}

fn shadowing(sections: &[&str]) -> Value {
    let mut policy = policy();
    policy["tenants"] = json!({ "inline": [{ "id": "capped", "max_tier": "basic" }] });
    policy["shadow"] = json!(sections);
    policy
}

async fn offend(fixture: &Fixture, shadowed: &[&str]) {
    for (protocol, client) in fixture.both() {
        for offence in &OFFENCES {
            let id = format!("{}-{protocol}", offence.reason);
            let request = (offence.request)(&client).body(r#"{"text":"BodySecret"}"#);
            let response = request.header("x-request-id", &id).send().await.unwrap();
            let received = fixture.speech.received_as(&id);
            let decision = fixture.decision(&id).await.unwrap();
            assert_eq!(decision["reason"], offence.reason, "{id}: {decision}");
            let outcome = if shadowed.contains(&offence.section) {
                let received =
                    received.unwrap_or_else(|| panic!("{id} did not pass: {response:?}"));
                let tier = decision["tier"].as_str();
                assert_eq!(received.headers.one("x-user-tier"), tier, "{id}");
                "would_deny"
            } else {
                assert_eq!(response.status, offence.status, "{id}: {response:?}");
                assert!(received.is_none(), "{id} reached the service");
                "deny"
            };
            assert_eq!(decision["outcome"], outcome, "{id}: {decision}");
            let line = format!("decision={outcome} reason={}", offence.reason);
            fixture.envoy.wait_for_log(&line).await.unwrap();
        }
    }
    for offence in &OFFENCES {
        let outcome = if shadowed.contains(&offence.section) { "would_deny" } else { "deny" };
        let labels = [("outcome", outcome), ("reason", offence.reason)];
        assert_eq!(fixture.decisions(&labels).await.unwrap(), 2, "{labels:?}");
    }
}

#[tokio::test]
async fn only_the_section_on_trial_is_not_enforced() {
    for section in ["identity", "operations", "tiers"] {
        let fixture = Fixture::of(shadowing(&[section])).start().await.unwrap();
        offend(&fixture, &[section]).await;
        fixture.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_whole_policy_on_trial_denies_nothing_and_tells_no_secret() {
    let sections = ["identity", "operations", "tiers"];
    let setup = Fixture::of(shadowing(&sections));
    let setup = setup.envoy(|options| options.component_log_level = Some("wasm:debug".into()));
    let fixture = setup.start().await.unwrap();
    offend(&fixture, &sections).await;

    // What one request brings that nobody may read in a log, passed and refused alike.
    let good = token("tts.basic");
    for (protocol, client) in fixture.both() {
        for bearer in [good.clone(), tampered(&good)] {
            let request = client.post("/tts?q=QuerySecret").bearer(bearer);
            let request =
                request.header("x-other", "HeaderSecret").header("cookie", "CookieSecret");
            let response = request.body(r#"{"text":"BodySecret"}"#).send().await.unwrap();
            assert_eq!(response.status, 200, "{protocol}");
        }
    }
    let forged = tampered(&good);
    let mut secrets =
        vec!["PathSecret", "QuerySecret", "HeaderSecret", "CookieSecret", "BodySecret", "Bearer"];
    secrets.extend(good.split('.').chain(forged.split('.')));
    let log = fixture.envoy.log().unwrap();
    assert!(log.iter().filter(|line| line.logger == "wasm").count() > OFFENCES.len());
    // Waits for the last entry.
    let expected = 2 * (OFFENCES.len() + 2);
    fixture.envoy.access_log_entry_after(expected - 1).await.unwrap();
    let entries = fixture.envoy.access_log().unwrap();
    let decisions = entries.iter().map(|entry| entry["decision"].to_string());
    for text in log.iter().map(|line| line.text.clone()).chain(decisions) {
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} stands in: {text}");
        }
    }
    fixture.finish().await.unwrap();
}
