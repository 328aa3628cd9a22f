//! Envoy's wall clock moves while it runs, forwards and backwards, and the filter follows it.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use voxgate_policy::testing::claims;
use voxgate_policy::time::UnixMillis;
use voxgate_testbed::fixture::{Fixture, now, policy, signed};

const HOUR: i64 = 3600;

/// The status and, of a refusal, what it says.
async fn ask(fixture: &Fixture, token: &str) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    for (_, client) in fixture.both() {
        let request = client.post("/tts").bearer(token).json(&json!({ "text": "a" }));
        let response = request.send().await.unwrap();
        let status = response.status.as_u16();
        let detail = if status == 200 { Value::Null } else { response.json()["detail"].clone() };
        answers.push((status, detail.as_str().unwrap_or_default().to_owned()));
    }
    answers
}

async fn assert_allowed(fixture: &Fixture, token: &str, when: &str) {
    let answers = ask(fixture, token).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{when}: {answers:?}");
}

async fn assert_refused(fixture: &Fixture, token: &str, why: &str, when: &str) {
    let answers = ask(fixture, token).await;
    let refused = |(status, detail): &(u16, String)| *status == 401 && detail.contains(why);
    assert!(answers.iter().all(refused), "{when}: {answers:?}");
}

/// A token that is good from this time on, for five minutes. Each is a new one: a token that was
/// found good is remembered as good until it expires, also when the clock goes back.
fn valid_from(now: UnixMillis) -> String {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let mut claims = claims(now);
    claims["nbf"] = json!(now.0 / 1000);
    claims["jti"] = json!(SERIAL.fetch_add(1, Ordering::Relaxed));
    signed(&claims)
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "moving Envoy's clock needs LD_PRELOAD, so Linux")]
async fn a_clock_that_moves_by_hours_is_followed_and_envoy_goes_on() {
    let setup = Fixture::of(policy()).envoy(|options| {
        options.movable_clock = true;
        options.concurrency = 2;
    });
    let mut fixture = setup.start().await.unwrap();
    let today = valid_from(now());
    assert_allowed(&fixture, &today, "before it moves").await;

    fixture.envoy.move_clock(2 * HOUR).unwrap();
    assert_refused(&fixture, &today, "expired", "two hours later").await;
    assert_allowed(&fixture, &valid_from(fixture.envoy.now()), "two hours later, a new one").await;

    fixture.envoy.move_clock(-4 * HOUR).unwrap();
    assert_refused(&fixture, &valid_from(now()), "not valid yet", "two hours earlier").await;
    assert_allowed(&fixture, &valid_from(fixture.envoy.now()), "two hours earlier, a new one")
        .await;

    // To the first second of a month far from now, and back to the day it is.
    let new_year = UnixMillis(4_070_908_800_000);
    fixture.envoy.set_clock(new_year).unwrap();
    assert_allowed(&fixture, &valid_from(new_year), "in 2099").await;
    fixture.envoy.set_clock(now()).unwrap();
    assert_allowed(&fixture, &valid_from(now()), "today again").await;

    // Timers still go: the access log is flushed by one.
    let logged = fixture.envoy.access_log().unwrap().len();
    assert_allowed(&fixture, &valid_from(now()), "at last").await;
    fixture.envoy.access_log_entry_after(logged).await.unwrap();
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn the_clock_of_an_ordinary_envoy_is_not_moved() {
    let mut fixture = Fixture::of(policy()).start().await.unwrap();
    let refused = fixture.envoy.move_clock(1).unwrap_err();
    assert!(refused.to_string().contains("movable_clock"), "{refused}");
    fixture.finish().await.unwrap();
}
