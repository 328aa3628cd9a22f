//! Key servers that are down, slow, huge or wrong: a request waits its time and is answered 503,
//! never 401, and keys that were good stay good.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use voxgate_testbed::client::{Client, Response};
use voxgate_testbed::envoy::{Envoy, Options};
use voxgate_testbed::issuer::{CLUSTER, setup, token};
use voxgate_testbed::jwks::{Fault, Jwks};
use voxgate_testbed::speech::Speech;

const FETCHES: &str = "voxgate_jwks_fetches_total";

/// Each fault, and what the metric calls its fetches.
const FAULTS: [(Fault, &str); 10] = [
    (Fault::Status(500), "status"),
    (Fault::Status(404), "status"),
    (Fault::Redirect, "status"),
    (Fault::Malformed, "malformed"),
    (Fault::Empty, "malformed"),
    (Fault::UnknownType, "malformed"),
    (Fault::Huge(256 * 1024 + 1), "too_large"),
    // Envoy itself gives up here: it buffers at most 32 MB of an answer to a filter.
    (Fault::Huge(50_000_000), "unreachable"),
    // Slower than `timeout`, which Envoy answers by a 504 of its own.
    (Fault::Slow(5000), "status"),
    (Fault::None, "ok"),
];

async fn ask(client: &Client, token: &str) -> Response {
    client.post("/tts").bearer(token).json(&json!({ "text": "a" })).send().await.unwrap()
}

fn assert_keys_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let retry_after: u64 = response.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    assert_eq!(response.header("www-authenticate"), None);
    let problem = response.json();
    assert!(problem["type"].as_str().unwrap().ends_with("keys-unavailable"), "{problem}");
    assert_eq!(problem["status"], 503);
}

/// Asks until a token of the newest key passes; until then each is answered 503.
async fn until_keys_are_here(client: &Client, jwks: &Jwks) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let response = ask(client, &token(jwks)).await;
        if response.status == 200 {
            return;
        }
        assert_keys_unavailable(&response);
        assert!(Instant::now() < deadline, "the keys never come");
    }
}

async fn start(jwks: &Jwks, remote: Value) -> voxgate_testbed::fixture::Fixture {
    let allow = |options: &mut Options| options.allow_log.push("wasm log.* jwks: ".to_owned());
    setup(jwks, &remote).envoy(allow).start().await.unwrap()
}

#[tokio::test]
async fn a_request_without_keys_waits_its_time_gets_503_and_the_keys_come_without_a_restart() {
    let mut jwks = Jwks::start().await.unwrap();
    jwks.go_down();
    let fixture = start(&jwks, json!({ "cooldown": "100ms", "max_wait": "1s" })).await;
    for (protocol, client) in fixture.both() {
        let asked = Instant::now();
        let response = ask(&client, &token(&jwks)).await;
        assert_keys_unavailable(&response);
        let waited = asked.elapsed();
        assert!(waited >= Duration::from_secs(1), "{protocol}: answered after {waited:?}");
    }
    assert_eq!(fixture.speech.count(), 0);

    jwks.come_up().await.unwrap();
    until_keys_are_here(&fixture.http1(), &jwks).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn no_fault_at_the_start_makes_a_401_and_none_later_loses_the_good_keys() {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Status(500));
    // Fetched all the time, so that each fault is soon met.
    let remote = json!({
        "cooldown": "50ms", "timeout": "500ms", "max_wait": "200ms", "refresh": "1ms",
    });
    let mut fixture = start(&jwks, remote).await;
    fixture.envoy.allow_log("the buffer size limit for async client response body");
    let (client, envoy) = (fixture.http1(), &fixture.envoy);
    for round in ["at the start", "later"] {
        for (fault, result) in FAULTS {
            let before = envoy.metric(FETCHES, &[("result", result)]).await.unwrap();
            jwks.set_fault(fault);
            // Two of the worker and two of Envoy's main thread, which runs the plugin too; the
            // first of each may have been under way.
            let met = envoy.wait_for_metric(FETCHES, &[("result", result)], before + 4).await;
            met.unwrap_or_else(|error| panic!("{fault:?} {round}: {error}"));
            let response = ask(&client, &token(&jwks)).await;
            if round == "later" {
                assert_eq!(response.status, 200, "{fault:?}: {}", response.text());
            } else if fault != Fault::None {
                assert_keys_unavailable(&response);
            } else {
                until_keys_are_here(&client, &jwks).await;
            }
        }
    }
    let resident = envoy.resident_bytes().unwrap();
    assert!(resident < 400_000_000, "{resident} bytes after answers of 50 MB");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn keys_slower_than_a_request_may_wait_serve_those_that_come_after() {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(3000));
    let remote = json!({ "timeout": "20s", "max_wait": "300ms" });
    let fixture = start(&jwks, remote).await;
    assert_keys_unavailable(&ask(&fixture.http1(), &token(&jwks)).await);
    // The worker's, and that of Envoy's main thread, which runs the plugin too.
    fixture.envoy.wait_for_metric(FETCHES, &[("result", "ok")], 2).await.unwrap();
    assert_eq!(ask(&fixture.http1(), &token(&jwks)).await.status, 200);
    assert_eq!(jwks.fetches(), 2, "none was given up");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_key_server_that_goes_down_leaves_its_keys_in_use_until_they_are_stale() {
    let mut jwks = Jwks::start().await.unwrap();
    let remote = json!({
        "cooldown": "100ms", "timeout": "500ms", "max_wait": "500ms",
        "refresh": "1s", "max_stale": "4s",
    });
    let fixture = start(&jwks, remote).await;
    let client = fixture.http2();
    let unpublished = {
        let elsewhere = Jwks::start().await.unwrap();
        elsewhere.rotate();
        token(&elsewhere)
    };
    let cached = token(&jwks);
    assert_eq!(ask(&client, &cached).await.status, 200);
    jwks.go_down();
    let down = Instant::now();
    fixture.envoy.wait_for_metric(FETCHES, &[("result", "status")], 2).await.unwrap();
    assert_eq!(ask(&client, &token(&jwks)).await.status, 200);
    // Nobody can say whether this key exists by now.
    assert_keys_unavailable(&ask(&client, &unpublished).await);
    let stale = loop {
        let response = ask(&client, &token(&jwks)).await;
        if response.status != 200 {
            break response;
        }
        assert!(down.elapsed() < Duration::from_secs(10), "used though stale");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_keys_unavailable(&stale);
    assert_keys_unavailable(&ask(&client, &cached).await);
    // The last good answer is a second old at most when the server goes down.
    assert!(down.elapsed() >= Duration::from_secs(3), "stale after {:?}", down.elapsed());

    jwks.come_up().await.unwrap();
    until_keys_are_here(&client, &jwks).await;
    // The server is up and has no such key: now it is the token that is wrong.
    assert_eq!(ask(&client, &unpublished).await.status, 401);
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_named_in_the_log_and_makes_503() {
    let jwks = Jwks::start().await.unwrap();
    let speech = Speech::start().await.unwrap();
    let setup = setup(&jwks, &json!({ "cooldown": "200ms", "max_wait": "500ms" }));
    let mut bootstrap = setup.bootstrap(speech.address()).unwrap();
    let clusters = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
    let all = clusters.len();
    clusters.retain(|cluster| cluster["name"] != CLUSTER);
    assert_eq!(clusters.len(), all - 1);

    let allow_log = vec!["wasm log.* jwks: ".to_owned()];
    let envoy = Options { allow_log, ..Options::default() }.start(bootstrap).await.unwrap();
    for (_, client) in Client::both(envoy.address()) {
        assert_keys_unavailable(&ask(&client, &token(&jwks)).await);
    }
    let line = envoy.wait_for_log(&format!("the proxy has no cluster {CLUSTER:?}")).await.unwrap();
    assert_eq!(line.level, "warning");
    assert!(envoy.metric(FETCHES, &[("result", "not_sent")]).await.unwrap() > 0);
    finish(envoy, &speech).await;
}

async fn finish(envoy: Envoy, speech: &Speech) {
    assert_eq!(speech.count(), 0);
    envoy.finish().await.unwrap();
}
