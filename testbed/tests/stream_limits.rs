//! Envoy's own limits on streams, as `streams.connection` sets them: they stand in the configuration that
//! Envoy runs, and they do what they are for.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::fixture::{Fixture, policy, token};

fn with_connection(connection: Value) -> Value {
    let mut policy = policy();
    policy["streams"] = json!({ "connection": connection });
    policy
}

/// Speech in chunks of 100 ms of sound that come this many milliseconds apart.
fn speak(client: &Client, apart_ms: u32) -> Request {
    client
        .post("/tts")
        .bearer(token("tts.premium"))
        .header("x-test-real-time-factor", (apart_ms / 100).to_string())
        .json(&json!({ "text": "Twenty letters, yes." }))
}

/// Reads to the end: whether it was whole, and how long the last wait was.
async fn listen(request: Request) -> Result<(bool, Duration)> {
    let mut stream = request.stream().await?;
    assert_eq!(stream.status, 200);
    loop {
        let waited = Instant::now();
        match stream.next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok((true, waited.elapsed())),
            Err(_) => return Ok((false, waited.elapsed())),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn they_stand_in_the_configuration_that_envoy_runs() -> Result<()> {
    let connection = json!({
        "idle_timeout": "90s", "flush_timeout": "1500ms", "http2_window": 65_536, "buffer_limit": 32_768,
    });
    let fixture = Fixture::of(with_connection(connection)).start().await?;
    let dump = fixture.envoy.config_dump().await?;
    for (member, expected) in [
        ("stream_idle_timeout", json!("90s")),
        ("stream_flush_timeout", json!("1.500s")),
        ("initial_stream_window_size", json!(65_536)),
        ("initial_connection_window_size", json!(262_144)),
        ("idle_timeout", json!("90s")),
        ("timeout", json!("0s")),
        ("per_connection_buffer_limit_bytes", json!(32_768)),
    ] {
        assert_eq!(all_of(&dump, member), [&expected], "{member}");
    }
    fixture.finish().await
}

/// Each value that a member of this name has, once.
fn all_of<'v>(value: &'v Value, name: &str) -> Vec<&'v Value> {
    let mut found: Vec<&Value> = match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, inner)| if key == name { vec![inner] } else { all_of(inner, name) })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|it| all_of(it, name)).collect(),
        _ => Vec::new(),
    };
    found.dedup();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_a_stream_and_its_length_does_not() -> Result<()> {
    let fixture = Fixture::of(with_connection(json!({ "idle_timeout": "1s" }))).start().await?;
    for (protocol, client) in fixture.both() {
        let (silent, steady) = (speak(&client, 3000), speak(&client, 300));
        let begun = Instant::now();
        let ((cut, waited), (whole, _)) = tokio::try_join!(listen(silent), listen(steady))?;
        assert!(!cut, "{protocol}: three seconds without a chunk");
        assert!(waited > Duration::from_millis(900), "{protocol}: cut after {waited:?}");
        assert!(waited < Duration::from_millis(2500), "{protocol}: cut after {waited:?}");
        assert!(whole, "{protocol}: a chunk each 300 ms");
        assert!(begun.elapsed() > Duration::from_secs(3), "{protocol}: long enough to tell");
    }
    fixture.finish().await
}
