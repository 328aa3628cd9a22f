//! Before a voice is made, its owner consents: by a claim of the token, or by a field.

use super::bodies::{Case, multipart};
use super::{assert_passed, assert_refused, policy, sha256};
use serde_json::{Value, json};
use voxgate_policy::testing::claims;
use voxgate_testbed::fixture::{Fixture, now, signed};

fn token(consent: &Value) -> String {
    let mut claims = claims(now());
    claims["scope"] = json!("tts.premium");
    claims["voice_consent"] = consent.clone();
    signed(&claims)
}

#[tokio::test]
async fn no_voice_is_made_without_consent() {
    let mut policy = policy();
    policy["tiers"][0]["consent"] = json!({ "claim": "voice_consent", "field": true });
    let fixture = Fixture::of(policy).start().await.unwrap();
    let json = |name, body: Value| Case::new(name, "/take/json", body.to_string());
    let recording = ("ref_audio", Some("a.wav"), &b"RIFF"[..]);
    let with = |value: Value| json("with", json!({ "ref_audio": "AAAA", "consent": value }));
    let cases = [
        (json("none", json!({ "ref_audio": "AAAA" })), json!(null), false),
        (json("no need", json!({ "text": "a" })), json!(null), true),
        (with(json!(true)), json!(null), true),
        (with(json!("contract 7")), json!(null), true),
        (with(json!(false)), json!(null), false),
        (with(json!("no")), json!(null), false),
        (with(json!("")), json!(null), false),
        (json("a claim", json!({ "ref_audio": "AAAA" })), json!(true), true),
        (json("a claim of text", json!({ "ref_audio": "AAAA" })), json!("contract 7"), true),
        (json("a claim that denies", json!({ "ref_audio": "AAAA" })), json!(false), false),
        (
            Case::new(
                "a form",
                "/take/multipart",
                multipart(&[recording, ("consent", None, b"true")]),
            ),
            json!(null),
            true,
        ),
        (
            Case::new("a form without", "/take/multipart", multipart(&[recording])),
            json!(null),
            false,
        ),
        (
            Case::new(
                "one line without",
                "/take/jsonl",
                "{\"ref_audio\":\"AAAA\",\"consent\":true}\n{\"ref_audio\":\"AAAA\"}\n",
            ),
            json!(null),
            false,
        ),
    ];
    for (protocol, client) in fixture.both() {
        for (case, claim, passes) in &cases {
            let digest = sha256(&case.body);
            let id = format!("{} {} {claim} over {protocol}", case.name, &digest[..8]);
            let request = case.head(&client).bearer(token(claim)).header("x-test-id", &id);
            let response = request.body(case.body.clone()).send().await.unwrap();
            if *passes {
                assert_passed(&fixture, &response, &case.body, &id).await;
            } else {
                assert_refused(&fixture, &response, (403, "consent-required"), &id);
            }
        }
    }
    fixture.finish().await.unwrap();
}
