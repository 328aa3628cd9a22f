//! What operators see, and what nobody does.

use anyhow::Result;
use serde_json::json;
use voxctl::load::{AdminUrl, Client, Load};
use voxgate_policy::spec::Level;
use voxgate_testbed::fixture::Fixture;

use super::support::{Held, chars, shedding, speak, token_of, wait_for_gauges, wait_for_nothing};

#[tokio::test(flavor = "multi_thread")]
async fn gauges_and_counters_say_how_the_service_stands() -> Result<()> {
    let ladder = json!([{ "name": "basic", "tiers": ["basic"], "rung": "reject" }]);
    let fixture = Fixture::of(chars(1000, ladder)).start().await?;
    let busy = Held::send(speak(&fixture.http2(), "premium", 750), "busy", &fixture.speech).await?;
    assert_eq!(speak(&fixture.http1(), "basic", 10).send().await?.status, 503);
    wait_for_gauges(&fixture, 1, 0).await?;
    let of_lane = [("lane", "online"), ("service", "inbound_8080__")];
    for (name, value) in [
        ("voxgate_shed_in_flight_units", 750),
        ("voxgate_shed_capacity_units", 1000),
        ("voxgate_shed_load_level", 1),
        ("voxgate_shed_waiting_requests", 0),
    ] {
        assert_eq!(fixture.envoy.metric(name, &of_lane).await?, value, "{name}");
    }
    let refused = [
        ("outcome", "reject"),
        ("reason", "busy_by_rule"),
        ("rule", "basic"),
        ("tier", "basic"),
        ("load", "busy"),
    ];
    assert_eq!(fixture.envoy.metric("voxgate_shed_decisions_total", &refused).await?, 1);
    let passed = [("outcome", "pass"), ("tier", "premium"), ("load", "normal")];
    assert_eq!(fixture.envoy.metric("voxgate_shed_decisions_total", &passed).await?, 1);
    busy.release("busy", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn voxctl_load_says_what_the_filter_knows_and_learned() -> Result<()> {
    let policy = shedding(json!({ "capacity": { "unit": "text_chars", "most": 20_000 } }));
    let fixture = Fixture::of(policy).start().await?;
    let load = || {
        let url: AdminUrl = format!("http://{}", fixture.envoy.admin()).parse()?;
        Ok::<_, anyhow::Error>(Client::new(url).load()?)
    };
    assert_eq!(load()?, Load::default(), "no request yet");
    for _ in 0..3 {
        let request = speak(&fixture.http1(), "premium", 100).header("x-test-first-chunk-ms", "80");
        assert_eq!(request.send().await?.status, 200);
    }
    let busy = Held::send(speak(&fixture.http2(), "basic", 1500), "busy", &fixture.speech).await?;
    wait_for_gauges(&fixture, 1, 0).await?;
    let told = load()?;
    let [lane] = told.lanes.as_slice() else { anyhow::bail!("{told:?}") };
    assert_eq!((lane.service.as_str(), lane.lane.as_str()), ("inbound_8080__", "online"));
    assert_eq!((lane.unit, lane.in_flight, lane.requests), ("text_chars", 1500, 1));
    assert_eq!((lane.capacity, lane.is_learned, lane.load), (2000, true, Level::Busy));
    let [size] = lane.first_bytes.as_slice() else { anyhow::bail!("{told:?}") };
    assert_eq!(size.from, "96");
    assert!((80..1000).contains(&size.baseline_ms), "{size:?}");
    assert!(lane.speed > 0, "{lane:?}");
    let counts: Vec<_> = told.decisions.iter().map(|it| (it.tier.as_str(), it.count)).collect();
    assert_eq!(counts, [("premium", 3), ("basic", 1)]);
    busy.release("busy", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_says_it_is_full_is_believed() -> Result<()> {
    let policy = shedding(json!({
        "ladder": [{ "name": "full", "load": ["overload"], "rung": "reject" }],
        "load": { "report_metrics": ["named_metrics.gpu"] },
    }));
    let fixture = Fixture::of(policy).start().await?;
    let report = |value: &str| {
        let request = speak(&fixture.http1(), "premium", 10);
        request.header("x-test-load", value).send()
    };
    assert_eq!(report("TEXT named_metrics.gpu=0.2,cpu_utilization=1").await?.status, 200);
    assert_eq!(report("TEXT named_metrics.gpu=0.97").await?.status, 200);
    let refused = speak(&fixture.http1(), "premium", 10).send().await?;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.json()["load"], "overload");
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_and_no_token_is_logged_or_counted() -> Result<()> {
    let ladder = json!([{ "name": "long", "text_chars": { "above": 20 }, "rung": "reject" }]);
    let fixture = Fixture::of(chars(1000, ladder)).start().await?;
    let token = token_of("acme", "premium");
    let secret = "Nobody must ever read this sentence. Nor this one.";
    let request = fixture.http1().post("/tts").bearer(&token).json(&json!({ "text": secret }));
    let response = request.send().await?;
    assert_eq!(response.status, 413);
    let metrics = fixture.envoy.prometheus().await?;
    let log = fixture.envoy.log()?.iter().map(|it| format!("{it:?}")).collect::<String>();
    let access = format!("{:?}", fixture.envoy.access_log()?);
    for seen in [response.text(), metrics, log, access] {
        assert!(!seen.contains("Nobody must") && !seen.contains("Nor this"), "{seen}");
        assert!(!seen.contains(&token), "{seen}");
    }
    fixture.finish().await
}
