//! By when a first byte is wanted.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use voxgate_testbed::fixture::{Fixture, now};

use super::support::{Held, chars, shedding, speak, start, wait_for_nothing};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_time_is_up_costs_nothing() -> Result<()> {
    let fixture = Fixture::of(chars(1000, json!([]))).start().await?;
    for (_, client) in fixture.both() {
        let late = now().minus(Duration::from_millis(1500)).0.to_string();
        let request = speak(&client, "premium", 10).header("x-voxgate-deadline", &late);
        let response = request.send().await?;
        println!("{response:?}");
        assert_eq!(response.status, 504);
        let problem = response.json();
        assert_eq!(problem["type"], "tag:voxgate,2026:problem/deadline-exceeded");
        assert_eq!(problem["rule"], "shedding.deadline");
    }
    assert_eq!(fixture.speech.count(), 0);
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_cannot_be_read_is_refused_with_what_can() -> Result<()> {
    let fixture = Fixture::of(chars(1000, json!([]))).start().await?;
    for wrong in ["500ms", "-1", "soon", "", "1,2", "12345678901234567890"] {
        let request = speak(&fixture.http1(), "premium", 10).header("x-voxgate-deadline", wrong);
        let response = request.send().await?;
        assert_eq!(response.status, 400, "{wrong:?}: {response:?}");
        let problem = response.json();
        assert_eq!(problem["type"], "tag:voxgate,2026:problem/invalid-request");
        assert!(problem["detail"].as_str().is_some_and(|it| it.contains("milliseconds")));
    }
    assert_eq!(fixture.speech.count(), 0);
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tiers_budget_is_carried_on_and_the_earliest_deadline_wins() -> Result<()> {
    let policy =
        shedding(json!({ "deadline": { "default": "10s", "tiers": { "premium": "5s" } } }));
    let fixture = Fixture::of(policy).start().await?;
    let carried = async |id: &str, tier: &str, own: Option<(&str, String)>| -> Result<u64> {
        let mut request = speak(&fixture.http1(), tier, 10).header("x-test-id", id);
        if let Some((name, value)) = own {
            request = request.header(name, value);
        }
        assert_eq!(request.send().await?.status, 200);
        let received = fixture.speech.received_as(id).expect("it went on");
        Ok(received.headers.one("x-voxgate-deadline").expect("a deadline").parse()?)
    };
    let start = now().0;
    let premium = carried("premium", "premium", None).await?;
    assert!((start + 5000..start + 8000).contains(&premium), "{premium} from {start}");
    let basic = carried("basic", "basic", None).await?;
    assert!((start + 10_000..start + 13_000).contains(&basic), "{basic} from {start}");
    let own = (start + 3000).to_string();
    let earlier = carried("own", "basic", Some(("x-voxgate-deadline", own.clone()))).await?;
    assert_eq!(earlier, start + 3000);
    let later = (start + 3_600_000).to_string();
    let bound = carried("later", "basic", Some(("x-voxgate-deadline", later))).await?;
    assert!(bound < start + 20_000, "a caller cannot stretch its tier's budget");
    let grpc = carried("grpc", "basic", Some(("grpc-timeout", "2S".to_owned()))).await?;
    assert!((start + 2000..start + 8000).contains(&grpc), "{grpc} from {start}");
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_met_is_refused_before_it_costs_anything() -> Result<()> {
    let fixture = Fixture::of(chars(1000, json!([]))).start().await?;
    // The service teaches how long a first byte takes.
    for _ in 0..6 {
        let request = speak(&fixture.http2(), "premium", 50).header("x-test-first-chunk-ms", "300");
        assert_eq!(request.send().await?.status, 200);
    }
    let asked = fixture.speech.count();
    let soon = now().plus(Duration::from_millis(150)).0.to_string();
    let request = speak(&fixture.http1(), "premium", 50).header("x-voxgate-deadline", &soon);
    let response = request.send().await?;
    println!("{response:?}");
    assert_eq!(response.status, 504);
    let problem = response.json();
    assert!(problem["needed_ms"].as_u64().is_some_and(|it| (200..2000).contains(&it)));
    assert!(problem["left_ms"].as_u64().is_some_and(|it| it <= 150));
    assert_eq!(fixture.speech.count(), asked, "it was not passed on");
    let later = now().plus(Duration::from_secs(20)).0.to_string();
    let request = speak(&fixture.http1(), "premium", 50).header("x-voxgate-deadline", &later);
    assert_eq!(request.send().await?.status, 200);
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_past_its_deadline() -> Result<()> {
    let mut policy = chars(1000, json!([]));
    policy["shedding"]["capacity"]["tiers"] =
        json!({ "premium": { "queue": { "max": 10, "wait": "30s" } } });
    let fixture = Fixture::of(policy).start().await?;
    let full = Held::send(speak(&fixture.http2(), "premium", 900), "full", &fixture.speech).await?;
    let soon = now().plus(Duration::from_millis(400)).0.to_string();
    let began = std::time::Instant::now();
    let request = speak(&fixture.http1(), "premium", 200).header("x-voxgate-deadline", &soon);
    let response = start(request).await??;
    assert_eq!(response.status, 504, "{response:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    full.release("full", &fixture.speech).await?;
    wait_for_nothing(&fixture).await?;
    fixture.finish().await
}
