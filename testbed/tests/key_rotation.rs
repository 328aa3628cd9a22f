//! Keys that rotate under load: no token of a served key is ever refused, none of a withdrawn key
//! lives on, and nobody makes the filter ask for keys more often than its `cooldown`.

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use voxgate_testbed::client::{Client, Response};
use voxgate_testbed::issuer::{fresh_claims, made_up_token, setup, token};
use voxgate_testbed::jwks::Jwks;

async fn ask(client: &Client, token: &str) -> Response {
    client.post("/tts").bearer(token).json(&json!({ "text": "a" })).send().await.unwrap()
}

fn reason(response: &Response) -> String {
    format!("{}: {}", response.status, response.text())
}

/// The `kid` in a token's header.
fn kid(token: &str) -> String {
    use base64::Engine;
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// What the fetches of so many workers are bounded by, whatever is asked. Envoy's main thread,
/// which runs the plugin too but never a request, fetches the first keys and no others.
fn most_fetches(workers: u64, begun: Instant, cooldown: Duration) -> u64 {
    let cooldowns = begun.elapsed().as_millis() / cooldown.as_millis();
    workers * (u64::try_from(cooldowns).unwrap() + 1) + 1
}

/// Asks with old and new tokens until `stop`; returns how many answers were judged.
async fn ask_until(client: Client, jwks: Arc<Jwks>, stop: Arc<AtomicBool>) -> u64 {
    let mut judged = 0;
    for turn in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        // Half the callers still have tokens of the key before.
        let token = match turn % 2 {
            0 => token(&jwks),
            _ => jwks.sign_with_oldest(&fresh_claims()),
        };
        let response = ask(&client, &token).await;
        // A key that is withdrawn while its token is on the way may be refused or not.
        if jwks.kids().contains(&kid(&token)) {
            assert_eq!(response.status, 200, "{} with {}", reason(&response), kid(&token));
            judged += 1;
        }
    }
    judged
}

async fn rotate_under_load(workers: u32) {
    let cooldown = Duration::from_millis(300);
    let jwks = Arc::new(Jwks::start().await.unwrap());
    // Before Envoy starts: its workers fetch before it says that it is ready.
    let begun = Instant::now();
    let fixture = setup(&jwks, &json!({ "cooldown": "300ms" }))
        .envoy(|options| options.concurrency = workers)
        .start()
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let clients = (0..4).flat_map(|_| fixture.both()).map(|(_, client)| client);
    let asking: Vec<_> = clients
        .map(|client| tokio::spawn(ask_until(client, Arc::clone(&jwks), Arc::clone(&stop))))
        .collect();
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        jwks.rotate();
        // In use the instant it is published, by a caller that was not there before.
        let response = ask(&fixture.http1(), &token(&jwks)).await;
        assert_eq!(response.status, 200, "{}", reason(&response));
    }
    stop.store(true, Ordering::Relaxed);
    let mut judged = 0;
    for asking in asking {
        judged += asking.await.unwrap();
    }
    assert!(judged > 100, "only {judged} requests");
    let fetches = jwks.fetches();
    let most = most_fetches(workers.into(), begun, cooldown);
    assert!(fetches >= 8 && fetches <= most, "{fetches} fetches, {most} are bearable");
    println!("{workers} workers: {judged} requests, 8 rotations, {fetches} fetches");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn no_token_of_a_served_key_is_refused_while_keys_rotate() {
    rotate_under_load(1).await;
}

#[tokio::test]
async fn no_token_of_a_served_key_is_refused_while_keys_rotate_on_two_workers() {
    rotate_under_load(2).await;
}

#[tokio::test]
async fn a_key_that_is_published_before_its_use_takes_over_at_once_from_one_that_is_withdrawn() {
    let jwks = Jwks::start().await.unwrap();
    // Fetched again each half second: refresh less timeout.
    let remote = json!({ "cooldown": "100ms", "timeout": "500ms", "refresh": "1s" });
    let fixture = setup(&jwks, &remote).start().await.unwrap();
    let client = fixture.http2();
    for _ in 0..3 {
        jwks.rotate();
        let published = jwks.fetches();
        // So many that the worker, and not only Envoy's main thread, has fetched.
        while jwks.fetches() < published + 4 {
            let old = jwks.sign_with_oldest(&fresh_claims());
            let response = ask(&client, &old).await;
            assert_eq!(response.status, 200, "{}", reason(&response));
        }
        let old = jwks.sign_with_oldest(&fresh_claims());
        assert_eq!(ask(&client, &old).await.status, 200);
        jwks.revoke_old();
        let fetches = jwks.fetches();
        for _ in 0..10 {
            let response = ask(&client, &token(&jwks)).await;
            assert_eq!(response.status, 200, "{}", reason(&response));
        }
        // All of that needed no fetch of its own; only refreshes may have come meanwhile.
        assert!(jwks.fetches() <= fetches + 2);
    }
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_withdrawn_keys_tokens_are_refused_after_the_next_refresh_though_they_were_cached() {
    let jwks = Jwks::start().await.unwrap();
    let remote = json!({ "cooldown": "100ms", "timeout": "500ms", "refresh": "1s" });
    let fixture = setup(&jwks, &remote).start().await.unwrap();
    let client = fixture.http1();
    let leaked = token(&jwks);
    for _ in 0..3 {
        assert_eq!(ask(&client, &leaked).await.status, 200);
    }
    let cached = fixture.envoy.metric("voxgate_identities_total", &[("source", "cache")]).await;
    assert!(cached.unwrap() >= 1);

    jwks.rotate();
    jwks.revoke_old();
    let good = token(&jwks);
    let deadline = Instant::now() + Duration::from_secs(10);
    let refused = loop {
        assert!(Instant::now() < deadline, "the leaked token still passes");
        let response = ask(&client, &leaked).await;
        if response.status != 200 {
            break response;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(refused.status, 401, "{}", reason(&refused));
    for _ in 0..3 {
        assert_eq!(ask(&client, &leaked).await.status, 401);
        assert_eq!(ask(&client, &good).await.status, 200);
    }
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn made_up_keys_cost_one_fetch_a_cooldown_and_harm_nobody_else() {
    let cooldown = Duration::from_secs(1);
    let jwks = Arc::new(Jwks::start().await.unwrap());
    let begun = Instant::now();
    let fixture = setup(&jwks, &json!({ "cooldown": "1s" })).start().await.unwrap();
    let flood = Instant::now();
    assert_eq!(ask(&fixture.http1(), &token(&jwks)).await.status, 200);

    let stop = Arc::new(AtomicBool::new(false));
    let attackers = fixture.http2();
    let attacks: Vec<_> = (0..100)
        .map(|_| {
            let (client, stop) = (attackers.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut attacks = 0;
                while !stop.load(Ordering::Relaxed) {
                    let response = ask(&client, &made_up_token()).await;
                    assert_eq!(response.status, 401, "{}", reason(&response));
                    attacks += 1;
                }
                attacks
            })
        })
        .collect();
    let mut others = 0;
    while flood.elapsed() < Duration::from_secs(5) {
        for (_, client) in fixture.both() {
            let response = ask(&client, &token(&jwks)).await;
            assert_eq!(response.status, 200, "{}", reason(&response));
            others += 1;
        }
        if others == 50 {
            jwks.rotate();
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut attacked = 0;
    for attack in attacks {
        attacked += attack.await.unwrap();
    }
    let (fetches, most) = (jwks.fetches(), most_fetches(1, begun, cooldown));
    println!("{attacked} attacks, {others} others, {fetches} fetches");
    assert!(attacked >= 300 && others > 50, "{attacked} attacks, {others} others");
    assert!(fetches <= most, "{fetches} fetches, {most} are bearable");
    fixture.finish().await.unwrap();
}
