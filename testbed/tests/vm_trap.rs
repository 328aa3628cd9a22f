//! What becomes of requests when the VM traps. Nothing that is shipped traps, so the trap is
//! brought about from outside: the host is told to deny the VM a call that it needs.

use serde_json::json;
use std::time::{Duration, Instant};
use voxctl::render::Filter;
use voxgate_testbed::client::Client;
use voxgate_testbed::envoy::Push;
use voxgate_testbed::fixture::{Fixture, deny, expect_trap, policy, token};

async fn ask(client: &Client, token: &str) -> u16 {
    let request = client.post("/tts").bearer(token).json(&json!({ "text": "a" }));
    request.send().await.unwrap().status.as_u16()
}

#[tokio::test]
async fn a_vm_that_traps_lets_nothing_pass_and_a_good_configuration_heals_it() {
    let speech = voxgate_testbed::speech::Speech::start().await.unwrap();
    let good = Fixture::of(policy()).bootstrap(speech.address()).unwrap();
    let mut trapping = good.clone();
    assert_eq!(deny(Filter::JwtTier, "proxy_get_header_map_pairs", &mut trapping), 1);
    let mut envoy = voxgate_testbed::envoy::Envoy::start_dynamic(trapping).await.unwrap();
    expect_trap(&mut envoy, "proxy_get_header_map_pairs");
    let token = token("tts.basic");
    // Trapped, refused while it is down, and trapped again once it was started anew.
    let deadline = Instant::now() + Duration::from_secs(20);
    while envoy.stat("wasm.jwt-tier.vm_reload_success").await.unwrap() < 2 {
        assert!(Instant::now() < deadline, "the VM is not started anew");
        for (protocol, client) in Client::both(envoy.address()) {
            assert_eq!(ask(&client, &token).await, 503, "{protocol}");
        }
    }
    assert!(envoy.stat("wasm.jwt-tier.vm_reload_backoff").await.unwrap() > 0);
    assert_eq!(speech.count(), 0, "a request passed unchecked");

    assert_eq!(envoy.push(good).await.unwrap(), Push::Accepted);
    for (protocol, client) in Client::both(envoy.address()) {
        assert_eq!(ask(&client, &token).await, 200, "{protocol}");
    }
    envoy.finish().await.unwrap();
}
