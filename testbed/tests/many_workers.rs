//! Two workers: each has a VM, a cache and keys of its own, and all decide alike.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::{Fixture, policy, token};
use voxgate_testbed::issuer;
use voxgate_testbed::jwks::Jwks;

const WORKERS: u32 = 2;
/// So many connections that the kernel gives some to each worker.
const CONNECTIONS: usize = 40;
const REQUESTS: usize = 5;

async fn ask(client: &Client, token: &str) -> u16 {
    let request = client.post("/tts").bearer(token).json(&json!({ "text": "a" }));
    request.send().await.unwrap().status.as_u16()
}

async fn start(setup: voxgate_testbed::fixture::Setup) -> (Fixture, Vec<Client>) {
    let fixture = setup.envoy(|options| options.concurrency = WORKERS).start().await.unwrap();
    let clients = (0..CONNECTIONS / 2).flat_map(|_| fixture.both()).map(|(_, client)| client);
    let clients = clients.collect();
    (fixture, clients)
}

/// Asks once on each connection, all at once.
async fn ask_all(clients: &[Client], token: &str) -> Vec<u16> {
    let asking: Vec<_> = clients
        .iter()
        .map(|client| {
            let (client, token) = (client.clone(), token.to_owned());
            tokio::spawn(async move { ask(&client, &token).await })
        })
        .collect();
    let mut answers = Vec::new();
    for asking in asking {
        answers.push(asking.await.unwrap());
    }
    answers
}

async fn assert_all_workers_were_asked(fixture: &Fixture) {
    let stats = fixture.envoy.stats("listener.").await.unwrap();
    for worker in 0..WORKERS {
        let name = format!(".worker_{worker}.downstream_cx_total");
        let connections: u64 =
            stats.iter().filter(|(stat, _)| stat.ends_with(&name)).map(|(_, count)| count).sum();
        assert!(connections > 0, "worker {worker} got none: {stats:?}");
    }
}

#[tokio::test]
async fn a_token_is_verified_once_in_each_worker() {
    let (fixture, clients) = start(Fixture::of(policy())).await;
    let token = token("tts.basic");
    for _ in 0..REQUESTS {
        assert!(ask_all(&clients, &token).await.iter().all(|status| *status == 200));
    }
    assert_all_workers_were_asked(&fixture).await;
    assert_eq!(fixture.identities("token").await.unwrap(), u64::from(WORKERS));
    let cached = u64::try_from(CONNECTIONS * REQUESTS).unwrap() - u64::from(WORKERS);
    assert_eq!(fixture.identities("cache").await.unwrap(), cached);
    assert_eq!(fixture.decisions(&[("outcome", "allow")]).await.unwrap(), cached + 2);
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn each_worker_fetches_keys_and_forgets_what_a_withdrawn_key_signed() {
    let jwks = Jwks::start().await.unwrap();
    let no_refresh: Value = json!({ "cooldown": "100ms" });
    let (fixture, clients) = start(issuer::setup(&jwks, &no_refresh)).await;
    let old = issuer::token(&jwks);
    assert!(ask_all(&clients, &old).await.iter().all(|status| *status == 200));
    // The third is that of Envoy's main thread, which runs the plugin too.
    assert_eq!(jwks.fetches(), u64::from(WORKERS) + 1);
    assert_all_workers_were_asked(&fixture).await;

    // A token of the new key makes a worker fetch; with the old key go its cached tokens.
    jwks.rotate();
    jwks.revoke_old();
    let deadline = Instant::now() + Duration::from_secs(20);
    while jwks.fetches() < 2 * u64::from(WORKERS) + 1 {
        assert!(Instant::now() < deadline);
        let new = issuer::token(&jwks);
        assert!(ask_all(&clients, &new).await.iter().all(|status| *status == 200));
    }
    assert!(ask_all(&clients, &old).await.iter().all(|status| *status == 401));
    fixture.finish().await.unwrap();
}
