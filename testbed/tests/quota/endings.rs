//! However a request ends, the counters are exact afterwards.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use voxgate_testbed::client::{Client, ClientError, Leave, Request};
use voxgate_testbed::fixture::{Fixture, Setup, resource};

use super::support::{rule, token_of, used, wait_for_use, with_rules};

/// Twenty characters, which the service speaks for more than a second.
const TEXT: &str = "Twenty letters, yes.";

/// Bytes of a second of the service's sound.
const BYTES_A_SECOND: u64 = 22_050 * 2;

fn policy() -> Value {
    with_rules(json!([
        rule("chars", "text.chars", Some("month"), 10_000),
        rule("audio", "audio.seconds", Some("30d"), 3600),
        rule("requests", "requests", Some("day"), 1000),
        rule("streams", "streams", None, 3),
    ]))
}

fn setup() -> Setup {
    Fixture::of(policy())
}

fn speak(client: &Client, tenant: &str) -> Request {
    let token = token_of(tenant, "tts.premium");
    client.post("/tts").bearer(token).json(&json!({ "text": TEXT }))
}

async fn assert_use(fixture: &Fixture, tenant: &str, chars: u64, audio: u64, requests: u64) {
    wait_for_use(fixture, tenant, "streams", 0).await;
    wait_for_use(fixture, tenant, "chars", chars).await;
    wait_for_use(fixture, tenant, "audio", audio).await;
    wait_for_use(fixture, tenant, "requests", requests).await;
}

fn seconds(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_A_SECOND)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoken_to_its_end_is_charged_as_it_was() -> Result<()> {
    let fixture = setup().start().await?;
    for (protocol, client) in fixture.both() {
        let response = speak(&client, protocol).send().await?;
        assert_eq!(response.status, 200);
        let sound = response.body.len() as u64 - 44;
        assert_use(&fixture, protocol, 20, seconds(sound), 1).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_cost_nothing() -> Result<()> {
    let fixture = setup().start().await?;
    for (protocol, client) in fixture.both() {
        for status in ["500", "404", "429", "503"] {
            let response = speak(&client, protocol).header("x-test-status", status).send().await?;
            assert_eq!(response.status.as_str(), status);
        }
        // Nothing was read of the body when the answer came.
        let pieces = ["{\"text\":", "\"abc\"", "}"].map(str::to_owned);
        let early = client
            .post("/tts")
            .bearer(token_of(protocol, "tts.premium"))
            .header("content-type", "application/json")
            .header("x-test-status", "413")
            .pieces(pieces, Duration::from_millis(30));
        assert_eq!(early.send().await?.status, 413);
        let reset = speak(&client, protocol).header("x-test-reset", "1").send().await?;
        assert_eq!(reset.status, 503);
        assert_use(&fixture, protocol, 0, 0, 0).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_costs_nothing() -> Result<()> {
    let fixture = setup().start().await?;
    for (protocol, client) in fixture.both() {
        let broken = speak(&client, protocol).header("x-test-break-after-chunks", "3");
        assert!(broken.send().await.is_err(), "{protocol}: it broke off");
        assert_use(&fixture, protocol, 0, 0, 0).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_costs_nothing() -> Result<()> {
    let fixture = setup().start().await?;
    for (protocol, client) in fixture.both() {
        let response = speak(&client, protocol).header("x-test-empty", "1").send().await?;
        assert_eq!(response.status, 200);
        assert_use(&fixture, protocol, 0, 0, 0).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_first_sound_pays_nothing() -> Result<()> {
    let fixture = setup().start().await?;
    for (protocol, client) in fixture.both() {
        let hung = speak(&client, protocol).header("x-test-hang", "1");
        let hung = hung.leave(Leave::BeforeHeaders(Duration::from_millis(200)));
        assert!(hung.await?.is_none());
        assert_use(&fixture, protocol, 0, 0, 0).await;
        // Headers, and no sound for long.
        let slow = speak(&client, protocol).header("x-test-first-chunk-ms", "5000");
        slow.leave(Leave::AfterHeaders).await?;
        assert_use(&fixture, protocol, 0, 0, 0).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_part_way_pays_for_what_it_was_sent() -> Result<()> {
    let fixture = setup().start().await?;
    for (protocol, client) in fixture.both() {
        // Six tenths of a second at the speed of speech.
        let leaving = speak(&client, protocol)
            .header("x-test-real-time-factor", "1")
            .leave(Leave::AfterBytes(44 + 6 * 4410))
            .await?
            .expect("headers came");
        assert!(leaving.body.len() >= 26_460);
        wait_for_use(&fixture, protocol, "streams", 0).await;
        let (chars, _) = used(&fixture.http1(), protocol, "chars").await;
        // By seconds of audio: the estimate says 1.3 s or so for the whole text.
        assert!((4..20).contains(&chars), "{protocol}: {chars} characters");
        wait_for_use(&fixture, protocol, "audio", 1).await;
        wait_for_use(&fixture, protocol, "requests", 1).await;
    }
    fixture.finish().await
}

/// A service that never answers, under each time-out that ends such a request.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_costs_nothing() -> Result<()> {
    let limits = [
        resource::route(json!({ "max_stream_duration": { "max_stream_duration": "0.3s" } })),
        resource::connection_manager(json!({ "stream_idle_timeout": "0.3s" })),
    ];
    for limit in limits {
        let fixture = setup().resource(limit).start().await?;
        for (protocol, client) in fixture.both() {
            let late = speak(&client, protocol).header("x-test-hang", "1").send().await?;
            assert_eq!(late.status, 504);
            assert_use(&fixture, protocol, 0, 0, 0).await;
        }
        fixture.finish().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_filter_that_answers_makes_it_cost_nothing() -> Result<()> {
    let lua = "function envoy_on_request(handle)\n\
               handle:respond({[\":status\"] = \"418\"}, \"no\")\nend";
    let fixture = setup().resource(resource::last_lua_filter(lua)).start().await?;
    for (protocol, client) in fixture.both() {
        assert_eq!(speak(&client, protocol).send().await?.status, 418);
        assert_use(&fixture, protocol, 0, 0, 0).await;
    }
    assert_eq!(fixture.speech.count(), 0);
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_that_leave_in_a_row_leave_nothing_behind() -> Result<()> {
    let fixture = setup().envoy(|options| options.concurrency = 2).start().await?;
    for (protocol, client) in fixture.both() {
        let token = token_of(protocol, "tts.premium");
        let (mut left, mut broken) = (0, 0);
        while left < 5000 {
            assert!(broken < 500, "{protocol}: connections break");
            let leaving = (0..3).map(|_| {
                let request = client.post("/tts").bearer(&token).header("x-test-hang", "1");
                let request = request.json(&json!({ "text": TEXT }));
                request.leave(Leave::BeforeHeaders(Duration::from_millis(3)))
            });
            for outcome in futures_util::future::join_all(leaving).await {
                match outcome {
                    Ok(_) => left += 1,
                    // The one before it has not been given back yet.
                    Err(ClientError::Stayed { status }) => assert_eq!(status, 429),
                    // A connection that closed as it was to be used again.
                    Err(_) => broken += 1,
                }
            }
        }
        assert_use(&fixture, protocol, 0, 0, 0).await;
    }
    fixture.finish().await
}
