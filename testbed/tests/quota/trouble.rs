//! What no request's end can settle: a VM that traps, a push, a proxy that is killed, a clock that
//! is moved.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use voxctl::render::Filter;
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::envoy::Push;
use voxgate_testbed::fixture::{Fixture, deny, expect_trap, token_at};
use voxgate_testbed::speech::Speech;

use super::support::{USAGE, rule, token_of, used, wait_for_use, with_rules};

const LEASE: Duration = Duration::from_secs(2);

fn policy(chars: u64) -> Value {
    let mut policy = with_rules(json!([
        rule("chars", "text.chars", Some("month"), chars),
        rule("streams", "streams", None, 5),
    ]));
    policy["quotas"]["lease"] = json!("2s");
    policy
}

fn speak(client: &Client, tenant: &str) -> Request {
    let token = token_of(tenant, "tts.premium");
    client.post("/tts").bearer(token).json(&json!({ "text": "Twenty letters, yes." }))
}

/// Nothing that is shipped traps, so the host is told to deny the VM a call that it needs when the
/// answer comes: after it reserved, and before it can settle.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_trapped_vm_had_reserved_is_given_back_within_the_lease() -> Result<()> {
    let speech = Speech::start().await?;
    let mut policy = policy(1000);
    policy["quotas"]["lease"] = json!("5s");
    let mut trapping = Fixture::of(policy).bootstrap(speech.address())?;
    ensure!(
        deny(Filter::VoiceQuota, "proxy_get_header_map_value", &mut trapping) == 1,
        "the capability is there"
    );
    let mut envoy = voxgate_testbed::envoy::Envoy::start(trapping).await?;
    expect_trap(&mut envoy, "proxy_get_header_map_value");
    let client = Client::http1(envoy.address());
    assert_eq!(speak(&client, "acme").send().await?.status, 503);
    // Nobody is told of the stream's end. Once the VM is started anew it can be asked.
    let deadline = Instant::now() + Duration::from_secs(10);
    while envoy.stat("wasm.voice-quota.vm_reload_success").await? == 0 {
        ensure!(Instant::now() < deadline, "the VM is not started anew");
        client.get(USAGE).bearer(token_of("acme", "tts.premium")).send().await?;
    }
    assert_eq!(used(&client, "acme", "chars").await, (20, 20), "shared data outlives a VM");
    assert_eq!(used(&client, "acme", "streams").await, (1, 1));
    assert_eq!(envoy.stat("wasmcustom.voxgate_quota_leases").await?, 1);
    let deadline = Instant::now() + Duration::from_secs(6);
    while used(&client, "acme", "chars").await != (0, 0) {
        ensure!(Instant::now() < deadline, "it is not given back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(used(&client, "acme", "streams").await, (0, 0));
    // The gauge forgets what died when the account is next asked: by one that dies in its turn.
    assert_eq!(speak(&client, "acme").send().await?.status, 503);
    assert_eq!(envoy.stat("wasmcustom.voxgate_quota_leases").await?, 1);
    envoy.finish().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_in_mid_stream_settles_the_old_streams_and_keeps_what_was_used() -> Result<()> {
    let setup = |chars| {
        Fixture::of(policy(chars)).envoy(|options| {
            options.dynamic = true;
            options.drain_seconds = Some(20);
        })
    };
    let mut fixture = setup(100).start().await?;
    let client = fixture.http1();
    assert_eq!(speak(&client, "acme").send().await?.status, 200);
    wait_for_use(&fixture, "acme", "chars", 20).await;
    let slow = speak(&fixture.http2(), "acme").header("x-test-real-time-factor", "1");
    let mut streaming = slow.stream().await?;
    assert_eq!(streaming.status, 200);
    streaming.next().await?;
    let pushed = setup(60).bootstrap(fixture.speech.address())?;
    assert_eq!(fixture.envoy.push(pushed).await?, Push::Accepted);
    // The new limit applies to what was used, and reserved, before.
    let fresh = Client::http1(fixture.envoy.address());
    assert_eq!(used(&fresh, "acme", "chars").await, (40, 20));
    assert_eq!(speak(&fresh, "acme").send().await?.status, 200);
    assert_eq!(speak(&fresh, "acme").send().await?.status, 429);
    streaming.collect().await?;
    wait_for_use(&fixture, "acme", "chars", 60).await;
    wait_for_use(&fixture, "acme", "streams", 0).await;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_first_sound_comes_after_its_lease_is_held_all_the_same() -> Result<()> {
    let fixture = Fixture::of(policy(1000)).start().await?;
    let late = speak(&fixture.http2(), "acme").header("x-test-first-chunk-ms", "4500");
    let mut streaming = late.stream().await?;
    assert_eq!(used(&fixture.http1(), "acme", "streams").await, (1, 1));
    tokio::time::sleep(LEASE + LEASE / 2).await;
    assert_eq!(used(&fixture.http1(), "acme", "streams").await, (1, 1));
    assert_eq!(used(&fixture.http1(), "acme", "chars").await, (20, 20));
    assert!(streaming.next().await?.is_some());
    streaming.collect().await?;
    wait_for_use(&fixture, "acme", "chars", 20).await;
    wait_for_use(&fixture, "acme", "streams", 0).await;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_goes_on_past_its_lease_is_held() -> Result<()> {
    let fixture = Fixture::of(policy(1000)).start().await?;
    let long = "This is said slowly, and it takes longer than a lease. ".repeat(2);
    let request = fixture.http2().post("/tts").bearer(token_of("acme", "tts.premium"));
    let slow = request.header("x-test-real-time-factor", "1").json(&json!({ "text": long }));
    let mut streaming = slow.stream().await?;
    let until = Instant::now() + 2 * LEASE;
    while Instant::now() < until {
        ensure!(streaming.next().await?.is_some(), "the text is too short");
        assert_eq!(used(&fixture.http1(), "acme", "streams").await, (1, 1));
    }
    drop(streaming);
    wait_for_use(&fixture, "acme", "streams", 0).await;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_killed_forgets_what_was_used_and_no_more() -> Result<()> {
    for restart in 0..2 {
        // What is lost is bounded by the limit: a new proxy has one budget, not more.
        let mut fixture = Fixture::of(policy(40)).start().await?;
        let client = fixture.http1();
        assert_eq!(used(&client, "acme", "chars").await, (0, 0), "after {restart} restarts");
        for _ in 0..2 {
            assert_eq!(speak(&client, "acme").send().await?.status, 200);
        }
        assert_eq!(speak(&client, "acme").send().await?.status, 429);
        wait_for_use(&fixture, "acme", "chars", 40).await;
        fixture.envoy.kill()?;
    }
    Ok(())
}

#[cfg_attr(not(target_os = "linux"), ignore = "a clock is moved by LD_PRELOAD, so on Linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_month_ends_when_the_clock_says_so_and_comes_back_with_it() -> Result<()> {
    const DAY: i64 = 24 * 3600;
    let setup = Fixture::of(policy(40)).envoy(|options| options.movable_clock = true);
    let mut fixture = setup.start().await?;
    for expected in [200, 200, 429] {
        assert_eq!(ask(&fixture).await?, expected);
    }
    assert_eq!(used_now(&fixture, "chars").await?, 40);
    fixture.envoy.move_clock(32 * DAY)?;
    assert_eq!(used_now(&fixture, "chars").await?, 0, "another month");
    assert_eq!(ask(&fixture).await?, 200);
    assert_eq!(used_now(&fixture, "chars").await?, 20);
    // It was wrong, and is set right: what was used this month was used.
    fixture.envoy.move_clock(-32 * DAY)?;
    assert_eq!(used_now(&fixture, "chars").await?, 40);
    assert_eq!(ask(&fixture).await?, 429);
    fixture.finish().await
}

#[cfg_attr(not(target_os = "linux"), ignore = "a clock is moved by LD_PRELOAD, so on Linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_by_hours_neither_locks_a_rolling_window_nor_opens_it() -> Result<()> {
    const HOURS: i64 = 5 * 3600;
    let mut policy = policy(1000);
    policy["quotas"]["rules"][1] = rule("requests", "requests", Some("1h"), 2);
    let setup = Fixture::of(policy).envoy(|options| options.movable_clock = true);
    let mut fixture = setup.start().await?;
    for expected in [200, 200, 429] {
        assert_eq!(ask(&fixture).await?, expected);
    }
    fixture.envoy.move_clock(-HOURS)?;
    assert_eq!(ask(&fixture).await?, 429);
    assert_eq!(used_now(&fixture, "requests").await?, 2);
    // An hour by the new clock drains it, not six.
    fixture.envoy.move_clock(3600)?;
    assert_eq!(used_now(&fixture, "requests").await?, 0);
    assert_eq!(ask(&fixture).await?, 200);
    fixture.finish().await
}

/// Speaks twenty characters, with a token for what Envoy's clock shows.
async fn ask(fixture: &Fixture) -> Result<u16> {
    let token = token_at(fixture.envoy.now(), "tts.premium");
    let text = json!({ "text": "Twenty letters, yes." });
    let status = fixture.http1().post("/tts").bearer(token).json(&text).send().await?.status;
    // Its end comes after its answer.
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(status.as_u16())
}

async fn used_now(fixture: &Fixture, rule: &str) -> Result<u64> {
    let token = token_at(fixture.envoy.now(), "tts.premium");
    let usage = fixture.http1().get(USAGE).bearer(token).send().await?.json();
    let mut rows = usage["limits"].as_array().into_iter().flatten();
    let row = rows.find(|it| it["rule"] == rule).with_context(|| format!("no {rule}: {usage}"))?;
    row["used"].as_u64().context("no number")
}

/// Envoy tries again what the service failed at: one request to the caller, and one charge.
#[tokio::test(flavor = "multi_thread")]
async fn what_envoy_retries_is_one_request() -> Result<()> {
    use voxgate_testbed::fixture::resource;
    let options = voxgate_testbed::speech::Options {
        failures_percent: 50,
        ..voxgate_testbed::speech::Options::default()
    };
    let speech = Speech::start_with(options).await?;
    let retries = json!({ "retry_policy": { "retry_on": "5xx", "num_retries": 3 } });
    let setup = Fixture::of(policy(1000)).resource(resource::route(retries));
    let envoy = voxgate_testbed::envoy::Envoy::start(setup.bootstrap(speech.address())?).await?;
    let client = Client::http1(envoy.address());
    for _ in 0..5 {
        assert_eq!(speak(&client, "acme").send().await?.status, 200);
    }
    ensure!(speech.count() > 5, "nothing was tried again");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(used(&client, "acme", "chars").await, (100, 0));
    assert_eq!(used(&client, "acme", "streams").await, (0, 0));
    envoy.finish().await?;
    Ok(())
}
