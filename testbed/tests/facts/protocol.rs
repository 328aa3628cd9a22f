//! Bodies as HTTP brings them: with trailers, awaited, empty, not there, after an upgrade, and
//! answered before they have ended.

use super::bodies::{around, run};
use super::{assert_alive, assert_passed, assert_refused, policy};
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use voxgate_testbed::client::raw::Conversation;
use voxgate_testbed::fixture::{Fixture, resource, token};

const BROUGHT: (u16, &str) = (403, "insufficient-scope");
const ASKS: &str = r#"{"text":"a","ref_audio":"AAAA"}"#;

#[tokio::test]
async fn trailers_end_a_body() {
    let setup = Fixture::of(policy()).resource(resource::http2_upstream());
    let fixture = setup.start().await.unwrap();
    let client = fixture.http2();
    for pause in [0, 20].map(Duration::from_millis) {
        let request = client.post("/take/json").header("content-type", "application/json");
        let request = request
            .trailer("x-checksum", "1")
            .trailer("x-user-tier", "forged")
            .pieces([&ASKS[..10], &ASKS[10..]], pause);
        let id = format!("refused {pause:?}");
        let refused = request.clone().bearer(token("tts.basic")).header("x-request-id", &id);
        assert_refused(&fixture, &refused.send().await.unwrap(), BROUGHT, &id);

        let id = format!("passed {pause:?}");
        let passed = request.bearer(token("tts.premium")).header("x-test-id", &id);
        let response = passed.send().await.unwrap();
        assert_passed(&fixture, &response, ASKS.as_bytes(), &id).await;
        let received = fixture.speech.received_as(&id).unwrap();
        assert_eq!(received.trailers.0, [("x-checksum".to_owned(), "1".to_owned())]);
        assert_eq!(received.headers.one("x-user-tier"), Some("premium"));
    }
    // A body of which trailers are all.
    let request = client.post("/take/json").header("content-type", "application/json");
    let request = request.trailer("x-checksum", "1").pieces([""; 0], Duration::ZERO);
    let response = request.bearer(token("tts.premium")).header("x-request-id", "empty").send();
    assert_refused(&fixture, &response.await.unwrap(), (400, "malformed-body"), "empty");

    // HTTP/1.1: Envoy reads them and lets them go.
    let head = |token: &str| {
        format!(
            "POST /take/json HTTP/1.1\r\nhost: speech.test\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ntransfer-encoding: chunked\r\ntrailer: x-checksum\r\n\
             x-test-id: {token}\r\n\r\n"
        )
    };
    for (token, status) in [(token("tts.basic"), "403"), (token("tts.premium"), "200")] {
        let mut client = Conversation::open(fixture.envoy.address()).await.unwrap();
        client.say(head(&token)).await.unwrap();
        client.say(format!("{:x}\r\n{ASKS}\r\n", ASKS.len())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.say("0\r\nx-checksum: 1\r\n\r\n").await.unwrap();
        let heard = client.hear("\r\n\r\n").await.unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert_eq!(fixture.speech.received_as(&token).is_some(), status == "200");
    }
    fixture.finish().await.unwrap();
}

/// Istio has the service answer with 100 (`proxy_100_continue`), and a filter cannot. So where the body
/// decides the client waits for nothing; it does not do so for ever (RFC 9110 §10.1.1).
#[tokio::test]
async fn a_client_that_sends_its_body_without_having_heard_100_is_decided_by_it() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    for (token, status) in [(token("tts.basic"), "403"), (token("tts.premium"), "200")] {
        let mut client = Conversation::open(fixture.envoy.address()).await.unwrap();
        let length = ASKS.len();
        let head = format!(
            "POST /take/json HTTP/1.1\r\nhost: speech.test\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\
             x-test-id: {status}\r\n\r\n"
        );
        client.say(head).await.unwrap();
        tokio::time::sleep(Duration::from_millis(350)).await;
        assert!(fixture.speech.received_as(status).is_none());
        client.say(ASKS).await.unwrap();
        let mut heard = client.hear("\r\n\r\n").await.unwrap();
        if status == "200" && heard.starts_with("HTTP/1.1 100 ") {
            heard = client.hear("\r\n\r\n").await.unwrap();
        }
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
    }
    assert!(fixture.speech.received_as("403").is_none());
    let received = fixture.speech.received_as("200").unwrap();
    assert_eq!(received.body_bytes, ASKS.len() as u64);

    // A refusal that needs no body comes at once, and spares the client from sending it.
    let mut client = Conversation::open(fixture.envoy.address()).await.unwrap();
    let head = "POST /take/json HTTP/1.1\r\nhost: speech.test\r\nexpect: 100-continue\r\n\
                content-length: 10\r\n\r\n";
    client.say(head).await.unwrap();
    let heard = client.hear("\r\n\r\n").await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 401 "), "{heard}");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn no_body_asks_for_nothing_and_an_empty_one_is_no_json() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let basic = token("tts.basic");
    for (protocol, client) in fixture.both() {
        let request = |id: &str| client.post("/take/json").bearer(&basic).header("x-test-id", id);
        let id = format!("without over {protocol}");
        let response = request(&id).send().await.unwrap();
        assert_passed(&fixture, &response, b"", &id).await;
        let id = format!("of length 0 over {protocol}");
        let response = request(&id).header("content-length", "0").send().await.unwrap();
        assert_passed(&fixture, &response, b"", &id).await;

        let id = format!("an empty body over {protocol}");
        let request = request(&id).header("content-type", "application/json");
        let response = request.pieces([""], Duration::from_millis(20)).send().await.unwrap();
        assert_refused(&fixture, &response, (400, "malformed-body"), &id);
        // A form without fields, and a text of no characters, are whole.
        for (path, content_type) in
            [("/take/form", "application/x-www-form-urlencoded"), ("/take/plain", "text/plain")]
        {
            let id = format!("an empty {content_type} over {protocol}");
            let request = client.post(path).bearer(&basic).header("content-type", content_type);
            let request = request.header("x-test-id", &id);
            let response = request.pieces([""], Duration::from_millis(20)).send().await.unwrap();
            assert_passed(&fixture, &response, b"", &id).await;
        }
    }
    fixture.finish().await.unwrap();
}

/// What follows an upgrade is no body, whatever the rule says of bodies.
#[tokio::test]
async fn a_websocket_steps_aside() {
    let mut policy = policy();
    let mut rule = policy["operations"]["rules"][0].clone();
    (rule["name"], rule["path"], rule["methods"]) = (json!("ws"), json!("/ws"), json!(["GET"]));
    policy["operations"]["rules"] = json!([rule]);
    let fixture = Fixture::of(policy).start().await.unwrap();
    let open = fixture.http1().get("/ws").bearer(token("tts.basic"));
    let open = open.header("content-type", "application/json");
    let mut socket = open.websocket().await.unwrap().unwrap_open();
    socket.send(Message::text("ab")).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::text("ab"));
    drop(socket);
    fixture.finish().await.unwrap();
}

/// The service answers at the head, and reads nothing.
#[tokio::test]
async fn an_answer_before_the_end_of_the_body_reaches_the_client() {
    for audits in [false, true] {
        let mut policy = policy();
        policy["facts"] = json!({ "audit_voice_creations": audits });
        let setup = Fixture::of(policy);
        let setup = setup.envoy(|options| options.allow_log.push("audit=voice.create".to_owned()));
        let fixture = setup.start().await.unwrap();
        for (protocol, client) in fixture.both() {
            let (name, content_type) = super::bodies::multipart_type();
            let body = around("--", run(b'x', 20_000_000), "");
            let request = client.post("/v1/voices").bearer(token("tts.premium"));
            let request = request.header(name, content_type).header("x-test-status", "507");
            let response = request.pieces(body, Duration::from_millis(1)).send().await.unwrap();
            assert_eq!(response.status, 507, "{protocol}, audits: {audits}");
            assert_alive(&fixture, &client, protocol).await;
        }
        fixture.finish().await.unwrap();
    }
}
