//! Routes and headers can hang on the body: they are chosen after it was read.

use super::{assert_passed, policy};
use serde_json::{Value, json};
use std::time::Duration;
use voxgate_testbed::fixture::{Fixture, token};

/// A route for those who bring a recording; it tells the service by a header.
fn cloning_route() -> Value {
    let value = json!({
        "name": "cloning",
        "match": { "prefix": "/", "headers": [{
            "name": "x-voxgate-operation",
            "string_match": { "contains": "voice.create" },
        }] },
        "route": { "cluster": "inbound|8080||" },
        "request_headers_to_add": [{ "header": { "key": "x-lane", "value": "cloning" } }],
    });
    json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": { "name": "cloning-route" },
        "spec": { "configPatches": [{
            "applyTo": "HTTP_ROUTE",
            "match": { "context": "SIDECAR_INBOUND", "routeConfiguration": {
                "portNumber": 8080, "vhost": { "name": "inbound|http|8080" },
            } },
            "patch": { "operation": "INSERT_FIRST", "value": value },
        }] },
    })
}

#[tokio::test]
async fn a_route_can_match_what_only_the_body_told() {
    let fixture = Fixture::of(policy()).resource(cloning_route()).start().await.unwrap();
    let premium = token("tts.premium");
    for (protocol, client) in fixture.both() {
        for (body, operation, lane) in [
            (json!({ "text": "a" }), "tts.synthesize", None),
            (
                json!({ "text": "a", "ref_audio": "AAAA" }),
                "tts.synthesize+voice.create",
                Some("cloning"),
            ),
            (json!({ "text": "a", "voice": "own" }), "tts.synthesize+voice.use", None),
        ] {
            let body = body.to_string();
            for count in [1, 3] {
                let id = format!("{operation} in {count} over {protocol}");
                let request = client.post("/take/json").bearer(&premium).header("x-test-id", &id);
                let request = request.header("content-type", "application/json");
                let pieces = body.as_bytes().chunks(body.len().div_ceil(count));
                let pieces = pieces.map(bytes::Bytes::copy_from_slice);
                let request = request.pieces(pieces, Duration::from_millis(5));
                let response = request.send().await.unwrap();
                assert_passed(&fixture, &response, body.as_bytes(), &id).await;
                let received = fixture.speech.received_as(&id).unwrap();
                assert_eq!(received.headers.one("x-voxgate-operation"), Some(operation), "{id}");
                assert_eq!(received.headers.one("x-user-tier"), Some("premium"), "{id}");
                assert_eq!(received.headers.one("x-lane"), lane, "{id}");
            }
        }
    }
    fixture.finish().await.unwrap();
}
