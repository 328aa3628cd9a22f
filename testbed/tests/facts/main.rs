//! Decisions that hang on a request's body, on a real Envoy.
//!
//! Of a refused request the service sees nothing, a passed one reaches it byte for byte, and after
//! whatever came the next request is served.

mod audit;
mod bodies;
mod consent;
mod hostile;
mod leaving;
mod lengths;
mod limits;
mod modes;
mod one_byte;
mod padding;
mod protocol;
mod recordings;
mod routes;
mod secrets;
mod smuggling;
mod too_large;
mod urls;
mod waiting;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use voxgate_testbed::client::{Client, Response};
use voxgate_testbed::fixture::{Fixture, token};

/// Where the facts stand in the tests' own API: as JSON has them.
fn fields() -> Value {
    json!({
        "text": ["/text", "/messages/*/content"],
        "voice": ["/voice"],
        "reference": ["/ref_audio", "/references/*/audio"],
        "audio": ["/audio"],
        "model": ["/model"],
        "sample_rate": ["/sample_rate"],
        "format": ["/format"],
        "speed": ["/speed"],
        "consent": ["/consent"],
    })
}

/// … and as forms have them.
fn flat_fields() -> Value {
    let mut fields = fields();
    fields["text"] = json!(["/text"]);
    fields["reference"] = json!(["/ref_audio", "/files/*"]);
    fields
}

fn rule(format: &str, fields: &Value) -> Value {
    json!({
        "name": format, "methods": ["POST"], "path": format!("/take/{format}"),
        "operations": ["tts.synthesize"], "body": { "formats": [format], "fields": fields },
    })
}

/// The fixture's policy with an API of each format at `/take/FORMAT`. Tier `basic` may speak texts
/// of 2000 characters with the voices `preset-*`; premium may all, but nothing that would take more
/// than an hour to hear, so that its bodies are read to their end.
fn policy() -> Value {
    let mut policy = voxgate_testbed::fixture::policy();
    policy["operations"]["preset_voices"] = json!(["preset-*"]);
    policy["operations"]["rules"] = json!([
        rule("json", &fields()),
        rule("jsonl", &fields()),
        rule("multipart", &flat_fields()),
        rule("form", &flat_fields()),
        rule("plain", &json!({ "text": [""] })),
    ]);
    policy["tiers"][0]["max"] = json!({ "audio_seconds": 3600 });
    policy["tiers"][1]["max"] = json!({ "text_chars": 2000 });
    policy
}

/// The lower-case hexadecimal SHA-256.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a refusal must be: its status, and the name of its problem type.
type Refusal = (u16, &'static str);

/// Fails unless this is our refusal and nothing of the request, which has this id, went on.
#[track_caller]
fn assert_refused(fixture: &Fixture, response: &Response, refusal: Refusal, id: &str) {
    let got = response.text();
    assert_eq!(response.status, refusal.0, "{id}: {got}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{id}: {got}");
    let kind = format!("tag:voxgate,2026:problem/{}", refusal.1);
    assert_eq!(response.json()["type"], json!(kind), "{id}: {got}");
    assert!(fixture.speech.received_as(id).is_none(), "{id}: the service got some of it");
}

/// Fails unless the request with this id was answered by the service, which got this body.
async fn assert_passed(fixture: &Fixture, response: &Response, body: &[u8], id: &str) {
    assert_eq!(response.status, 200, "{id}: {}", response.text());
    let received = fixture.speech.wait_for(id, |it| it.body_sha256.is_some()).await;
    let received = received.unwrap_or_else(|seen| panic!("{id}: not whole: {seen:?}"));
    assert_eq!(received.body_bytes, body.len() as u64, "{id}");
    assert_eq!(received.body_sha256, Some(sha256(body)), "{id}");
}

/// Fails unless an ordinary request is served.
async fn assert_alive(fixture: &Fixture, client: &Client, after: &str) {
    let request = client.post("/take/json").bearer(token("tts.basic"));
    let response = request.json(&json!({ "text": "Hello." })).send().await;
    let response = response.unwrap_or_else(|error| panic!("after {after}: {error}"));
    assert_eq!(response.status, 200, "after {after}: {}", response.text());
    fixture.assert_no_reload().await.unwrap_or_else(|error| panic!("after {after}: {error}"));
}
