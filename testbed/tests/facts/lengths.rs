//! Lengths that lie: what a client says of its body, and what it sends.

use super::{assert_alive, policy};
use std::time::Duration;
use voxgate_testbed::client::raw::Conversation;
use voxgate_testbed::fixture::{Fixture, token};

/// A request to `path` with these headers and this body, as bytes.
fn post(path: &str, token: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: speech.test\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{headers}\r\n{body}"
    )
}

/// Its chunks, as HTTP/1.1 has them.
fn chunked(chunks: &[&str]) -> String {
    let chunks: Vec<_> = chunks.iter().map(|it| format!("{:x}\r\n{it}\r\n", it.len())).collect();
    chunks.concat() + "0\r\n\r\n"
}

#[tokio::test]
async fn a_body_shorter_than_was_told_never_reaches_the_service() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let premium = token("tts.premium");
    let body = r#"{"text":"a"}"#;
    let said = post("/take/json", &premium, "x-test-id: short\r\ncontent-length: 100\r\n", body);
    let mut client = Conversation::open(fixture.envoy.address()).await.unwrap();
    client.say(said).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(client);
    assert_alive(&fixture, &fixture.http1(), "a body that is too short").await;
    assert!(fixture.speech.received_as("short").is_none());

    // RFC 9113 §8.1.1: Envoy ends such a stream itself.
    let request = fixture.http2().post("/take/json").bearer(&premium);
    let request = request.header("content-type", "application/json");
    let request = request.header("x-test-id", "short").header("content-length", "100");
    let answer = request.pieces([body], Duration::from_millis(20)).send().await;
    assert!(answer.is_err() || answer.as_ref().is_ok_and(|it| it.status == 400), "{answer:?}");
    assert!(fixture.speech.received_as("short").is_none());
    assert_alive(&fixture, &fixture.http2(), "a body that is too short").await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn what_follows_the_told_length_is_another_request_and_decided_as_one() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let (basic, premium) = (token("tts.basic"), token("tts.premium"));
    let address = fixture.envoy.address();

    // The text ends where the first length says; then stands a request of its own.
    let first = r#"{"text":"a"}"#;
    let second = r#"{"text":"a","ref_audio":"AAAA"}"#;
    let length =
        |id: &str, body: &str| format!("x-test-id: {id}\r\ncontent-length: {}\r\n", body.len());
    let said = [
        post("/take/json", &basic, &length("first", first), first),
        post("/take/json", &basic, &length("second", second), second),
    ];
    let mut client = Conversation::open(address).await.unwrap();
    client.say(said.concat()).await.unwrap();
    let heard = client.hear("\"tier\":\"basic\",\"needed_scope\":\"tts.premium\"}").await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    assert!(heard.contains("HTTP/1.1 403 "), "{heard}");
    assert_eq!(fixture.speech.received_as("first").unwrap().body_bytes, first.len() as u64);
    assert!(fixture.speech.received_as("second").is_none());

    // Or what is none: Envoy's parser refuses it.
    let said =
        post("/take/json", &premium, &length("third", first), first) + "\"ref_audio\"\r\n\r\n";
    let mut client = Conversation::open(address).await.unwrap();
    client.say(said).await.unwrap();
    let heard = client.hear("\u{0}").await.unwrap();
    assert!(heard.contains("HTTP/1.1 200 ") && heard.contains("HTTP/1.1 400 "), "{heard}");
    assert_eq!(fixture.speech.received_as("third").unwrap().body_bytes, first.len() as u64);

    // Two lengths, and a length beside chunks, are how requests are smuggled (RFC 9112 §6.3).
    let both = "x-test-id: both\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n";
    let two = "x-test-id: both\r\ncontent-length: 12\r\ncontent-length: 13\r\n";
    for said in [
        post("/take/json", &premium, both, &chunked(&[first])),
        post("/take/json", &premium, two, first),
    ] {
        let mut client = Conversation::open(address).await.unwrap();
        client.say(said).await.unwrap();
        let heard = client.hear("\u{0}").await.unwrap();
        assert!(heard.starts_with("HTTP/1.1 400 "), "{heard}");
        assert!(fixture.speech.received_as("both").is_none());
    }
    assert_alive(&fixture, &fixture.http1(), "lengths that lie").await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_body_longer_than_was_told_over_http2_never_reaches_the_service() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let client = fixture.http2();
    let body = r#"{"text":"a","ref_audio":"AAAA"}"#;
    for (who, length) in [("tts.premium", "12"), ("tts.basic", "12")] {
        let request = client.post("/take/json").bearer(token(who)).header("x-test-id", "long");
        let request =
            request.header("content-type", "application/json").header("content-length", length);
        let pieces = body.as_bytes().chunks(4).map(bytes::Bytes::copy_from_slice);
        let answer = request.pieces(pieces, Duration::from_millis(2)).send().await;
        assert!(answer.as_ref().map_or(true, |it| it.status != 200), "{who}: {answer:?}");
        assert!(fixture.speech.received_as("long").is_none(), "{who}");
        assert_alive(&fixture, &client, "a body that is too long").await;
    }
    fixture.finish().await.unwrap();
}
