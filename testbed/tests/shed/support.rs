//! Policies that shed, two lanes, and requests that stay in flight until they are let go.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use voxgate_testbed::client::{Client, Request, Response};
use voxgate_testbed::fixture::{Fixture, Setup, policy, resource, signed};
use voxgate_testbed::speech::Speech;

/// The tests' policy that sheds so.
pub fn shedding(section: Value) -> Value {
    let mut policy = policy();
    policy["shedding"] = section;
    policy
}

/// A service that can do so many characters at a time, with this ladder.
pub fn chars(limit: u64, ladder: Value) -> Value {
    shedding(json!({
        "capacity": { "unit": "text_chars", "limit": limit },
        "ladder": ladder,
    }))
}

/// A token of this tenant in this tier.
pub fn token_of(tenant: &str, tier: &str) -> String {
    let mut claims = voxgate_policy::testing::claims(voxgate_testbed::fixture::now());
    claims["scope"] = json!(format!("tts.{tier}"));
    claims["tenant"] = json!(tenant);
    signed(&claims)
}

/// Asks for a text of so many characters.
pub fn speak(client: &Client, tier: &str, chars: usize) -> Request {
    speak_as(client, "acme", tier, chars)
}

/// The same for a tenant.
pub fn speak_as(client: &Client, tenant: &str, tier: &str, chars: usize) -> Request {
    let body = json!({ "text": "x".repeat(chars), "sample_rate": 32_000 });
    client.post("/tts").bearer(token_of(tenant, tier)).json(&body)
}

/// Requests that the service holds until it is told to answer them.
pub struct Held(tokio::task::JoinHandle<Result<Response>>);

impl Held {
    /// Sends a request, and waits until the service has it.
    pub async fn send(request: Request, name: &str, speech: &Speech) -> Result<Self> {
        let before = speech.held(name);
        let request = request.header("x-test-hold", name);
        let held = Self(tokio::spawn(async move { Ok(request.send().await?) }));
        let seen = speech.wait_for_held(name, before + 1).await;
        ensure!(seen.is_ok(), "the service holds {seen:?}");
        Ok(held)
    }

    /// Lets all go that were held under `name`, of which this is one.
    pub async fn release(self, name: &str, speech: &Speech) -> Result<Response> {
        speech.release_all(name);
        self.0.await?
    }
}

/// A request that is under way.
pub fn start(request: Request) -> tokio::task::JoinHandle<Result<Response>> {
    tokio::spawn(async move { Ok(request.send().await?) })
}

/// The batch lane, as `VirtualService` and `DestinationRule` make it of the header on a gateway: another
/// subset of the same service.
const BATCH: &str = "inbound|8080|batch|";

/// Adds the batch lane.
pub fn with_lane(setup: Setup, batch: &Speech) -> Setup {
    setup.cluster(BATCH, batch.address()).resource(resource::first_route(json!({
        "name": "batch",
        "match": {
            "prefix": "/",
            "headers": [{ "name": "x-voxgate-lane", "string_match": { "exact": "batch" } }],
        },
        "route": { "cluster": BATCH, "timeout": "0s" },
    })))
}

/// The hash of a body as it should have come.
pub fn sha256(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Waits until nothing is in flight and nothing waits, by the gauges.
pub async fn wait_for_nothing(fixture: &Fixture) -> Result<()> {
    wait_for_gauges(fixture, 0, 0).await
}

/// Waits until the gauges of all lanes say so.
pub async fn wait_for_gauges(fixture: &Fixture, in_flight: u64, waiting: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    // They are told every second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    loop {
        let found = (
            fixture.envoy.metric("voxgate_shed_in_flight_requests", &[]).await?,
            fixture.envoy.metric("voxgate_shed_waiting_requests", &[]).await?,
        );
        if found == (in_flight, waiting) {
            return Ok(());
        }
        let wanted = (in_flight, waiting);
        ensure!(Instant::now() < deadline, "in flight and waiting: {found:?}, not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
