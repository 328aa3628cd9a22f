//! Tokens and heads made to break a verifier: each is refused for its reason, and the VM lives on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::BTreeMap;
use voxgate_policy::testing::{hostile_tokens, valid_tokens};
use voxgate_testbed::client::{Client, raw};
use voxgate_testbed::envoy::AccessLogEntry;
use voxgate_testbed::fixture::{Fixture, now, policy, resource, token};

const BODY: &[u8] = br#"{"text":"a"}"#;
const JSON: &str = "application/json";

async fn assert_alive(fixture: &Fixture) {
    for (protocol, client) in fixture.both() {
        let valid = client
            .post("/tts")
            .bearer(token("tts.basic"))
            .header("content-type", JSON)
            .body(BODY)
            .send()
            .await
            .unwrap();
        assert_eq!(valid.status, 200, "{protocol}");
    }
    fixture.assert_no_reload().await.unwrap();
}

/// Rows that are wrong for a second only are the policy's own tests' business.
#[tokio::test]
async fn each_hostile_token_is_refused_for_its_reason() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let (mut tried, mut expected) = (0, BTreeMap::<&str, u64>::new());
    for row in hostile_tokens(now()).into_iter().filter(|row| !row.only_at_now) {
        if row.not_in_header {
            let value = [b"Bearer ", &row.token[..]].concat();
            let request = raw::post("/tts", &[(b"authorization", &value)], BODY);
            let response = raw::exchange(fixture.envoy.address(), &request).await.unwrap();
            // White space at the ends is no part of a header's value (RFC 9110 §5.5), so without it
            // a few of these are good tokens; the others HTTP or the filter refuses.
            let trimmed = row.token.trim_ascii();
            let is_good_trimmed = trimmed.len() < row.token.len()
                && trimmed.iter().all(|byte| (0x21..=0x7e).contains(byte));
            let status = response.status.map_or(0, |status| status.as_u16());
            assert!(
                (400..500).contains(&status) || is_good_trimmed && status == 200,
                "{}: {status}",
                row.name
            );
            continue;
        }
        for (protocol, client) in fixture.both() {
            let request = client.post("/tts").bearer(&row.token).header("x-request-id", row.name);
            let response = request.send().await.unwrap();
            // A comma is how repeated headers are joined.
            let (status, reason) = match row.token.contains(&b',') {
                true => (400, "repeated_authorization"),
                false => (401, row.reason),
            };
            assert_eq!(response.status, status, "{} over {protocol}: {response:?}", row.name);
            *expected.entry(reason).or_default() += 1;
            tried += 1;
        }
        let decision = fixture.decision(row.name).await.unwrap();
        let reason = decision["reason"].as_str().unwrap();
        assert!(reason == row.reason || row.token.contains(&b','), "{}: {reason}", row.name);
    }
    assert!(tried > 200, "{tried} tokens");
    for (reason, count) in expected {
        let counted = fixture.decisions(&[("outcome", "deny"), ("reason", reason)]).await.unwrap();
        assert!(counted >= count, "{reason}: {counted} counted of {count}");
    }
    assert_alive(&fixture).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn each_valid_token_is_accepted() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        // Made just before, as some are good for a few seconds only.
        for row in valid_tokens(now()).into_iter().filter(|row| !row.only_at_now) {
            let request =
                client.post("/tts").bearer(&row.token).header("content-type", JSON).body(BODY);
            let response = request.send().await.unwrap();
            assert_eq!(response.status, 200, "{} over {protocol}: {response:?}", row.name);
            assert_eq!(response.header("x-received-tenant"), Some("acme"), "{}", row.name);
        }
    }
    assert_alive(&fixture).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn the_scheme_is_read_as_rfc_9110_says() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let token = token("tts.basic");
    let basic = STANDARD.encode("user:secret");
    for (protocol, client) in fixture.both() {
        for (value, status) in [
            (format!("Bearer {token}"), 200),
            (format!("bearer {token}"), 200),
            (format!("BEARER {token}"), 200),
            (format!("bEaReR   {token}"), 200),
            (format!("Bearer\t{token}"), 401),
            (format!("Bearer{token}"), 401),
            (format!("Bearer: {token}"), 401),
            (format!("Bearer Bearer {token}"), 401),
            (format!("Token {token}"), 401),
            (format!("Basic {basic}"), 401),
            (token.clone(), 401),
            ("Bearer".to_owned(), 401),
            ("Bearer ".to_owned(), 401),
            (String::new(), 401),
            (format!("Bearer {token}, Bearer {token}"), 400),
            (format!("Bearer {token},"), 400),
            (format!("Bearer {token}; x"), 401),
            (format!("Bearer {token} x"), 401),
            (format!("Bearer \"{token}\""), 401),
        ] {
            let request = client
                .post("/tts")
                .header("authorization", &value)
                .header("content-type", JSON)
                .body(BODY);
            let got = request.send().await.unwrap().status;
            assert_eq!(got, status, "{:?} over {protocol}", value.replace(&token, "TOKEN"));
        }
        let twice = client.post("/tts").bearer(&token).header("authorization", "");
        assert_eq!(twice.send().await.unwrap().status, 400, "{protocol}");
        // Only `Authorization` is looked at (RFC 6750 §2.1).
        let elsewhere = client.post(&format!("/tts?access_token={token}"));
        let elsewhere = elsewhere.header("cookie", format!("access_token={token}"));
        let elsewhere = elsewhere.header("x-authorization", format!("Bearer {token}"));
        assert_eq!(elsewhere.send().await.unwrap().status, 401, "{protocol}");
    }
    assert_alive(&fixture).await;
    fixture.finish().await.unwrap();
}

/// Each of these has ended a Wasm filter before, whose SDK unwrapped a header as UTF-8.
#[tokio::test]
async fn bytes_that_are_no_text_do_no_harm() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let names = [
        "user-agent",
        "cookie",
        "referer",
        "accept",
        "content-type",
        "x-request-id",
        "origin",
        "x-forwarded-for",
        "x-forwarded-client-cert",
        "access-control-request-method",
        "x-other",
    ];
    for (protocol, client) in fixture.both() {
        for name in names {
            for value in [&b"\xff\xfe\x80"[..], b"\xc3\x28", "日本".as_bytes(), b"\xf0\x9f\x92"] {
                for method in ["POST", "OPTIONS"] {
                    let request = client.request(method, "/tts").bearer(token("tts.basic"));
                    let response = request
                        .header(name, value)
                        .header("content-type", JSON)
                        .body(BODY)
                        .send()
                        .await
                        .unwrap();
                    let status = response.status.as_u16();
                    let expected = if method == "POST" { 200 } else { 403 };
                    // Envoy itself answers where its own code reads the header.
                    assert!(
                        status == expected || status == 400,
                        "{method} {name} over {protocol}: {response:?}"
                    );
                }
            }
        }
        let denied = client.post("/tts").header("authorization", b"Bearer \xff.\xfe.\x80");
        assert_eq!(denied.send().await.unwrap().status, 401, "{protocol}");
    }
    assert_alive(&fixture).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn heads_beyond_all_measure() {
    let settings = json!({
        "max_request_headers_kb": 8192,
        "common_http_protocol_options": { "max_headers_count": 10000 },
    });
    let raised = resource::connection_manager(settings);
    let fixture = Fixture::of(policy()).resource(raised).start().await.unwrap();
    let address = fixture.envoy.address();
    let post = |fields: &[(&[u8], &[u8])]| raw::post("/tts", fields, BODY);
    let bearer = format!("Bearer {}", token("tts.basic"));

    // A megabyte of token is refused by its length.
    let huge = format!("Bearer {}", "A".repeat(1_000_000));
    let response = raw::exchange(address, &post(&[(b"authorization", huge.as_bytes())])).await;
    let response = response.unwrap();
    assert_eq!(response.status.unwrap(), 401);
    assert!(String::from_utf8_lossy(&response.body).contains("longer than"), "{response:?}");
    assert_eq!(fixture.decisions(&[("reason", "too_long")]).await.unwrap(), 1);

    // Each is decided by all of its headers, the last ones too; the service behind has limits of
    // its own.
    for (count, size) in [(900, 10), (1025, 10), (2000, 10), (9000, 10), (100, 30_000)] {
        let id = format!("many-{count}-{size}");
        let value = vec![b'v'; size];
        let mut fields: Vec<(&[u8], &[u8])> = vec![(b"x-request-id", id.as_bytes())];
        fields.extend((0..count).map(|_| (&b"x-filler"[..], &value[..])));
        fields.push((b"x-user-tier", b"premium"));
        fields.push((b"authorization", bearer.as_bytes()));
        let status = raw::exchange(address, &post(&fields)).await.unwrap().status.unwrap();
        let decision = fixture.decision(&id).await.unwrap();
        assert_eq!(decision["reason"], "tier_allows", "{id}: {status}, {decision}");
        let named = |entry: &AccessLogEntry| entry.get("request_id").is_some_and(|it| *it == id);
        let entry = fixture.envoy.access_log_entry(named).await.unwrap();
        assert_eq!(entry["tier"], "basic", "{id}: what goes to the service");
    }
    assert_alive(&fixture).await;
    fixture.finish().await.unwrap();

    // As istiod leaves it, Envoy's own limits come first.
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let long = post(&[(b"authorization", huge.as_bytes())]);
    let response = raw::exchange(fixture.envoy.address(), &long).await.unwrap();
    assert_eq!(response.status.unwrap(), 431);
    let many: Vec<(&[u8], &[u8])> = (0..1200).map(|_| (&b"x-filler"[..], &b"v"[..])).collect();
    let response = raw::exchange(fixture.envoy.address(), &post(&many)).await.unwrap();
    assert_eq!(response.status.unwrap(), 431);
    let client = Client::http2(fixture.envoy.address());
    let mut request = client.post("/tts").bearer(token("tts.basic"));
    for _ in 0..1200 {
        request = request.header("x-filler", "v");
    }
    match request.send().await {
        Ok(response) => assert_eq!(response.status, 431),
        // Over HTTP/2 Envoy may reset the stream instead.
        Err(error) => assert!(error.to_string().contains("stream"), "{error}"),
    }
    assert_alive(&fixture).await;
    fixture.finish().await.unwrap();
}
