//! What goes wrong while requests wait: nobody hangs, and nothing stays counted.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use voxctl::render::Filter;
use voxgate_testbed::client::{Client, Leave};
use voxgate_testbed::envoy::{Envoy, Push};
use voxgate_testbed::fixture::{Fixture, deny, expect_trap, resource};
use voxgate_testbed::speech::Speech;

use super::support::{Held, chars, speak, speak_as, start, wait_for_gauges, wait_for_nothing};

fn queueing(limit: u64, wait: &str) -> Value {
    let mut policy = chars(limit, json!([]));
    policy["shedding"]["capacity"]["tiers"] =
        json!({ "premium": { "queue": { "max": 50, "wait": wait } } });
    policy
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_it_waits_frees_its_place_at_once() -> Result<()> {
    let fixture = Fixture::of(queueing(1000, "30s")).start().await?;
    let full = Held::send(speak(&fixture.http2(), "premium", 900), "full", &fixture.speech).await?;
    for (_, client) in fixture.both() {
        for _ in 0..5 {
            let leaves = Leave::BeforeHeaders(Duration::from_millis(50));
            speak(&client, "premium", 200).leave(leaves).await?;
        }
    }
    wait_for_gauges(&fixture, 1, 0).await?;
    assert_eq!(fixture.speech.count(), 1, "none of them went on");
    let waiting = start(speak(&fixture.http1(), "premium", 200));
    full.release("full", &fixture.speech).await?;
    assert_eq!(waiting.await??.status, 200);
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_in_flight_free_what_they_had() -> Result<()> {
    let fixture = Fixture::of(chars(1000, json!([]))).start().await?;
    for (_, client) in fixture.both() {
        let request = || speak(&client, "premium", 900).header("x-test-first-chunk-ms", "200");
        let hangs = request().header("x-test-hang", "1");
        hangs.leave(Leave::BeforeHeaders(Duration::from_millis(100))).await?;
        wait_for_nothing(&fixture).await?;
        for moment in [Leave::AfterHeaders, Leave::AfterBytes(1)] {
            request().header("x-test-real-time-factor", "1").leave(moment).await?;
            wait_for_nothing(&fixture).await?;
        }
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_breaks_with_a_full_queue_lets_nobody_hang() -> Result<()> {
    let mut policy = queueing(1000, "20s");
    policy["shedding"]["load"] = json!({ "dwell": "200ms" });
    let fixture = Fixture::of(policy).start().await?;
    let client = fixture.http2();
    let full = Held::send(speak(&client, "premium", 900), "full", &fixture.speech).await?;
    // Each resets its connection as soon as it goes on.
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let request = speak_as(&client, &format!("t{number}"), "premium", 200);
            start(request.header("x-test-reset", "1"))
        })
        .collect();
    wait_for_gauges(&fixture, 1, 20).await?;
    full.release("full", &fixture.speech).await?;
    for request in waiting {
        assert_eq!(request.await??.status, 503);
    }
    wait_for_nothing(&fixture).await?;
    // It is well again.
    let deadline = Instant::now() + Duration::from_secs(10);
    while speak(&client, "premium", 200).send().await?.status != 200 {
        ensure!(Instant::now() < deadline, "the service is not trusted again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_with_a_full_queue_loses_nobody() -> Result<()> {
    let setup = |limit| {
        Fixture::of(queueing(limit, "30s")).envoy(|options| {
            options.dynamic = true;
            options.drain_seconds = Some(60);
        })
    };
    let mut fixture = setup(1000).start().await?;
    let client = fixture.http2();
    let full = Held::send(speak(&client, "premium", 900), "full", &fixture.speech).await?;
    let waiting: Vec<_> = (0..10).map(|_| start(speak(&client, "premium", 200))).collect();
    wait_for_gauges(&fixture, 1, 10).await?;
    let pushed = setup(950).bootstrap(fixture.speech.address())?;
    assert_eq!(fixture.envoy.push(pushed).await?, Push::Accepted);
    // Those of the new configuration see what those of the old one have in flight, and wait behind.
    let fresh = start(speak(&Client::http1(fixture.envoy.address()), "premium", 200));
    wait_for_gauges(&fixture, 1, 11).await?;
    assert_eq!(full.release("full", &fixture.speech).await?.status, 200);
    for request in waiting {
        assert_eq!(request.await??.status, 200);
    }
    assert_eq!(fresh.await??.status, 200);
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

/// Nothing that is shipped traps, so the host is told to deny the VM a call that it needs when the
/// answer comes.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_trapped_vm_had_in_flight_and_waiting_is_free_within_the_lease() -> Result<()> {
    let speech = Speech::start().await?;
    let mut policy = queueing(1000, "30s");
    policy["shedding"]["lease"] = json!("3s");
    // Envoy tells nobody who is held that the VM is gone, so its own time-out has to end them.
    let idle = resource::route(json!({ "idle_timeout": "4s" }));
    let mut trapping = Fixture::of(policy).resource(idle).bootstrap(speech.address())?;
    ensure!(
        deny(Filter::TextShed, "proxy_get_header_map_value", &mut trapping) == 1,
        "the capability is there"
    );
    let mut envoy = Envoy::start(trapping).await?;
    expect_trap(&mut envoy, "proxy_get_header_map_value");
    let client = Client::http2(envoy.address());
    let full = Held::send(speak(&client, "premium", 900), "full", &speech).await?;
    let waiting: Vec<_> = (0..3).map(|_| start(speak(&client, "premium", 200))).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(speech.count(), 1);
    // The answer's headers trap the VM: everybody in it is told so.
    assert_eq!(full.release("full", &speech).await?.status, 503);
    for request in waiting {
        assert_eq!(request.await??.status, 503, "nobody hangs");
    }
    // Nobody gave anything back; it is free all the same when nobody gives a sign of life.
    let deadline = Instant::now() + Duration::from_secs(15);
    while speak(&client, "premium", 900)
        .leave(Leave::BeforeHeaders(Duration::from_millis(200)))
        .await
        .is_err()
        || speech.count() < 2
    {
        ensure!(Instant::now() < deadline, "what died is still counted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    envoy.finish().await?;
    Ok(())
}
