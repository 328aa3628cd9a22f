//! Policies pushed while requests run.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use voxgate_testbed::client::{Client, Response};
use voxgate_testbed::envoy::Push;
use voxgate_testbed::fixture::{Fixture, Setup, policy, token};
use voxgate_testbed::issuer::{self, CLUSTER, remote_policy};
use voxgate_testbed::jwks::Jwks;

async fn ask(client: &Client, token: &str) -> Response {
    client.post("/tts").bearer(token).json(&json!({ "text": "a" })).send().await.unwrap()
}

/// The fixture's policy, under which `tts.basic` may speak.
fn open() -> Value {
    policy()
}

/// The same, but only `tts.premium` may.
fn closed() -> Value {
    let mut policy = policy();
    policy["tiers"][1]["allow"] = json!(["voice.list"]);
    policy
}

/// Old listeners end their connections within `seconds`; as Istio has it, by the next answer.
fn dynamic(setup: Setup, seconds: u32) -> Setup {
    setup.envoy(|options| {
        options.dynamic = true;
        options.drain_seconds = Some(seconds);
    })
}

async fn push(fixture: &mut Fixture, setup: &Setup) -> Push {
    let bootstrap = setup.bootstrap(fixture.speech.address()).unwrap();
    fixture.envoy.push(bootstrap).await.unwrap()
}

/// Asks until `stop` and counts the answers of each policy; there may be no others.
async fn ask_until(client: Client, stop: Arc<AtomicBool>) -> (u64, u64) {
    let (mut opened, mut closed) = (0, 0);
    let cached = token("tts.basic");
    while !stop.load(Ordering::Relaxed) {
        let fresh = token("tts.basic");
        for token in [&cached, &fresh] {
            let response = ask(&client, token).await;
            match response.status.as_u16() {
                200 => opened += 1,
                403 => {
                    let challenge = response.header("www-authenticate").unwrap();
                    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
                    closed += 1;
                }
                _ => panic!("{}: {}", response.status, response.text()),
            }
        }
    }
    (opened, closed)
}

#[tokio::test]
async fn no_request_is_lost_while_policies_alternate_and_streams_go_on() {
    let mut fixture = dynamic(Fixture::of(open()), 60).start().await.unwrap();
    // A second of sound takes two, in ten chunks a second.
    let stream = |client: Client| async move {
        let text = "a long story, told while everything around it changes ".repeat(2);
        let request = client.post("/tts").bearer(token("tts.basic")).json(&json!({
            "text": text, "response_format": "pcm",
        }));
        let request = request.header("x-test-real-time-factor", "0.5");
        let mut streaming = request.timeout(Duration::from_secs(60)).stream().await.unwrap();
        assert_eq!(streaming.status, 200);
        let first = streaming.next().await.unwrap().unwrap();
        (streaming, first)
    };
    let mut streams = Vec::new();
    for (_, client) in fixture.both() {
        streams.push(stream(client).await);
    }
    let begun = Instant::now();
    let reading: Vec<_> = streams
        .into_iter()
        .map(|(streaming, first)| {
            tokio::spawn(async move {
                let rest = streaming.collect().await.unwrap();
                (first.len() + rest.body.len(), begun.elapsed())
            })
        })
        .collect();

    let stop = Arc::new(AtomicBool::new(false));
    let clients = (0..2).flat_map(|_| fixture.both()).map(|(_, client)| client);
    let asking: Vec<_> =
        clients.map(|client| tokio::spawn(ask_until(client, Arc::clone(&stop)))).collect();
    for turn in 0..20 {
        let (next, status) = if turn % 2 == 0 { (closed(), 403) } else { (open(), 200) };
        assert_eq!(push(&mut fixture, &Fixture::of(next)).await, Push::Accepted);
        assert_eq!(ask(&fixture.http1(), &token("tts.basic")).await.status, status);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let pushed = begun.elapsed();
    stop.store(true, Ordering::Relaxed);
    let mut sum = (0, 0);
    for asking in asking {
        let (opened, closed) = asking.await.unwrap();
        sum = (sum.0 + opened, sum.1 + closed);
    }
    println!("20 pushes in {pushed:?}: {} by the open policy, {} by the closed", sum.0, sum.1);
    assert!(sum.0 > 50 && sum.1 > 50, "{sum:?}");

    let whole = whole_length(&fixture).await;
    for reading in reading {
        let (length, took) = reading.await.unwrap();
        assert_eq!(length, whole);
        assert!(
            took > Duration::from_secs(2),
            "the stream ended after {took:?}, too early to tell"
        );
    }
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

/// The length of the stream's sound when nothing disturbs it, straight from the service.
async fn whole_length(fixture: &Fixture) -> usize {
    let text = "a long story, told while everything around it changes ".repeat(2);
    let body = json!({ "text": text, "response_format": "pcm" });
    let direct = Client::http1(fixture.speech.address()).post("/tts").json(&body).send().await;
    direct.unwrap().body.len()
}

#[tokio::test]
async fn a_wrong_policy_is_refused_with_its_path_in_the_log_and_the_old_one_stays() {
    let setup = dynamic(Fixture::of(closed()), 60);
    let mut fixture = setup.start().await.unwrap();
    fixture.envoy.allow_log("configuration refused: ");
    fixture.envoy.allow_log("Plugin (jwt-tier|configured to fail closed) failed to load|Failed to configure base Wasm plugin");
    let mut wrong = open();
    wrong["tiers"][1]["allow"] = json!(["tts.sing"]);
    match push(&mut fixture, &Fixture::of(wrong)).await {
        Push::Rejected(reason) => assert!(reason.contains("Wasm"), "{reason}"),
        Push::Accepted => panic!("accepted"),
    }
    let line = fixture.envoy.wait_for_log("configuration refused: ").await.unwrap();
    assert!(line.text.contains("tiers[1].allow[0]"), "{}", line.text);
    assert!(line.text.contains("tts.sing"), "{}", line.text);
    for (_, client) in fixture.both() {
        assert_eq!(ask(&client, &token("tts.basic")).await.status, 403);
        assert_eq!(ask(&client, &token("tts.premium")).await.status, 200);
    }
    assert_eq!(push(&mut fixture, &Fixture::of(open())).await, Push::Accepted);
    assert_eq!(ask(&fixture.http1(), &token("tts.basic")).await.status, 200);
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn keys_survive_a_push_so_that_no_request_waits_for_them_again() {
    let mut jwks = Jwks::start().await.unwrap();
    let remote = json!({ "max_wait": "500ms" });
    let setup = dynamic(issuer::setup(&jwks, &remote), 60);
    let mut fixture = setup.start().await.unwrap();
    let known = issuer::token(&jwks);
    assert_eq!(ask(&fixture.http1(), &known).await.status, 200);

    jwks.go_down();
    let mut changed = remote_policy(&jwks, &remote);
    changed["tiers"][1]["allow"] = json!(["tts.synthesize"]);
    let changed = Fixture::of(changed).cluster(CLUSTER, jwks.address());
    assert_eq!(push(&mut fixture, &changed).await, Push::Accepted);
    for (_, client) in fixture.both() {
        assert_eq!(ask(&client, &known).await.status, 200);
        assert_eq!(ask(&client, &issuer::token(&jwks)).await.status, 200);
    }
    // The worker's, and that of Envoy's main thread, which runs the plugin too.
    assert_eq!(jwks.fetches(), 2);
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn pushes_leave_neither_vms_nor_memory_behind() {
    const ACTIVE: &str = "wasm.envoy.wasm.runtime.v8.active";
    let mut fixture = dynamic(Fixture::of(open()), 1).start().await.unwrap();
    let mut settled = Vec::new();
    for _ in 0..3 {
        for turn in 0..10 {
            let next = if turn % 2 == 0 { closed() } else { open() };
            assert_eq!(push(&mut fixture, &Fixture::of(next)).await, Push::Accepted);
            ask(&fixture.http1(), &token("tts.basic")).await;
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while fixture.envoy.stat("listener_manager.total_filter_chains_draining").await.unwrap() > 0
            || fixture.envoy.stat("listener_manager.total_listeners_draining").await.unwrap() > 0
        {
            assert!(Instant::now() < deadline, "old listeners never end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let active = fixture.envoy.stat(ACTIVE).await.unwrap();
        settled.push((active, fixture.envoy.resident_bytes().unwrap()));
    }
    println!("VMs and resident bytes after each ten pushes: {settled:?}");
    let [(first, before), .., (last, after)] = settled[..] else { panic!("three rounds") };
    assert_eq!(first, last, "VMs");
    let grown = after.saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} bytes more after 20 pushes");
    fixture.finish().await.unwrap();
}
