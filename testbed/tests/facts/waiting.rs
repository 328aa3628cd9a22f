//! Requests that wait for keys first, and are decided by their bodies then.

use super::{assert_passed, assert_refused};
use serde_json::json;
use std::time::Duration;
use voxgate_testbed::fixture::Fixture;
use voxgate_testbed::issuer::{CLUSTER, fresh_claims, remote_policy};
use voxgate_testbed::jwks::{Fault, Jwks};

/// The policy of these tests, with keys that are fetched.
fn policy(jwks: &Jwks) -> serde_json::Value {
    let remote = json!({ "timeout": "20s", "max_wait": "25s" });
    let mut policy = super::policy();
    policy["identity"] = remote_policy(jwks, &remote)["identity"].clone();
    policy
}

fn token(jwks: &Jwks, scope: &str) -> String {
    let mut claims = fresh_claims();
    claims["scope"] = json!(scope);
    jwks.sign(&claims)
}

/// The keys come after 3 s: after some bodies have ended, while others still come.
#[tokio::test]
async fn bodies_that_came_while_a_request_waited_are_read_then() {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(3000));
    let setup = Fixture::of(policy(&jwks)).cluster(CLUSTER, jwks.address());
    let fixture = &setup.start().await.unwrap();
    let brings = json!({ "text": "a", "ref_audio": "UklGRg".repeat(20_000) }).to_string();
    let long = json!({ "text": "x".repeat(2001) }).to_string();
    let short = json!({ "text": "a" }).to_string();
    let cases = [
        ("may bring", "tts.premium", &brings, None),
        ("may not bring", "tts.basic", &brings, Some((403, "insufficient-scope"))),
        ("too long", "tts.basic", &long, Some((403, "tier-limit"))),
        ("short", "tts.basic", &short, None),
    ];
    let (jwks, cases) = (&jwks, &cases);
    let asking = fixture.both().into_iter().flat_map(|(protocol, client)| {
        // At once; in pieces that end before the keys come; and in pieces that end after.
        [(1, 0), (4, 100), (16, 300)].into_iter().flat_map(move |(count, pause)| {
            let client = client.clone();
            cases.iter().map(move |(name, scope, body, refusal)| {
                let id = format!("{name} in {count} pieces over {protocol}");
                let size = body.len().div_ceil(count);
                let pieces = body.as_bytes().chunks(size).map(bytes::Bytes::copy_from_slice);
                let request = client.post("/take/json").bearer(token(jwks, scope));
                let request = request
                    .header("content-type", "application/json")
                    .header("x-test-id", &id)
                    .pieces(pieces, Duration::from_millis(pause));
                async move {
                    let response = request.send().await.unwrap();
                    match refusal {
                        Some(refusal) => assert_refused(fixture, &response, *refusal, &id),
                        None => assert_passed(fixture, &response, body.as_bytes(), &id).await,
                    }
                }
            })
        })
    });
    futures_util::future::join_all(asking).await;
    fixture.assert_no_reload().await.unwrap();
}

/// Envoy holds what comes; before it answers 413 by itself, the filter says that it has no keys.
#[tokio::test]
async fn a_body_that_is_too_long_to_be_held_while_keys_are_awaited_is_told_so() {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(4000));
    let setup = Fixture::of(policy(&jwks)).cluster(CLUSTER, jwks.address());
    let fixture = setup.start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let body = json!({ "text": "a", "padding": "x".repeat(5_000_000) }).to_string();
        let request = client.post("/take/json").bearer(token(&jwks, "tts.basic"));
        let request = request.header("content-type", "application/json");
        let response = request.header("x-request-id", protocol).body(body).send().await.unwrap();
        assert_refused(&fixture, &response, (503, "keys-unavailable"), protocol);
    }
    fixture.finish().await.unwrap();
}
