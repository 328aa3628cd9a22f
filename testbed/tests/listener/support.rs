//! A service whose streams are measured, and what was said of each.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::fixture::{Fixture, policy, token};
use voxgate_testbed::speech::Recording;

/// One test at a time: what they find is a matter of time, and each keeps a core busy.
pub async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// What the filter says of a stream in the access log; times and lengths in milliseconds.
#[derive(Debug, Clone, Deserialize)]
pub struct Figures {
    pub end: String,
    pub first_byte_ms: Option<f64>,
    pub ttfa_ms: Option<f64>,
    pub bytes: u64,
    pub chunks: u64,
    pub audio_ms: Option<f64>,
    pub underruns: u32,
    pub missing_ms: f64,
    pub continuous: Option<bool>,
}

/// What a client got.
#[derive(Debug)]
pub struct Got {
    /// The body.
    pub body: Vec<u8>,
    /// After each chunk: how long after the request, and how many bytes so far.
    pub arrivals: Vec<(Duration, usize)>,
    /// Whether it ended as it should.
    pub complete: bool,
}

/// The tests' policy with streams that are measured, and with the page that plays, which needs no token.
pub fn measuring() -> Value {
    let mut policy = policy();
    // Some are slow on purpose, and none is to be told of in the log for it.
    policy["streams"] = json!({ "slow": { "percent": 0 } });
    policy["identity"]["anonymous"] = json!({ "tier": "visitor" });
    policy["tiers"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "visitor", "allow": ["page.get"] }));
    policy["operations"]["define"] = json!(["page.get"]);
    let page = json!({ "name": "page", "methods": ["GET"], "path": "/listen/**", "operations": ["page.get"] });
    policy["operations"]["rules"] = json!([page]);
    policy
}

/// The same, and what can be held is: the simulated listener gets it later, and so does the real one.
pub fn holding() -> Value {
    let mut policy = measuring();
    policy["streams"]["coalesce"] =
        json!([{ "name": "all", "mode": "playback", "max_bytes": 4096 }]);
    policy
}

/// Runs all at once, and tells of all that are not good.
pub async fn assert_all_good(checks: impl Iterator<Item = impl Future<Output = Result<()>>>) {
    let checked = join_all(checks).await.into_iter();
    let failed: Vec<String> =
        checked.filter_map(|it| it.err().map(|error| format!("{error:#}"))).collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// Asks for what was recorded under this name; it is the request's id, too.
pub fn ask(client: &Client, name: &str, id: &str) -> Request {
    let request = client.post("/tts").bearer(token("tts.premium"));
    let request = request.header("x-test-recording", name).header("x-request-id", id);
    request.json(&json!({ "text": "Good morning." }))
}

/// Sends it and reads all.
pub async fn get(request: Request) -> Result<Got> {
    let sent = Instant::now();
    let mut answer = request.stream().await?;
    ensure!(answer.status == 200, "status {}", answer.status);
    let mut got = Got { body: Vec::new(), arrivals: Vec::new(), complete: true };
    loop {
        match answer.next().await {
            Ok(Some(chunk)) => {
                got.body.extend_from_slice(&chunk);
                got.arrivals.push((sent.elapsed(), got.body.len()));
            }
            Ok(None) => return Ok(got),
            Err(_) => {
                got.complete = false;
                return Ok(got);
            }
        }
    }
}

/// What the filter says of the stream with this id.
pub async fn figures(fixture: &Fixture, id: &str) -> Result<Figures> {
    let entry =
        fixture.envoy.access_log_entry(|entry| entry.get("request_id").is_some_and(|it| it == id));
    let entry = entry.await.with_context(|| format!("the stream {id}"))?;
    let stream = entry.get("stream").and_then(Value::as_str);
    let stream = stream.context("the access log has no figures")?;
    Ok(serde_json::from_str(stream)?)
}

/// A body in parts, each at its time.
pub fn recording(content_type: &str, parts: &[(u64, &[u8])]) -> Recording {
    let piece = |(millis, bytes): &(u64, &[u8])| {
        (Duration::from_millis(*millis), Bytes::copy_from_slice(bytes))
    };
    Recording::new(content_type, parts.iter().map(piece))
}

/// Milliseconds of a length of time.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
