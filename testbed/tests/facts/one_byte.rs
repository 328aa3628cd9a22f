//! The same facts and the same decision, however the body comes.

use super::bodies::{Case, base64, multipart, wav};
use super::{assert_passed, assert_refused, policy};
use serde_json::{Value, json};
use std::time::Duration;
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::fixture::{Fixture, token};

/// Characters of one to four bytes.
const TEXT: &str = "Grüß dich, 你好, ok 🎤!";

/// What is known of each: the numbers that the access log must have, but for `audio_ms`.
fn cases() -> Vec<(Case, Value)> {
    let recording = wav(5, 8000);
    let size = recording.len();
    let chars = TEXT.chars().count();
    let written = json!({ "text": TEXT, "voice": "preset-1", "ref_audio": base64(&recording) });
    let escaped = TEXT.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
    let lines = format!("{written}\n{}\n", json!({ "text": "abc" }));
    let form = format!(
        "text=Gr%C3%BC%C3%9F+dich&ref_audio={}",
        base64(&recording).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
    );
    let parts = multipart(&[
        ("text", None, TEXT.as_bytes()),
        ("ref_audio", Some("me.wav"), &recording),
        ("other", None, b"--"),
    ]);
    let facts = |chars: usize, references: usize, lines: usize| {
        json!({
            "text_chars": chars, "references": references, "reference_urls": 0,
            "reference_bytes": if references == 0 { 0 } else { size }, "batch_lines": lines,
        })
    };
    vec![
        (Case::new("json", "/take/json", written.to_string()), facts(chars, 1, 0)),
        (
            Case::new("escaped json", "/take/json", format!(r#"{{"t\u0065xt":"{escaped}"}}"#)),
            facts(chars, 0, 0),
        ),
        (Case::new("gzip", "/take/json", written.to_string()).gzipped(), facts(chars, 1, 0)),
        (Case::new("jsonl", "/take/jsonl", lines), facts(chars + 3, 1, 2)),
        (Case::new("form", "/take/form", form), facts(9, 1, 0)),
        (Case::new("plain", "/take/plain", TEXT), facts(chars, 0, 0)),
        (Case::new("multipart", "/take/multipart", parts), facts(chars, 1, 0)),
    ]
}

/// Whole, and with its bytes one at a time.
fn ways(case: &Case, client: &Client) -> [(&'static str, Request); 2] {
    let head = case.head(client);
    let bytes: Vec<_> = (0..case.body.len()).map(|i| case.body.slice(i..=i)).collect();
    [
        ("whole", head.clone().body(case.body.clone())),
        ("byte by byte", head.pieces(bytes, Duration::from_millis(1))),
    ]
}

/// The record of a decision without what differs for other reasons.
async fn record(fixture: &Fixture, id: &str) -> Value {
    let mut record = fixture.decision(id).await.unwrap();
    record["source"].take();
    record
}

#[tokio::test]
async fn facts_are_the_same_one_byte_at_a_time() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let (basic, premium) = (token("tts.basic"), token("tts.premium"));
    let fixture = &fixture;
    let checks = cases().into_iter().flat_map(|(case, facts)| {
        fixture.both().map(|(protocol, client)| {
            let (case, facts) = (case.clone(), facts.clone());
            let (basic, premium) = (&basic, &premium);
            async move {
                let mut passed = Vec::new();
                let mut refused = Vec::new();
                for (way, request) in ways(&case, &client) {
                    let id = format!("{} {way} over {protocol}", case.name);
                    let sent = request.clone().bearer(premium).header("x-request-id", &id);
                    let response = sent.send().await.unwrap();
                    assert_passed(fixture, &response, &case.body, &id).await;
                    passed.push(record(fixture, &id).await);

                    if facts["references"] != 0 {
                        let id = format!("{id}, refused");
                        let sent = request.bearer(basic).header("x-request-id", &id);
                        let response = sent.send().await.unwrap();
                        assert_refused(fixture, &response, (403, "insufficient-scope"), &id);
                        let mut record = record(fixture, &id).await;
                        // Of a refused one as far as it was read.
                        record["facts"].take();
                        refused.push(record);
                    }
                }
                let what = format!("{} over {protocol}", case.name);
                assert_eq!(passed[0], passed[1], "{what}");
                assert!(refused.windows(2).all(|pair| pair[0] == pair[1]), "{what}: {refused:?}");
                let mut found = passed[0]["facts"].clone();
                let audio = found.as_object_mut().unwrap().remove("audio_ms").unwrap();
                assert!(audio.as_u64().unwrap() > 100, "{what}: {audio}");
                assert_eq!(found, facts, "{what}");
            }
        })
    });
    futures_util::future::join_all(checks).await;
    fixture.assert_no_reload().await.unwrap();
}
