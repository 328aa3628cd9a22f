//! What a policy can have done with bodies, other than by default.

use super::bodies::{Case, around, multipart, run};
use super::{assert_alive, assert_passed, policy, sha256};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;
use voxgate_testbed::fixture::{Fixture, token};

async fn start(change: impl FnOnce(&mut Value)) -> Fixture {
    let mut policy = policy();
    change(&mut policy);
    Fixture::of(policy).start().await.unwrap()
}

fn json(body: &str) -> Case {
    Case::new("", "/take/json", body.to_owned())
}

/// Sends it as the tier of `scope` and asserts what becomes of it over each protocol.
async fn assert_becomes(fixture: &Fixture, case: &Case, scope: &str, refusal: Option<(u16, &str)>) {
    for (protocol, client) in fixture.both() {
        let id = format!("{} by {scope} over {protocol}", &sha256(&case.body)[..8]);
        let request = case.head(&client).bearer(token(scope)).header("x-test-id", &id);
        let response = request.body(case.body.clone()).send().await.unwrap();
        match refusal {
            None => assert_passed(fixture, &response, &case.body, &id).await,
            Some((status, kind)) => {
                assert_eq!(response.status, status, "{id}: {}", response.text());
                assert!(response.text().contains(kind), "{id}: {}", response.text());
                assert!(fixture.speech.received_as(&id).is_none(), "{id}");
            }
        }
        assert_alive(fixture, &client, &id).await;
    }
}

const BRINGS: &str = r#"{"text":"a","ref_audio":"AAAA"}"#;
const REFUSED: Option<(u16, &str)> = Some((403, "insufficient-scope"));

#[tokio::test]
async fn in_shadow_mode_all_passes_and_is_counted() {
    let fixture = start(|policy| policy["shadow"] = json!(["tiers", "facts"])).await;
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(2001));
    let padded = format!(r#"{{"pad":"{}"}}"#, "x".repeat(2_000_000));
    let untyped = json(BRINGS).headers(&[("content-type", "text/plain")]);
    for (case, reason) in [
        (json(BRINGS), "insufficient_scope"),
        (json(&long), "text_chars_limit"),
        (json(r#"{"text":"#), "malformed_body"),
        (json(&padded), "body_too_large"),
        (untyped, "unsupported_content_type"),
    ] {
        assert_becomes(&fixture, &case, "tts.basic", None).await;
        let labels = [("outcome", "would_deny"), ("reason", reason)];
        assert_eq!(fixture.decisions(&labels).await.unwrap(), 2, "{reason}");
    }
    assert_eq!(fixture.decisions(&[("outcome", "deny")]).await.unwrap(), 0);
    fixture.finish().await.unwrap();
}

/// With only `facts` on trial, tiers are enforced on what could be read.
#[tokio::test]
async fn facts_on_trial_leave_tiers_in_force() {
    let fixture = start(|policy| policy["shadow"] = json!(["facts"])).await;
    assert_becomes(&fixture, &json(BRINGS), "tts.basic", REFUSED).await;
    assert_becomes(&fixture, &json(r#"{"text":"#), "tts.basic", None).await;
    fixture.finish().await.unwrap();
}

/// What is held goes on with what still comes, byte for byte.
#[tokio::test]
async fn past_what_is_held_the_headers_can_decide() {
    let fixture = start(|policy| {
        policy["facts"] = json!({ "past_max_held": "by_headers" });
        policy["tiers"][0]["max"] = json!({ "text_chars": 100_000 });
    })
    .await;
    let padding: Vec<Bytes> = (0..100u8).flat_map(|i| run(b'a' + i % 26, 50_000)).collect();
    let too_large = Some((413, "body-too-large"));
    // In JSON could be a URL, which nobody may send.
    let body = around(r#"{"pad":""#, padding.clone(), r#"","text":"a"}"#).concat();
    let json = Case::new("", "/take/json", body);
    assert_becomes(&fixture, &json, "tts.premium", too_large).await;
    let body = multipart(&[("pad", None, &padding.concat()), ("text", None, b"a")]);
    let case = Case::new("", "/take/multipart", body);
    assert_becomes(&fixture, &case, "tts.premium", None).await;
    assert_becomes(&fixture, &case, "tts.basic", too_large).await;
    // At another pace: the first chunk after the held ones comes alone.
    for (protocol, client) in fixture.both() {
        let pieces = case.body.chunks(200_000).map(Bytes::copy_from_slice);
        let request = case.head(&client).bearer(token("tts.premium")).header("x-test-id", protocol);
        let request = request.pieces(pieces, Duration::from_millis(10));
        let response = request.send().await.unwrap();
        assert_passed(&fixture, &response, &case.body, protocol).await;
    }
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn malformed_bodies_pass_where_the_policy_says_so_but_for_what_was_read_of_them() {
    let fixture = start(|policy| policy["facts"] = json!({ "on_malformed": "allow" })).await;
    assert_becomes(&fixture, &json(r#"{"text":"a",}"#), "tts.basic", None).await;
    assert_becomes(&fixture, &json(r#"{"ref_audio":"AAAA",}"#), "tts.basic", REFUSED).await;
    let long = format!(r#"{{"text":"{}",}}"#, "x".repeat(2001));
    assert_becomes(&fixture, &json(&long), "tts.basic", Some((403, "tier-limit"))).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn gzip_can_be_refused() {
    let fixture = start(|policy| policy["facts"] = json!({ "gzip": "deny" })).await;
    let case = json(r#"{"text":"a"}"#).gzipped();
    let refusal = Some((415, "unsupported-body"));
    assert_becomes(&fixture, &case, "tts.basic", refusal).await;
    assert_becomes(&fixture, &case, "tts.premium", refusal).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn the_last_of_a_key_can_count() {
    let fixture = start(|policy| policy["facts"] = json!({ "duplicate_keys": "last_wins" })).await;
    let long = "x".repeat(2001);
    let last = json(&format!(r#"{{"text":"a","text":"{long}"}}"#));
    assert_becomes(&fixture, &last, "tts.basic", Some((403, "tier-limit"))).await;
    let first = json(&format!(r#"{{"text":"{long}","text":"a"}}"#));
    assert_becomes(&fixture, &first, "tts.basic", None).await;
    let hidden = json(r#"{"ref_audio":null,"ref\u005faudio":"AAAA"}"#);
    assert_becomes(&fixture, &hidden, "tts.basic", REFUSED).await;
    let form = Case::new(
        "",
        "/take/multipart",
        multipart(&[("text", None, b"a"), ("text", None, long.as_bytes())]),
    );
    assert_becomes(&fixture, &form, "tts.basic", Some((403, "tier-limit"))).await;
    fixture.finish().await.unwrap();
}

/// What is too long after decoding is told from what is too long to hold.
#[tokio::test]
async fn compressed_bodies_are_bounded_by_what_they_become() {
    let fixture = start(|policy| policy["facts"] = json!({ "max_decoded_bytes": 10_000 })).await;
    let body = |length| json(&format!(r#"{{"pad":"{}"}}"#, "x".repeat(length))).gzipped();
    assert_becomes(&fixture, &body(9_000), "tts.basic", None).await;
    assert_becomes(&fixture, &body(11_000), "tts.basic", Some((413, "body-too-large"))).await;
    fixture.finish().await.unwrap();
}
