//! Requests that wait for the first keys: they go on whole, are bounded in number, and may leave.

use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use voxgate_testbed::client::ClientError;
use voxgate_testbed::issuer::{setup, token};
use voxgate_testbed::jwks::{Fault, Jwks};

/// `MAX_WAITING` of the filter, for one worker.
const MAX_WAITING: usize = 1024;

const WAIT: &str = "25s";

#[tokio::test]
async fn a_body_sent_while_its_request_waits_arrives_intact() {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(3000));
    let remote = json!({ "timeout": "20s", "max_wait": WAIT });
    let fixture = setup(&jwks, &remote).start().await.unwrap();
    let mut asking = Vec::new();
    // The last is nearly as much as the filter lets Envoy hold (768 KiB).
    for bytes in [0, 1, 100_000, 780_000] {
        for (protocol, client) in fixture.both() {
            let padding: String = ('a'..='z').cycle().take(bytes).collect();
            let body = json!({ "text": "a", "padding": padding }).to_string();
            let digest = Sha256::digest(&body);
            let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let id = format!("{protocol} {bytes}");
            let request = client
                .post("/tts")
                .bearer(token(&jwks))
                .header("x-test-id", &id)
                .header("content-type", "application/json")
                .body(body);
            asking.push((id, sha256, tokio::spawn(request.send())));
        }
    }
    for (id, sha256, asking) in asking {
        let response = asking.await.unwrap().unwrap();
        assert_eq!(response.status, 200, "{id}: {}", response.text());
        let received = fixture.speech.received_as(&id).unwrap();
        assert_eq!(received.body_sha256.as_deref(), Some(sha256.as_str()), "{id}");
        assert_eq!(received.headers.all("x-user-tier"), ["basic"], "{id}");
    }
    // Envoy's main thread runs the plugin too.
    assert_eq!(jwks.fetches(), 2, "one fetch serves all requests of the worker");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn clients_that_leave_while_they_wait_are_forgotten() {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(4000));
    let remote = json!({ "timeout": "20s", "max_wait": WAIT });
    let fixture = setup(&jwks, &remote).start().await.unwrap();
    let mut leaving = Vec::new();
    for _ in 0..20 {
        for (_, client) in fixture.both() {
            let request = client.post("/tts").bearer(token(&jwks)).json(&json!({ "text": "a" }));
            leaving.push(tokio::spawn(request.timeout(Duration::from_millis(500)).send()));
        }
    }
    let staying: Vec<_> = fixture
        .both()
        .into_iter()
        .map(|(_, client)| {
            let request = client.post("/tts").bearer(token(&jwks)).header("x-test-id", "stays");
            tokio::spawn(request.json(&json!({ "text": "a" })).send())
        })
        .collect();
    for leaving in leaving {
        assert!(matches!(leaving.await.unwrap(), Err(ClientError::TimedOut(_))));
    }
    for staying in staying {
        assert_eq!(staying.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(fixture.speech.count(), 2, "nobody asks for those who left");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_thousand_wait_and_those_beyond_are_told_at_once() {
    const BEYOND: usize = 76;
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(12_000));
    let remote = json!({ "timeout": "25s", "max_wait": "25s" });
    let fixture = setup(&jwks, &remote).start().await.unwrap();
    // Signed before, so that all come while the keys are on their way.
    let tokens: Vec<_> = (0..MAX_WAITING + BEYOND).map(|_| token(&jwks)).collect();
    let asking: Vec<_> = tokens
        .chunks(100)
        .flat_map(|tokens| {
            let client = fixture.http2();
            tokens.iter().map(move |token| {
                let request = client.post("/tts").bearer(token).json(&json!({ "text": "a" }));
                let request = request.timeout(Duration::from_secs(60)).send();
                tokio::spawn(async move {
                    let asked = Instant::now();
                    (request.await.unwrap().status.as_u16(), asked.elapsed())
                })
            })
        })
        .collect();
    let mut answers = Vec::new();
    for asking in asking {
        answers.push(asking.await.unwrap());
    }
    let with = |status: u16| answers.iter().filter(move |(it, _)| *it == status);
    assert_eq!(with(200).count(), MAX_WAITING);
    assert_eq!(with(503).count(), BEYOND);
    // Long before the keys come, and longer before their own wait would end.
    let slowest = with(503).map(|(_, took)| *took).max().unwrap();
    assert!(slowest < Duration::from_secs(11), "{slowest:?}");
    fixture.finish().await.unwrap();
}
