//! Every rung, with real bodies.

use anyhow::Result;
use serde_json::{Value, json};
use voxgate_testbed::fixture::Fixture;
use voxgate_testbed::speech::Speech;

use super::support::{Held, chars, sha256, speak, token_of, wait_for_nothing, with_lane};

/// Longer than 100 characters: degraded when busy, diverted when more, refused when overloaded.
fn ladder() -> Value {
    json!([
        {
            "name": "long-busy",
            "text_chars": { "above": 100, "up_to": 200 },
            "load": ["busy"],
            "rung": "degrade",
            "degrade": { "sample_rate": 16_000, "headers": { "x-quality": "low" } },
        },
        {
            "name": "longer-busy",
            "text_chars": { "above": 200 },
            "load": ["busy"],
            "rung": "divert",
        },
        {
            "name": "long-overload",
            "text_chars": { "above": 100 },
            "load": ["overload"],
            "rung": "reject",
        },
        { "name": "basic-overload", "tiers": ["basic"], "load": ["overload"], "rung": "reject" },
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_service_gets_everything_as_it_is() -> Result<()> {
    let fixture = Fixture::of(chars(10_000, ladder())).start().await?;
    for (protocol, client) in fixture.both() {
        let request = speak(&client, "premium", 900).header("x-test-id", protocol);
        let response = request.send().await?;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.header("x-voxgate-degraded"), None);
        assert_eq!(response.header("x-voxgate-lane"), None);
        let received = fixture.speech.received_as(protocol).expect("it went on");
        let body = json!({ "text": "x".repeat(900), "sample_rate": 32_000 }).to_string();
        assert_eq!(received.body_sha256, Some(sha256(&body)));
        wait_for_nothing(&fixture).await?;
    }
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_degraded_while_the_service_is_busy() -> Result<()> {
    let fixture = Fixture::of(chars(1000, ladder())).start().await?;
    let busy = Held::send(speak(&fixture.http2(), "premium", 750), "busy", &fixture.speech).await?;
    for (protocol, client) in fixture.both() {
        let spaced = format!(
            "{{ \"text\" : \"{}\",\r\n\t\"sample_rate\": 32e3 , \"seed\":1.50, \"x\":\"\\u00e4\" }}",
            "\\u4e2d".repeat(150)
        );
        let expected = spaced.replace("32e3", "16000");
        let request = client.post("/tts").bearer(token_of("acme", "premium"));
        let request = request.header("content-type", "application/json");
        let request = request.header("content-digest", "sha-256=:AAAA:");
        let response = request.header("x-test-id", protocol).body(spaced).send().await?;
        assert_eq!(response.status, 200, "{response:?}");
        let told = response.header("x-voxgate-degraded");
        assert_eq!(told, Some("x-quality, sample_rate=16000"));
        let received = fixture.speech.received_as(protocol).expect("it went on");
        assert_eq!(received.body_bytes, expected.len() as u64);
        assert_eq!(received.body_sha256, Some(sha256(&expected)), "{protocol}");
        assert_eq!(received.headers.one("content-length"), Some(&*expected.len().to_string()));
        assert_eq!(received.headers.one("x-quality"), Some("low"));
        assert_eq!(received.headers.one("content-digest"), None, "it would be wrong");
    }
    // What asks for no more than that stays as it is; a shorter text does anyway.
    for (chars, rate) in [(150, 16_000), (150, 8_000), (100, 32_000)] {
        let body = json!({ "text": "x".repeat(chars), "sample_rate": rate });
        let request = fixture.http1().post("/tts").bearer(token_of("acme", "premium"));
        let response = request.header("x-test-id", "same").json(&body).send().await?;
        assert_eq!(response.status, 200, "{response:?}");
        let received = fixture.speech.received_as("same").expect("it went on");
        assert_eq!(received.body_sha256, Some(sha256(&body.to_string())), "{chars} at {rate}");
    }
    assert_eq!(busy.release("busy", &fixture.speech).await?.status, 200);
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_pieces_of_any_size_is_rewritten_the_same_way() -> Result<()> {
    let fixture = Fixture::of(chars(
        1_000_000,
        json!([{
            "name": "all",
            "rung": "degrade",
            "degrade": { "sample_rate": 16_000 },
        }]),
    ))
    .start()
    .await?;
    for (protocol, client) in fixture.both() {
        for padding in [0, 1, 20_000, 300_000] {
            for size in [1, 3, 1000, 16_384, 100_000] {
                if padding / size > 5000 {
                    continue;
                }
                // A member that is not there is added.
                let body = json!({ "text": "ä", "x": "ä".repeat(padding) }).to_string();
                let expected = format!("{},\"sample_rate\":16000}}", &body[..body.len() - 1]);
                let id = format!("{protocol}-{padding}-{size}");
                let pieces: Vec<Vec<u8>> = body.as_bytes().chunks(size).map(Vec::from).collect();
                let request = client.post("/tts").bearer(token_of("acme", "premium"));
                let request = request.header("content-type", "application/json");
                let request = request.header("x-test-id", &id).header("x-test-empty", "1");
                let response = request.pieces(pieces, std::time::Duration::ZERO).send().await?;
                assert_eq!(response.status, 200, "{id}: {response:?}");
                let received = fixture.speech.received_as(&id).expect("it went on");
                assert_eq!(received.body_sha256, Some(sha256(&expected)), "{id}");
            }
        }
    }
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_text_goes_to_the_batch_lane_and_is_told_so() -> Result<()> {
    let batch = Speech::start().await?;
    let fixture = with_lane(Fixture::of(chars(1000, ladder())), &batch).start().await?;
    let busy = Held::send(speak(&fixture.http2(), "premium", 750), "busy", &fixture.speech).await?;
    for (protocol, client) in fixture.both() {
        // No client chooses its lane.
        for (chars, is_diverted) in [(201, true), (20, false)] {
            let request = speak(&client, "premium", chars).header("x-voxgate-lane", "batch");
            let response = request.header("x-test-id", protocol).send().await?;
            assert_eq!(response.status, 200, "{response:?}");
            let lane = response.header("x-voxgate-lane");
            assert_eq!(lane, is_diverted.then_some("batch"), "{chars}");
            let service = if is_diverted { &batch } else { &fixture.speech };
            let received = service.received_as(protocol).expect("it went there");
            assert_eq!(received.headers.one("x-voxgate-lane"), lane);
        }
    }
    assert_eq!(batch.count(), 2);
    busy.release("busy", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_batch_lane_has_a_capacity_of_its_own() -> Result<()> {
    let batch = Speech::start().await?;
    let mut policy = chars(1000, json!([{ "name": "all", "rung": "divert" }]));
    policy["shedding"]["capacity"]["batch_limit"] = json!(100);
    let fixture = with_lane(Fixture::of(policy), &batch).start().await?;
    let first = Held::send(speak(&fixture.http2(), "premium", 80), "first", &batch).await?;
    let response = speak(&fixture.http1(), "premium", 30).send().await?;
    assert_eq!(response.status, 503, "{response:?}");
    let problem = response.json();
    assert_eq!(problem["type"], "tag:voxgate,2026:problem/busy");
    assert_eq!(problem["lane"], "batch");
    first.release("first", &batch).await?;
    let response = speak(&fixture.http1(), "premium", 30).send().await?;
    assert_eq!(response.status, 200, "{response:?}");
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_now_is_refused_with_what_passes() -> Result<()> {
    let fixture = Fixture::of(chars(1000, ladder())).start().await?;
    let full = Held::send(speak(&fixture.http2(), "premium", 960), "full", &fixture.speech).await?;
    for (_, client) in fixture.both() {
        let sentence = "This is a sentence of 31 chars. ";
        let body = json!({ "text": sentence.repeat(5) });
        let request = client.post("/tts").bearer(token_of("acme", "premium"));
        let response = request.json(&body).send().await?;
        println!("{response:?}");
        assert_eq!(response.status, 413);
        assert_eq!(response.header("content-type"), Some("application/problem+json"));
        let problem = response.json();
        assert_eq!(problem["type"], "tag:voxgate,2026:problem/text-too-long");
        assert_eq!(problem["rule"], "shedding.ladder.long-overload");
        assert_eq!(problem["load"], "overload");
        assert_eq!(problem["text_chars"], 160);
        // 40 are left of the capacity.
        assert_eq!(problem["longest_text_chars"], 40);
        assert_eq!(problem["split_at"], json!([31, 63, 95, 127]));
        assert!(!response.text().contains("sentence of"), "no text in an answer");
        let longest = speak(&client, "premium", 40).send().await?;
        assert_eq!(longest.status, 200, "what is said to pass passes: {longest:?}");
    }
    full.release("full", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overloaded_service_refuses_a_tier_with_a_time_to_come_back() -> Result<()> {
    let fixture = Fixture::of(chars(1000, ladder())).start().await?;
    let full = Held::send(speak(&fixture.http2(), "premium", 960), "full", &fixture.speech).await?;
    let response = speak(&fixture.http1(), "basic", 10).send().await?;
    println!("{response:?}");
    assert_eq!(response.status, 503);
    let problem = response.json();
    assert_eq!(problem["type"], "tag:voxgate,2026:problem/busy");
    assert_eq!(problem["rule"], "shedding.ladder.basic-overload");
    let retry: u64 = response.header("retry-after").expect("when").parse()?;
    assert!((1..=300).contains(&retry), "{retry}");
    // Another tier has what is left.
    assert_eq!(speak(&fixture.http1(), "premium", 10).send().await?.status, 200);
    full.release("full", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_larger_than_the_whole_capacity_is_told_its_bound() -> Result<()> {
    let mut policy = chars(1000, json!([]));
    policy["shedding"]["capacity"]["tiers"] = json!({ "premium": { "reserve": 40 } });
    let fixture = Fixture::of(policy).start().await?;
    let response = speak(&fixture.http1(), "basic", 700).send().await?;
    assert_eq!(response.status, 413, "{response:?}");
    assert_eq!(response.json()["longest_text_chars"], 600);
    assert_eq!(response.json()["rule"], "shedding.capacity");
    assert_eq!(speak(&fixture.http1(), "basic", 600).send().await?.status, 200);
    assert_eq!(speak(&fixture.http1(), "premium", 1000).send().await?.status, 200);
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grpc_client_gets_the_status_it_knows() -> Result<()> {
    let mut policy = chars(1000, json!([{ "name": "all", "rung": "reject" }]));
    policy["operations"]["rules"] = json!([{
        "name": "grpc",
        "path": "/speech.v1.Speech/Synthesize",
        "operations": ["tts.synthesize"],
    }]);
    let fixture = Fixture::of(policy).start().await?;
    let request = fixture.http2().grpc("/speech.v1.Speech/Synthesize", b"hello");
    let response = request.bearer(token_of("acme", "premium")).send().await?;
    assert_eq!(response.grpc_status(), Some("14"), "{response:?}");
    let late = fixture.http2().grpc("/speech.v1.Speech/Synthesize", b"hello");
    let late = late.bearer(token_of("acme", "premium")).header("x-voxgate-deadline", "1");
    assert_eq!(late.send().await?.grpc_status(), Some("4"));
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_trial_everything_passes_and_is_counted_as_it_would_be() -> Result<()> {
    let mut policy = chars(1000, ladder());
    policy["shadow"] = json!(["shedding"]);
    let fixture = Fixture::of(policy).start().await?;
    let full = Held::send(speak(&fixture.http2(), "premium", 960), "full", &fixture.speech).await?;
    let response = speak(&fixture.http1(), "premium", 300).send().await?;
    assert_eq!(response.status, 200, "{response:?}");
    let labels = [("outcome", "would_reject"), ("reason", "text_too_long"), ("load", "overload")];
    let all = fixture.envoy.series("voxgate_shed_decisions_total").await?;
    let counted = fixture.envoy.metric("voxgate_shed_decisions_total", &labels).await?;
    assert_eq!(counted, 1, "{all:#?}");
    full.release("full", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}
