//! Requests that wait for capacity.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use voxgate_testbed::fixture::Fixture;

use super::support::{Held, chars, speak, speak_as, start, wait_for_gauges, wait_for_nothing};

/// 1,000 characters at a time; who finds no room waits.
fn queueing(max: u32, wait: &str) -> Value {
    let mut policy = chars(1000, json!([]));
    let queue = json!({ "max": max, "wait": wait });
    policy["shedding"]["capacity"]["tiers"] = json!({
        "premium": { "share": 3, "queue": queue },
        "basic": { "share": 1, "queue": queue },
    });
    policy
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_room_and_goes_on_when_there_is_some() -> Result<()> {
    for workers in [1, 2] {
        let setup = Fixture::of(queueing(10, "20s")).envoy(|options| options.concurrency = workers);
        let fixture = setup.start().await?;
        let full =
            Held::send(speak(&fixture.http2(), "premium", 900), "full", &fixture.speech).await?;
        let waiting: Vec<_> =
            fixture.both().iter().map(|(_, client)| start(speak(client, "premium", 200))).collect();
        wait_for_gauges(&fixture, 1, 2).await?;
        assert_eq!(fixture.speech.count(), 1, "who waits did not go on");
        assert_eq!(full.release("full", &fixture.speech).await?.status, 200);
        for request in waiting {
            let response = request.await??;
            assert_eq!(response.status, 200, "{response:?}");
        }
        let admitted = [("end", "admitted")];
        fixture.envoy.wait_for_metric("voxgate_shed_wait_ms_count", &admitted, 2).await?;
        wait_for_nothing(&fixture).await?;
        fixture.finish().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_vain_is_told_when_to_come_back() -> Result<()> {
    let fixture = Fixture::of(queueing(1, "4s")).start().await?;
    let full = Held::send(speak(&fixture.http2(), "premium", 900), "full", &fixture.speech).await?;
    let waiting = start(speak(&fixture.http2(), "premium", 200));
    wait_for_gauges(&fixture, 1, 1).await?;
    let response = speak_as(&fixture.http1(), "acme", "premium", 200).send().await?;
    assert_eq!(response.status, 503, "the queue is full: {response:?}");
    assert!(response.json()["detail"].as_str().is_some_and(|it| it.contains("no more may wait")));
    let response = waiting.await??;
    assert_eq!(response.status, 503, "{response:?}");
    assert!(response.header("retry-after").is_some());
    assert_eq!(response.json()["rule"], "shedding.capacity");
    full.release("full", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn short_requests_go_before_long_ones_and_a_tenants_second_behind_anothers_first()
-> Result<()> {
    let fixture = Fixture::of(queueing(20, "20s")).start().await?;
    let client = fixture.http2();
    let full = Held::send(speak_as(&client, "greedy", "premium", 1000), "full", &fixture.speech);
    let full = full.await?;
    let send = |tenant: &str, chars, id: &str| {
        let request = speak_as(&client, tenant, "premium", chars).header("x-test-id", id);
        start(request.header("x-test-first-chunk-ms", "100"))
    };
    let mut waiting = Vec::new();
    let all = [
        ("greedy", 600, "greedy long"),
        ("greedy", 501, "greedy second"),
        ("modest", 502, "modest first"),
    ];
    for (count, (tenant, chars, id)) in (1..).zip(all) {
        waiting.push(send(tenant, chars, id));
        wait_for_gauges(&fixture, 1, count).await?;
    }
    full.release("full", &fixture.speech).await?;
    for request in waiting {
        assert_eq!(request.await??.status, 200);
    }
    let order: Vec<String> =
        fixture.speech.received().into_iter().skip(1).filter_map(|it| it.id).collect();
    assert_eq!(order, ["modest first", "greedy second", "greedy long"]);
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_one_at_a_time_are_all_served_and_never_two_at_once() -> Result<()> {
    for workers in [1, 2] {
        let setup =
            Fixture::of(queueing(200, "60s")).envoy(|options| options.concurrency = workers);
        let fixture = setup.start().await?;
        let requests: Vec<_> = (0..100)
            .map(|number| {
                let (_, client) = &fixture.both()[number % 2];
                let tenant = format!("tenant-{}", number % 7);
                let tier = if number % 3 == 0 { "basic" } else { "premium" };
                let request = speak_as(client, &tenant, tier, 600);
                start(request.header("x-test-empty", "1").header("x-test-first-chunk-ms", "5"))
            })
            .collect();
        let mut most = 0;
        let mut left = requests;
        while !left.is_empty() {
            most = most.max(fixture.speech.under_way());
            let mut running = Vec::new();
            for request in left {
                match request.is_finished() {
                    true => assert_eq!(request.await??.status, 200),
                    false => running.push(request),
                }
            }
            left = running;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(fixture.speech.count(), 100);
        assert!(most <= 1, "{most} at once, with {workers} workers");
        wait_for_nothing(&fixture).await?;
        fixture.finish().await?;
    }
    Ok(())
}
