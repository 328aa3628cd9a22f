//! What each meter counts.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::fixture::Fixture;

use super::support::{rule, token_of, used, wait_for_use, with_rules};

fn post(client: &Client, path: &str, body: &Value) -> Request {
    client.post(path).bearer(token_of("acme", "tts.premium")).json(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn models_weigh_what_the_policy_says() -> Result<()> {
    let mut chars = rule("chars", "text.chars", Some("month"), 1000);
    chars["weight"] = json!({ "model": { "glm-tts-hd": 2, "glm-tts-mini*": 0.5 } });
    let fixture = Fixture::of(with_rules(json!([chars]))).start().await?;
    let client = fixture.http1();
    let mut expected = 0;
    for (model, cost) in [("glm-tts", 7), ("glm-tts-hd", 14), ("glm-tts-mini-2", 4)] {
        let body = json!({ "model": model, "input": "seven c", "voice": "alloy" });
        assert_eq!(post(&client, "/v1/audio/speech", &body).send().await?.status, 200);
        expected += cost;
        wait_for_use(&fixture, "acme", "chars", expected).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_costs_its_lines_and_all_their_text() -> Result<()> {
    let fixture = Fixture::of(with_rules(json!([
        rule("lines", "batch.lines", Some("day"), 5),
        rule("chars", "text.chars", Some("day"), 1000),
    ])))
    .start()
    .await?;
    let ask = async |lines: usize| {
        let body = "{\"input_text\":\"five.\"}\n".repeat(lines);
        let request = fixture.http1().post("/batch").bearer(token_of("acme", "tts.premium"));
        request.header("content-type", "application/jsonl").body(body).send().await
    };
    assert_eq!(ask(3).await?.status, 200);
    wait_for_use(&fixture, "acme", "lines", 3).await;
    wait_for_use(&fixture, "acme", "chars", 15).await;
    assert_eq!(ask(3).await?.status, 429);
    assert_eq!(ask(2).await?.status, 200);
    wait_for_use(&fixture, "acme", "chars", 25).await;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_what_the_answer_says_they_were() -> Result<()> {
    let mut policy = with_rules(json!([rule("tokens", "llm.tokens", Some("day"), 10_000)]));
    policy["operations"]["presets"] = json!(["openai-chat"]);
    let fixture = Fixture::of(policy).start().await?;
    let mut expected = 0;
    for (_, client) in fixture.both() {
        let messages = json!([{ "role": "user", "content": "How are you today, my friend?" }]);
        let whole = json!({ "model": "m", "messages": messages });
        let answer = post(&client, "/v1/chat/completions", &whole).send().await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cost = answer.json()["usage"]["total_tokens"].as_u64().context("no usage")?;
        expected += cost;
        wait_for_use(&fixture, "acme", "tokens", expected).await;
        let streamed = json!({
            "model": "m", "messages": messages, "stream": true,
            "stream_options": { "include_usage": true },
        });
        let answer = post(&client, "/v1/chat/completions", &streamed).send().await?;
        assert!(answer.text().contains("total_tokens"), "{}", answer.text());
        expected += cost;
        wait_for_use(&fixture, "acme", "tokens", expected).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn voices_are_counted_as_they_are_made_and_given_up() -> Result<()> {
    let fixture = Fixture::of(with_rules(json!([
        rule("slots", "voice.slots", None, 2),
        rule("made", "voice.creations", Some("month"), 10),
    ])))
    .start()
    .await?;
    let client = fixture.http1();
    let token = token_of("acme", "tts.premium");
    let create = async || {
        let form = "--b\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\nanna\r\n\
                    --b\r\ncontent-disposition: form-data; name=\"audio_sample\"; filename=\"a.wav\"\r\n\
                    content-type: audio/wav\r\n\r\nRIFF....WAVE\r\n--b--\r\n";
        let request = client.post("/v1/voices").bearer(&token);
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        request.body(form).send().await
    };
    let first = create().await?;
    assert!(first.status.is_success(), "{first:?}");
    assert!(create().await?.status.is_success());
    wait_for_use(&fixture, "acme", "slots", 2).await;
    wait_for_use(&fixture, "acme", "made", 2).await;
    assert_eq!(create().await?.status, 429);
    // A voice is given up: its slot is free, and it was made all the same.
    let id = first.json()["id"].as_str().or(first.json()["voice_id"].as_str()).map(str::to_owned);
    let id = id.with_context(|| format!("no id: {}", first.text()))?;
    let deleted = client.request("DELETE", &format!("/v1/voices/{id}")).bearer(&token).send();
    assert_eq!(deleted.await?.status, 200);
    wait_for_use(&fixture, "acme", "slots", 1).await;
    assert!(create().await?.status.is_success());
    wait_for_use(&fixture, "acme", "slots", 2).await;
    wait_for_use(&fixture, "acme", "made", 3).await;
    // One that the service does not know gives nothing back.
    let unknown = client.request("DELETE", "/v1/voices/nobody").bearer(&token).send().await?;
    assert_eq!(unknown.status, 404);
    wait_for_use(&fixture, "acme", "slots", 2).await;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_of_a_request_are_charged_once() -> Result<()> {
    let mut policy = with_rules(json!([rule("chars", "text.chars", Some("month"), 1000)]));
    policy["quotas"]["idempotency"] = json!({ "window": "1h" });
    let fixture = Fixture::of(policy).envoy(|options| options.concurrency = 2).start().await?;
    let ask = |client: &Client, key: &str, text: &str| {
        post(client, "/tts", &json!({ "text": text })).header("idempotency-key", key)
    };
    for (_, client) in fixture.both() {
        // The first fails, and a failure is not remembered.
        let failed = ask(&client, "k", "ten chars.").header("x-test-status", "500").send();
        assert_eq!(failed.await?.status, 500);
        for _ in 0..3 {
            assert_eq!(ask(&client, "k", "ten chars.").send().await?.status, 200);
            wait_for_use(&fixture, "acme", "chars", 10).await;
        }
    }
    let client = fixture.http2();
    // Another text under the same key is another request, however long.
    assert_eq!(ask(&client, "k", "ten chars!").send().await?.status, 200);
    wait_for_use(&fixture, "acme", "chars", 20).await;
    // At the same time: whoever ends first is charged.
    let asking = (0..8).map(|_| ask(&client, "at once", "ten chars.").send());
    for answer in futures_util::future::join_all(asking).await {
        assert_eq!(answer?.status, 200);
    }
    wait_for_use(&fixture, "acme", "chars", 30).await;
    fixture.finish().await
}

/// Speaks once over a new WebSocket and leaves it open.
async fn open(fixture: &Fixture) -> Result<voxgate_testbed::client::WebSocket> {
    let request = fixture.http1().get("/ws").bearer(token_of("acme", "tts.premium"));
    Ok(request.websocket().await?.unwrap_open())
}

fn sockets(holding: &str) -> Value {
    let mut policy = with_rules(json!([rule("streams", "streams", None, 1)]));
    policy["operations"]["rules"] =
        json!([{ "name": "ws", "path": "/ws", "operations": ["tts.synthesize"] }]);
    policy["quotas"]["lease"] = json!("2s");
    policy["quotas"]["websockets"] = json!(holding);
    policy
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_held_while_it_is_open_however_quiet() -> Result<()> {
    let fixture = Fixture::of(sockets("connected")).start().await?;
    let socket = open(&fixture).await?;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(used(&fixture.http1(), "acme", "streams").await.0, 1);
    }
    let request = fixture.http1().get("/ws").bearer(token_of("acme", "tts.premium"));
    assert_eq!(request.websocket().await?.unwrap_refused().status, 429);
    drop(socket);
    wait_for_use(&fixture, "acme", "streams", 0).await;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_generates_is_held_until_it_is_silent() -> Result<()> {
    let fixture = Fixture::of(sockets("generating")).start().await?;
    let mut quiet = open(&fixture).await?;
    tokio::time::sleep(Duration::from_millis(3000)).await;
    assert_eq!(used(&fixture.http1(), "acme", "streams").await, (0, 0), "nothing was said");
    // Another may open; and the first speaks again, past the limit for as long as it does.
    let other = open(&fixture).await?;
    quiet.send("Good morning.".into()).await?;
    quiet.next().await?;
    ensure!(used(&fixture.http1(), "acme", "streams").await.0 == 2);
    drop((quiet, other));
    wait_for_use(&fixture, "acme", "streams", 0).await;
    fixture.finish().await
}

/// The estimate says a second or so; the limit's share is less, and a tenant with a little left is
/// served.
#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_blocks_nobody_who_has_budget_left_and_settles_to_the_truth() -> Result<()> {
    let fixture = Fixture::of(with_rules(json!([rule("audio", "audio.seconds", Some("30d"), 2)])))
        .start()
        .await?;
    let long = json!({ "text": "This sentence takes several seconds to be spoken, surely." });
    let client = fixture.http1();
    let first = post(&client, "/tts", &long).send().await?;
    assert_eq!(first.status, 200);
    let seconds = (first.body.len() as u64 - 44).div_ceil(44_100);
    wait_for_use(&fixture, "acme", "audio", seconds).await;
    assert!(seconds > 2, "it was more than there is: settled to what it was");
    let next = post(&client, "/tts", &json!({ "text": "a" })).send().await?;
    assert_eq!(next.status, 429);
    fixture.finish().await
}
