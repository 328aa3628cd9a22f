//! The core of the filter on the Envoy of each supported Istio release.
//!
//! `cargo xtask test envoys` sets `VOXGATE_ENVOYS`, binaries separated as those of `PATH`; without
//! it, as in `cargo xtask test e2e`, there is one: `ENVOY`.

use rand::Rng;
use serde_json::json;
use std::path::PathBuf;
use voxgate_testbed::client::Client;
use voxgate_testbed::exact::{Campaign, Protocol, Stage};
use voxgate_testbed::fixture::{Fixture, Setup, policy, token};
use voxgate_testbed::issuer;
use voxgate_testbed::jwks::{Fault, Jwks};

fn envoys() -> Vec<PathBuf> {
    match std::env::var_os("VOXGATE_ENVOYS").or_else(|| std::env::var_os("ENVOY")) {
        Some(paths) => std::env::split_paths(&paths).collect(),
        None => panic!("ENVOY is not set; run `cargo xtask test e2e`, which gets and sets it"),
    }
}

fn on(envoy: PathBuf, setup: Setup) -> Setup {
    setup.envoy(|options| options.envoy = Some(envoy))
}

async fn ask(client: &Client, path: &str, token: Option<&str>) -> u16 {
    let mut request = client.post(path).json(&json!({ "text": "a" }));
    if let Some(token) = token {
        request = request.bearer(token);
    }
    request.send().await.unwrap().status.as_u16()
}

/// RS256 verified by the host, once; denials; forged headers removed.
async fn decides(envoy: PathBuf) {
    let fixture = on(envoy, Fixture::of(policy())).start().await.unwrap();
    let basic = token("tts.basic");
    for (protocol, client) in fixture.both() {
        assert_eq!(ask(&client, "/tts", Some(&basic)).await, 200, "{protocol}");
        assert_eq!(ask(&client, "/batch", Some(&basic)).await, 403, "{protocol}");
        assert_eq!(ask(&client, "/tts", None).await, 401, "{protocol}");
        let forged = client.post("/tts").bearer(&basic).header("x-user-tier", "premium");
        let forged = forged.header("x-test-id", protocol).json(&json!({ "text": "a" }));
        assert_eq!(forged.send().await.unwrap().status, 200);
        let received = fixture.speech.received_as(protocol).unwrap();
        assert_eq!(received.headers.all("x-user-tier"), ["basic"], "{protocol}");
        assert_eq!(received.headers.one("x-voxgate-tenant"), Some("acme"));
    }
    let (head, signature) = basic.rsplit_once('.').unwrap();
    let reversed: String = signature.chars().rev().collect();
    let broken = format!("{head}.{reversed}");
    assert_eq!(ask(&fixture.http1(), "/tts", Some(&broken)).await, 401);
    assert_eq!(fixture.identities("token").await.unwrap(), 1);
    assert_eq!(fixture.identities("cache").await.unwrap(), 5);
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

/// A request that waits for keys (ES256, by callout) goes on whole.
async fn waits(envoy: PathBuf) {
    let jwks = Jwks::start().await.unwrap();
    jwks.set_fault(Fault::Slow(2000));
    let remote = json!({ "timeout": "10s", "max_wait": "20s" });
    let fixture = on(envoy, issuer::setup(&jwks, &remote)).start().await.unwrap();
    let padding = "a".repeat(100_000);
    for (protocol, client) in fixture.both() {
        let request =
            client.post("/tts").bearer(issuer::token(&jwks)).header("x-test-id", protocol);
        let body = json!({ "text": "a", "padding": padding });
        assert_eq!(request.json(&body).send().await.unwrap().status, 200, "{protocol}");
        let received = fixture.speech.received_as(protocol).unwrap();
        assert_eq!(received.body_bytes, u64::try_from(body.to_string().len()).unwrap());
    }
    fixture.finish().await.unwrap();
}

/// Streams come byte for byte in every mode over every protocol, some of them disturbed.
async fn streams(envoy: PathBuf) {
    let setup = Stage::setup().envoy(|options| options.envoy = Some(envoy));
    let stage = setup.start().await.unwrap();
    let campaign = Campaign::new(320, &Protocol::ALL).shape(|plan, random| {
        plan.script.trailers = random.random_ratio(1, 3);
        plan.disturb(random, 1, 2, 2);
    });
    campaign.run(&stage).await.unwrap();
    stage.assert_coalesced().await.unwrap();
    stage.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_supported_envoy_decides_waits_and_streams() {
    let envoys = envoys();
    assert!(!envoys.is_empty());
    for envoy in envoys {
        println!("{}", envoy.display());
        decides(envoy.clone()).await;
        waits(envoy.clone()).await;
        streams(envoy).await;
    }
}
