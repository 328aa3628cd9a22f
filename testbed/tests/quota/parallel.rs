//! Many requests at once on one budget: exactly as many are admitted as there is budget for, on any
//! number of workers.

use anyhow::Result;
use serde_json::json;
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::Fixture;

use super::support::{rule, token_of, wait_for_use, with_rules};

const CONNECTIONS: usize = 100;
const REQUESTS_A_CONNECTION: usize = 10;
const BUDGET: u64 = 100;
const RUNS: usize = 20;

/// Asks from all clients at once, each the same number of times: how many were admitted. Anything
/// but 200 and 429 is an error.
async fn flood(clients: &[Client], token: &str, requests: usize, at_once: bool) -> Result<u64> {
    let asking = clients.iter().map(|client| {
        let (client, token) = (client.clone(), token.to_owned());
        tokio::spawn(async move {
            let ask = || async {
                let request = client.post("/tts").bearer(&token).json(&json!({ "text": "a" }));
                anyhow::Ok(request.send().await?.status.as_u16())
            };
            let mut statuses = Vec::new();
            if at_once {
                let all = (0..requests).map(|_| ask());
                for status in futures_util::future::join_all(all).await {
                    statuses.push(status?);
                }
            } else {
                for _ in 0..requests {
                    statuses.push(ask().await?);
                }
            }
            anyhow::Ok(statuses)
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut admitted = 0;
    for asked in asking {
        for status in asked.await?? {
            match status {
                200 => admitted += 1,
                429 => {}
                other => anyhow::bail!("answered {other}"),
            }
        }
    }
    Ok(admitted)
}

async fn exactly_the_budget(workers: u32) -> Result<()> {
    let policy = with_rules(json!([rule("requests", "requests", Some("1d"), BUDGET)]));
    let setup = Fixture::of(policy).envoy(|options| options.concurrency = workers);
    let fixture = setup.start().await?;
    for (protocol, at_once) in [("HTTP/1.1", false), ("HTTP/2", true)] {
        let client = || if at_once { fixture.http2() } else { fixture.http1() };
        let clients: Vec<Client> = (0..CONNECTIONS).map(|_| client()).collect();
        for run in 0..RUNS {
            let tenant = format!("t{run}-{at_once}");
            let token = token_of(&tenant, "tts.premium");
            let admitted = flood(&clients, &token, REQUESTS_A_CONNECTION, at_once).await?;
            assert_eq!(admitted, BUDGET, "{workers} workers, {protocol}, run {run}");
            wait_for_use(&fixture, &tenant, "requests", BUDGET).await;
        }
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_admits_exactly_the_budget() -> Result<()> {
    exactly_the_budget(1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_admit_exactly_the_budget() -> Result<()> {
    exactly_the_budget(2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_admit_exactly_the_budget() -> Result<()> {
    exactly_the_budget(4).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tenants_at_once_do_not_affect_one_another() -> Result<()> {
    let policy = with_rules(json!([rule("requests", "requests", Some("1d"), 20)]));
    let fixture = Fixture::of(policy).envoy(|options| options.concurrency = 4).start().await?;
    let clients: Vec<Client> = (0..5).flat_map(|_| fixture.both()).map(|(_, it)| it).collect();
    let floods = (0..10).map(|tenant| {
        let clients = clients.clone();
        let token = token_of(&format!("tenant-{tenant}"), "tts.premium");
        tokio::spawn(async move { flood(&clients, &token, 10, false).await })
    });
    for flood in floods.collect::<Vec<_>>() {
        assert_eq!(flood.await??, 20);
    }
    for tenant in 0..10 {
        wait_for_use(&fixture, &format!("tenant-{tenant}"), "requests", 20).await;
    }
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_together_get_no_more_than_the_service_has() -> Result<()> {
    let mut service = rule("service", "requests", Some("1d"), 150);
    service["scope"] = json!("service");
    let own = rule("requests", "requests", Some("1d"), 100);
    let fixture = Fixture::of(with_rules(json!([own, service])))
        .envoy(|options| options.concurrency = 4)
        .start()
        .await?;
    let clients: Vec<Client> = (0..20).map(|_| fixture.http1()).collect();
    let floods = ["a", "b"].map(|tenant| {
        let (clients, token) = (clients.clone(), token_of(tenant, "tts.premium"));
        tokio::spawn(async move { flood(&clients, &token, 20, false).await })
    });
    let mut admitted = Vec::new();
    for flood in floods {
        admitted.push(flood.await??);
    }
    assert_eq!(admitted.iter().sum::<u64>(), 150, "{admitted:?}");
    // Who was denied by the service paid nothing of its own.
    for (tenant, admitted) in ["a", "b"].iter().zip(&admitted) {
        assert!(*admitted <= 100);
        wait_for_use(&fixture, tenant, "requests", *admitted).await;
    }
    fixture.finish().await
}
