//! Tenants from a source, on a real Envoy: their limits and caps change while requests run.

use http::StatusCode;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use voxgate_testbed::client::{Client, Response};
use voxgate_testbed::envoy::Push;
use voxgate_testbed::fixture::{Fixture, now, policy, signed};
use voxgate_testbed::tenants::{Fault, Tenants};

/// The fixture's policy with 100 characters a month for every tenant; and only `tts.premium` may
/// speak.
fn quotas() -> Value {
    let mut policy = policy();
    policy["tiers"][1]["allow"] = json!(["voice.list"]);
    policy["quotas"] = json!({
        "rules": [
            { "name": "chars", "meter": "text.chars", "per": "month", "default": { "limit": 100 } },
        ],
        "usage": {},
    });
    policy
}

/// A document of one tenant, with this limit.
fn acme(limit: u64) -> String {
    format!("{{\"id\":\"acme\",\"quotas\":{{\"chars\":{{\"limit\":{limit}}}}}}}\n")
}

fn token_of(tenant: &str) -> String {
    let mut claims = voxgate_policy::testing::claims(now());
    claims["scope"] = json!("tts.premium");
    claims["tenant"] = json!(tenant);
    signed(&claims)
}

async fn speak(client: &Client, token: &str, chars: usize) -> Response {
    let text = json!({ "text": "x".repeat(chars) });
    client.post("/tts").bearer(token).json(&text).send().await.unwrap()
}

/// What a tenant used of its characters, and how many it has.
async fn usage(fixture: &Fixture, tenant: &str) -> (u64, u64) {
    let request = fixture.http1().get("/.well-known/voxgate/usage").bearer(token_of(tenant));
    let response = request.send().await.unwrap();
    assert_eq!(response.status, 200, "{response:?}");
    let usage: Value = response.json();
    let row = &usage["limits"][0];
    (row["used"].as_u64().unwrap(), row["limit"].as_u64().unwrap())
}

/// Waits until `check` says so.
async fn until<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !check().await {
        assert!(Instant::now() < deadline, "never {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn until_limit(fixture: &Fixture, tenant: &str, limit: u64) {
    until(&format!("a limit of {limit}"), async || usage(fixture, tenant).await.1 == limit).await;
}

async fn fetches(fixture: &Fixture, result: &str) -> u64 {
    let labels = [("result", result)];
    fixture.envoy.metric("voxgate_tenants_fetches_total", &labels).await.unwrap()
}

async fn age(fixture: &Fixture) -> u64 {
    fixture.envoy.stat("wasmcustom.voxgate_tenants_age_seconds").await.unwrap()
}

/// Speaks a character at a time until `stop`; how often, all with success.
async fn speak_until(client: Client, token: String, stop: Arc<AtomicBool>) -> u64 {
    let mut spoken = 0;
    while !stop.load(Ordering::Relaxed) {
        let response = speak(&client, &token, 1).await;
        assert_eq!(response.status, 200, "{}", response.text());
        spoken += 1;
    }
    spoken
}

/// Runs `change` while requests of acme run on several connections; how many there were.
async fn amid_requests(fixture: &Fixture, change: impl Future<Output = ()>) -> u64 {
    let stop = Arc::new(AtomicBool::new(false));
    let speaking: Vec<_> = (0..2)
        .flat_map(|_| fixture.both())
        .map(|(_, client)| tokio::spawn(speak_until(client, token_of("acme"), Arc::clone(&stop))))
        .collect();
    change.await;
    stop.store(true, Ordering::Relaxed);
    let mut sum = 0;
    for speaking in speaking {
        sum += speaking.await.unwrap();
    }
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_limit_applies_to_the_window_that_runs_and_no_request_is_lost() {
    let tenants = Tenants::start(acme(1_000_000)).await.unwrap();
    let fixture = tenants.setup(quotas()).start().await.unwrap();
    until_limit(&fixture, "acme", 1_000_000).await;
    assert_eq!(usage(&fixture, "bell").await.1, 100, "an unknown tenant has its tier's");

    assert_eq!(speak(&fixture.http1(), &token_of("acme"), 2000).await.status, 200);
    let spoken = amid_requests(&fixture, async {
        for limit in [2_000_000, 3_000_000] {
            tenants.replace(acme(limit));
            until_limit(&fixture, "acme", limit).await;
        }
    });
    let spoken = spoken.await;
    println!("{spoken} requests while the limit changed twice");
    assert!(spoken > 10);
    until("all settled", async || usage(&fixture, "acme").await.0 == 2000 + spoken).await;

    tenants.replace(acme(2000));
    until_limit(&fixture, "acme", 2000).await;
    let denied = speak(&fixture.http1(), &token_of("acme"), 1).await;
    assert_eq!(denied.status, 429, "what was used counts against the smaller limit");
    assert_eq!(usage(&fixture, "acme").await.0, 2000 + spoken);

    tenants.replace("{\"id\":\"bell\"}\n");
    until_limit(&fixture, "acme", 100).await;
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_changed_cap_applies_to_tokens_that_were_verified_before() {
    let tenants = Tenants::start("{\"id\":\"acme\",\"max_tier\":\"basic\"}\n").await.unwrap();
    // No quotas, so no second filter: the cap is jwt-tier's.
    let mut policy = quotas();
    policy.as_object_mut().unwrap().remove("quotas");
    let fixture = tenants.setup(policy).start().await.unwrap();
    let (acme, bell) = (token_of("acme"), token_of("bell"));
    let status = async |token: &str| speak(&fixture.http1(), token, 1).await.status.as_u16();
    until("capped", async || status(&acme).await == 403).await;
    assert_eq!(status(&bell).await, 200, "an unknown tenant has no cap");

    tenants.replace("{\"id\":\"acme\"}\n{\"id\":\"bell\",\"max_tier\":\"basic\"}\n");
    until("freed", async || status(&acme).await == 200).await;
    assert_eq!(status(&bell).await, 403);
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn while_the_source_is_down_the_last_good_tenants_are_kept_and_age() {
    let mut tenants = Tenants::start(acme(7000)).await.unwrap();
    let mut fixture = tenants.setup(quotas()).start().await.unwrap();
    fixture.envoy.allow_log("tenants: .*: answered 503; the last good tenants are kept");
    until_limit(&fixture, "acme", 7000).await;
    until("unchanged", async || fetches(&fixture, "unchanged").await > 4).await;
    assert!(age(&fixture).await < 3, "an answer that nothing changed is a good one");
    assert!(tenants.unchanged() > 0);

    tenants.go_down();
    until("old", async || age(&fixture).await >= 5).await;
    assert!(fetches(&fixture, "status").await > 0);
    assert_eq!(usage(&fixture, "acme").await.1, 7000);
    assert_eq!(speak(&fixture.http1(), &token_of("acme"), 200).await.status, 200);

    tenants.come_up().await.unwrap();
    tenants.replace(acme(8000));
    until_limit(&fixture, "acme", 8000).await;
    until("young", async || age(&fixture).await < 3).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_document_that_is_no_good_changes_nothing_and_says_its_line() {
    let tenants = Tenants::start(acme(7000)).await.unwrap();
    let policy = tenants.in_policy(quotas(), &json!({ "max_bytes": 1000 }));
    let setup = Fixture::of(policy).cluster(voxgate_testbed::tenants::CLUSTER, tenants.address());
    let mut fixture = setup.start().await.unwrap();
    fixture.envoy.allow_log("tenants: .*the last good tenants are kept");
    until_limit(&fixture, "acme", 7000).await;

    let wrong = format!("{}\n{}", acme(9000), "{\"id\":\"bell\",\"max_tier\":\"classified\"}");
    tenants.replace(wrong);
    let line = fixture.envoy.wait_for_log("line 3: max_tier: ").await.unwrap();
    assert!(line.text.contains("accepted: premium, basic"), "{}", line.text);
    assert!(!line.text.contains("classified"), "{}", line.text);

    let faults = [
        (Fault::Malformed, "malformed"),
        (Fault::Huge(1001), "too_large"),
        (Fault::Status(StatusCode::INTERNAL_SERVER_ERROR), "status"),
    ];
    tenants.replace(acme(9000));
    for (fault, result) in faults {
        // Before a good one comes between.
        tenants.set_fault(fault);
        let before = fetches(&fixture, result).await;
        until(result, async || fetches(&fixture, result).await > before).await;
    }
    tenants.set_fault(Fault::None);
    until_limit(&fixture, "acme", 9000).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_push_keeps_the_tenants_though_the_source_is_down() {
    let mut tenants = Tenants::start(acme(7000)).await.unwrap();
    let setup = |policy: Value, tenants: &Tenants| {
        tenants.setup(policy).envoy(|options| {
            options.dynamic = true;
            options.drain_seconds = Some(60);
        })
    };
    let mut fixture = setup(quotas(), &tenants).start().await.unwrap();
    fixture.envoy.allow_log("tenants: .*the last good tenants are kept");
    until_limit(&fixture, "acme", 7000).await;
    tenants.go_down();

    // Tiers and rules move, and a request cannot tell.
    let mut changed = quotas();
    let gold = json!({ "name": "gold", "scopes": ["gold"], "allow": ["*"] });
    changed["tiers"].as_array_mut().unwrap().insert(0, gold);
    let hourly =
        json!({ "name": "hourly", "meter": "requests", "per": "1h", "default": { "limit": 1000 } });
    changed["quotas"]["rules"].as_array_mut().unwrap().push(hourly);
    for policy in [quotas(), changed] {
        let bootstrap = setup(policy, &tenants).bootstrap(fixture.speech.address()).unwrap();
        assert_eq!(fixture.envoy.push(bootstrap).await.unwrap(), Push::Accepted);
        assert_eq!(usage(&fixture, "acme").await.1, 7000);
        assert_eq!(speak(&fixture.http1(), &token_of("acme"), 200).await.status, 200);
    }
    fixture.finish().await.unwrap();
}

/// So many tenants; `limits` different ones.
fn many(tenants: u64, limits: u64) -> String {
    let line = |at: u64| {
        let limit = 1000 + at % limits;
        format!(
            "{{\"id\":\"tenant-{at:08}\",\"max_tier\":\"premium\",\"quotas\":{{\"chars\":{{\"limit\":{limit}}}}}}}\n"
        )
    };
    (0..tenants).map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_tenants_fit_into_32_mb_a_vm_while_they_are_replaced() {
    const TENANTS: u64 = 100_000;
    /// Of each filter one for the worker and one for Envoy's main thread.
    const VMS: u64 = 4;
    let tenants = Tenants::start(acme(1_000_000)).await.unwrap();
    let fixture = tenants.setup(quotas()).start().await.unwrap();
    until_limit(&fixture, "acme", 1_000_000).await;
    let before = fixture.envoy.wasm_memory_bytes().unwrap() / VMS;
    // A few different terms, then one for each.
    for limits in [10, TENANTS] {
        for round in 1..=3 {
            let loaded = fetches(&fixture, "ok").await;
            let document = acme(1_000_000 + limits + round) + &many(TENANTS, limits);
            let bytes = document.len();
            let spoken = amid_requests(&fixture, async {
                tenants.replace(document);
                until("loaded", async || fetches(&fixture, "ok").await >= loaded + VMS).await;
            });
            let spoken = spoken.await;
            let after = fixture.envoy.wasm_memory_bytes().unwrap() / VMS;
            println!(
                "{limits} terms, round {round}: {bytes} bytes, {spoken} requests; a VM {before} then {after} bytes"
            );
            assert!(spoken > 0);
            assert!(after <= 32_000_000, "{after} bytes a VM");
        }
        assert_eq!(usage(&fixture, "acme").await.1, 1_000_003 + limits);
        assert_eq!(usage(&fixture, "tenant-00012345").await.1, 1000 + 12_345 % limits);
        assert_eq!(usage(&fixture, "tenant-00100000").await.1, 100);
    }
    let read: Vec<String> = fixture.envoy.log().unwrap().into_iter().map(|it| it.text).collect();
    for line in read.iter().filter(|it| it.contains("100001 read in")) {
        println!("{line}");
    }
    assert_eq!(fixture.envoy.stat("wasmcustom.voxgate_tenants").await.unwrap(), TENANTS + 1);
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}
