//! Clients that leave half-way: nothing of theirs is left behind.

use super::{assert_alive, policy};
use serde_json::json;
use std::time::{Duration, Instant};
use voxgate_testbed::client::{Client, Leave};
use voxgate_testbed::fixture::{Fixture, token};

const ACTIVE: &str = "http.inbound_0.0.0.0_8080.downstream_rq_active";

async fn wait_until_idle(fixture: &Fixture) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while fixture.envoy.stat(ACTIVE).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "requests are still active");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Begins a request with a body that never ends, and leaves.
async fn leave(fixture: &Fixture, protocol: &str, path: &str, token: &str, begin: &str) {
    let content_type =
        if path.ends_with("json") { "application/json" } else { "multipart/form-data; boundary=b" };
    // Its own connection, which is closed with it.
    let [http1, http2] = Client::both(fixture.envoy.address()).map(|(_, client)| client);
    let client = if protocol == "HTTP/2" { http2 } else { http1 };
    let pieces = std::iter::once(begin.to_owned()).chain((0..600).map(|_| " ".to_owned()));
    let request = client.post(path).bearer(token).header("content-type", content_type);
    let request = request.header("x-test-id", "leaves").header("content-length", "1000000");
    let request = request.pieces(pieces, Duration::from_millis(50));
    request.leave(Leave::BeforeHeaders(Duration::from_millis(200))).await.unwrap();
}

#[tokio::test]
async fn clients_that_leave_while_their_body_is_held_or_passes_are_forgotten() {
    let mut policy = policy();
    policy["facts"] = json!({ "audit_voice_creations": true });
    let setup = Fixture::of(policy);
    let setup = setup.envoy(|options| options.allow_log.push("audit=voice.create".to_owned()));
    let fixture = setup.start().await.unwrap();
    let premium = token("tts.premium");
    let envoy = &fixture.envoy;
    // What is held never reaches the service.
    for round in 0..2 {
        let memory = envoy.wasm_memory_bytes().unwrap();
        for protocol in ["HTTP/1.1", "HTTP/2"] {
            let leaving =
                (0..20).map(|_| leave(&fixture, protocol, "/take/json", &premium, r#"{"text":"a"#));
            futures_util::future::join_all(leaving).await;
            wait_until_idle(&fixture).await;
        }
        assert!(fixture.speech.received_as("leaves").is_none());
        let grown = envoy.wasm_memory_bytes().unwrap() - memory;
        assert!(round == 0 || grown == 0, "the VMs grew by {grown} bytes");
    }
    // What passes reaches it as far as it came, and the audit says that it broke off.
    for protocol in ["HTTP/1.1", "HTTP/2"] {
        let begin = "--b\r\ncontent-disposition: form-data; name=\"voice_file\"; filename=\"a\"\r\n\r\nRIFF";
        leave(&fixture, protocol, "/v1/voices", &premium, begin).await;
        wait_until_idle(&fixture).await;
        let received =
            fixture.speech.wait_for("leaves", |it| it.status == Some(400) || it.client_gone).await;
        let received = received.unwrap();
        assert_eq!(received.body_sha256, None, "{protocol}");
        fixture.speech.forget();
        assert_alive(&fixture, &fixture.http1(), protocol).await;
    }
    let audits = |line: &voxgate_testbed::envoy::LogLine| line.text.contains("audit=voice.create");
    let audits: Vec<_> = envoy.log().unwrap().into_iter().filter(audits).collect();
    assert_eq!(audits.len(), 2, "{audits:?}");
    assert!(audits.iter().all(|it| it.text.contains("complete=false")), "{audits:?}");
    fixture.finish().await.unwrap();
}
