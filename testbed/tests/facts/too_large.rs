//! A body that is too long to be examined gets our answer, never Envoy's bare one.

use super::bodies::{around, run};
use super::{assert_alive, assert_refused, policy};
use serde_json::json;
use std::time::Duration;
use voxgate_testbed::fixture::{Fixture, token};

/// As fast as the loopback takes it, of each length around what is held.
#[tokio::test]
async fn a_413_is_a_problem_of_ours_and_tells_the_limit() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let basic = token("tts.basic");
    for (protocol, client) in fixture.both() {
        for megabytes in [1, 2, 5, 20] {
            for told in [true, false] {
                let pieces = around("{\"other\":\"", run(b'x', megabytes << 20), "\"}");
                let length: usize = pieces.iter().map(bytes::Bytes::len).sum();
                let id = format!("{megabytes} MiB, told: {told}, over {protocol}");
                let request = client.post("/take/json").bearer(&basic);
                let mut request =
                    request.header("content-type", "application/json").header("x-request-id", &id);
                if told {
                    request = request.header("content-length", length.to_string());
                }
                let response = request.pieces(pieces, Duration::ZERO).send().await.unwrap();
                assert_refused(&fixture, &response, (413, "body-too-large"), &id);
                let problem = response.json();
                assert_eq!(problem["rule"], "facts.past_max_held", "{id}");
                assert_eq!(problem["max"], json!(768 * 1024), "{id}");
                let record = fixture.decision(&id).await.unwrap();
                assert_eq!(record["reason"], "body_too_large", "{id}");
            }
        }
        assert_alive(&fixture, &client, protocol).await;
    }
    fixture.finish().await.unwrap();
}
