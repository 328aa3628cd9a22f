//! Denials in each way in which clients speak HTTP.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use voxgate_testbed::client::raw::Conversation;
use voxgate_testbed::fixture::{Fixture, token};

const GRPC: &str = "/voxgate.testbed.v1.Speech/Speak";

/// github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: a status without messages stands in the
/// headers, and the HTTP status is 200.
#[tokio::test]
async fn a_grpc_caller_gets_the_grpc_status_and_the_detail() {
    let setup = Fixture::of(super::policy());
    let upstream = voxgate_testbed::fixture::resource::http2_upstream();
    let fixture = setup.resource(upstream).start().await.unwrap();
    let client = fixture.http2();

    for (request, status, message) in [
        (client.grpc(GRPC, b"hi"), "16", "The request has no bearer token."),
        (
            client.grpc(GRPC, b"hi").bearer("x"),
            "16",
            "The token is not three segments separated by dots.",
        ),
        (
            client.grpc(GRPC, b"hi").bearer(token("other")),
            "7",
            "A caller whose scopes lead to no tier may not tts.synthesize; scope tts.basic is needed.",
        ),
        (
            client.grpc("/voxgate.testbed.v1.Speech/Other", b"hi").bearer(token("tts.basic")),
            "7",
            "No rule of the policy knows this method and path, and operations.unknown is deny.",
        ),
        (
            client.grpc("/%2574ts", b"hi").bearer(token("tts.basic")),
            "3",
            "The path has a `%25` escape that is invalid or encoded twice.",
        ),
        (
            client
                .post(GRPC)
                .header("content-type", "application/grpc+proto")
                .header("te", "trailers"),
            "16",
            "The request has no bearer token.",
        ),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.grpc_status(), Some(status), "{response:?}");
        assert_eq!(response.header("grpc-message"), Some(message), "{response:?}");
        assert_eq!(response.header("content-type"), Some("application/grpc"), "{response:?}");
        assert!(response.body.is_empty(), "{response:?}");
    }
    assert_eq!(fixture.speech.count(), 0);

    let answered = client.grpc(GRPC, b"hi").bearer(token("tts.basic")).send().await.unwrap();
    assert_eq!(answered.grpc_status(), Some("0"), "{answered:?}");
    assert_eq!(answered.body, b"\0\0\0\0\x02hi"[..]);
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_websocket_is_decided_at_its_handshake() {
    let fixture = Fixture::of(super::policy()).start().await.unwrap();
    let client = fixture.http1();
    let refused = client.get("/ws").websocket().await.unwrap().unwrap_refused();
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer realm="voxgate""#));
    let other = client.get("/ws").bearer(token("other")).websocket().await.unwrap();
    assert_eq!(other.unwrap_refused().status, 403);
    assert_eq!(fixture.speech.count(), 0);

    let open = client.get("/ws").bearer(token("tts.basic")).header("x-request-id", "open");
    let mut socket = open.websocket().await.unwrap().unwrap_open();
    socket.send(Message::text("ab")).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::text("ab"));
    let mut heard = 0;
    while let Message::Binary(frame) = socket.next().await.unwrap() {
        heard += frame.len();
        if frame.is_empty() {
            break;
        }
    }
    assert!(heard > 0);
    let received = fixture.speech.received_as("open").unwrap();
    assert_eq!(received.headers.one("x-user-tier"), Some("basic"));
    drop(socket);
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn preflights_pass_and_heads_are_denied_without_a_body() {
    let fixture = Fixture::of(super::policy()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let preflight = client
            .request("OPTIONS", "/tts")
            .header("origin", "https://page.test")
            .header("access-control-request-method", "POST")
            .header("x-request-id", protocol)
            .send()
            .await
            .unwrap();
        // The service itself knows nothing of CORS.
        assert_eq!(preflight.status, 405, "{protocol}: {preflight:?}");
        assert_eq!(fixture.speech.received_as(protocol).unwrap().method, "OPTIONS");
        for (what, request) in [
            (
                "no origin",
                client.request("OPTIONS", "/tts").header("access-control-request-method", "POST"),
            ),
            (
                "no method asked for",
                client.request("OPTIONS", "/tts").header("origin", "https://page.test"),
            ),
            (
                "no OPTIONS",
                client
                    .post("/tts")
                    .header("origin", "https://page.test")
                    .header("access-control-request-method", "POST"),
            ),
        ] {
            assert_eq!(request.send().await.unwrap().status, 401, "{what} over {protocol}");
        }

        let head = client.request("HEAD", "/v1/voices").send().await.unwrap();
        assert_eq!(head.status, 401, "{protocol}");
        assert_eq!(head.header("www-authenticate"), Some(r#"Bearer realm="voxgate""#));
        assert_eq!(head.header("content-type"), Some("application/problem+json"));
        assert!(head.body.is_empty());
    }
    assert_eq!(fixture.speech.count(), 2);
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_denial_comes_before_the_body_and_the_connection_goes_on() {
    let fixture = Fixture::of(super::policy()).start().await.unwrap();
    let address = fixture.envoy.address();

    // RFC 9110 §10.1.1: the final status in place of 100 spares the client its body.
    let head = |token: &str| {
        format!(
            "POST /v1/voices HTTP/1.1\r\nhost: speech.test\r\nauthorization: Bearer {token}\r\n\
             content-type: multipart/form-data; boundary=b\r\nexpect: 100-continue\r\n\
             content-length: 7\r\n\r\n"
        )
    };
    let mut asked = Conversation::open(address).await.unwrap();
    asked.say(head("x")).await.unwrap();
    let answer = asked.hear("\r\n\r\n").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let mut asked = Conversation::open(address).await.unwrap();
    asked.say(head(&token("tts.premium"))).await.unwrap();
    let answer = asked.hear("\r\n\r\n").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 100 "), "{answer}");
    asked.say("--b--\r\n").await.unwrap();
    let answer = asked.hear("\r\n\r\n").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    drop(asked);
    assert_eq!(fixture.speech.count(), 1);

    for (protocol, client) in fixture.both() {
        let body = vec![b'x'; 5_000_000];
        let denied = client.post("/tts").body(body).send().await.unwrap();
        assert_eq!(denied.status, 401, "{protocol}");
        assert!(denied.text().contains("missing-token"), "{protocol}");
    }
    assert_eq!(fixture.speech.count(), 1);

    // One connection serves on after a denial. (Envoy closes it where the denied request has a
    // body, which it then need not read.)
    let get = |path: &str, token: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: speech.test\r\nauthorization: Bearer {token}\r\n\r\n")
    };
    let mut kept = Conversation::open(address).await.unwrap();
    for _ in 0..3 {
        kept.say(get("/v1/voices", "x")).await.unwrap();
        let answer = kept.hear("}").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        kept.say(get("/v1/voices", &token("tts.basic"))).await.unwrap();
        let answer = kept.hear("]}").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    // A stream that is denied leaves the other streams of its connection alone.
    let client = fixture.http2();
    let connections = "http.inbound_0.0.0.0_8080.downstream_cx_total";
    let before = fixture.envoy.stat(connections).await.unwrap();
    for _ in 0..20 {
        let allowed = client.post("/tts").bearer(token("tts.basic")).json(&json!({ "text": "a" }));
        let denied = client.post("/tts").json(&json!({ "text": "a" }));
        let (allowed, denied) = tokio::join!(allowed.send(), denied.send());
        assert_eq!(allowed.unwrap().status, 200);
        assert_eq!(denied.unwrap().status, 401);
    }
    let after = fixture.envoy.stat(connections).await.unwrap();
    assert!(after - before <= 2, "{} connections", after - before);
    drop((kept, client));
    fixture.finish().await.unwrap();
}
