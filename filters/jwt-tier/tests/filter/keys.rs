use std::time::Duration;

use voxgate_fake_host::{Action, Outcome};

use super::*;

const CLUSTER: &str = "outbound|443||issuer.test";

fn remote() -> Value {
    json!({"remote": {
        "uri": "https://issuer.test/keys/jwks.json?v=1",
        "cluster": CLUSTER,
        "max_stale": "10m",
    }})
}

fn with_cluster() -> FakeHost {
    with_cluster_and(|_| ())
}

/// … with the policy that `change` makes of it.
pub fn with_cluster_and(change: impl FnOnce(&mut Value)) -> FakeHost {
    let host = start();
    host.add_cluster(CLUSTER);
    let mut policy = policy(remote());
    change(&mut policy);
    assert!(host.configure(policy.to_string()), "{:?}", host.logs());
    host
}

fn wait(host: &FakeHost, time: Duration) {
    host.advance(time);
    host.tick();
}

/// Answers the fetch under way.
pub fn answer(host: &FakeHost, status: u16, body: &str) {
    let calls = host.calls();
    let call = calls.last().expect("no fetch is under way");
    host.answer_call(call.token, status, &[], body.as_bytes());
}

fn with_keys() -> FakeHost {
    let host = with_cluster();
    host.tick();
    answer(&host, 200, testing::jwks());
    host
}

#[test]
fn the_first_request_waits_for_the_first_keys() {
    let host = with_cluster();
    let good = post(&host, "/tts", token(&host, &SigningKey::es256()));
    let bad = post(&host, "/batch", token(&host, &SigningKey::es256()));
    assert_eq!(good.outcome(), Outcome::Waiting);
    host.tick();
    let calls = host.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].cluster, CLUSTER);
    assert_eq!(calls[0].header(":authority").as_deref(), Some("issuer.test"));
    assert_eq!(calls[0].header(":path").as_deref(), Some("/keys/jwks.json?v=1"));
    assert_eq!(calls[0].header(":scheme").as_deref(), Some("https"));
    host.tick();
    assert_eq!(host.calls().len(), 1, "one fetch is under way at most");
    answer(&host, 200, testing::jwks());
    assert_eq!(good.outcome(), Outcome::Continued);
    assert_eq!(good.header("x-user-tier").as_deref(), Some("basic"));
    assert_eq!(bad.reply().status, 403);
}

#[test]
fn a_request_that_waited_too_long_is_503_and_one_without_a_token_never_waits() {
    let host = with_cluster();
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    host.tick();
    wait(&host, Duration::from_millis(4999));
    assert_eq!(stream.outcome(), Outcome::Waiting);
    wait(&host, Duration::from_millis(1));
    let reply = stream.reply();
    assert_eq!((reply.status, reply.header("retry-after").as_deref()), (503, Some("1")));
    assert!(reply.text().contains("keys-unavailable"));
    assert_eq!(host.request(&[(":method", "POST"), (":path", "/tts")]).reply().status, 401);
}

#[test]
fn a_waiting_request_whose_client_leaves_is_forgotten() {
    let host = with_cluster();
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    stream.end();
    host.tick();
    answer(&host, 200, testing::jwks());
    assert_eq!(host.take_violations(), Vec::<String>::new());
}

#[test]
fn the_body_of_a_waiting_request_is_held_with_it() {
    let host = with_cluster();
    let bearer = format!("Bearer {}", token(&host, &SigningKey::es256()));
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    let request = request.header("content-type", "application/json");
    let stream = request.header("authorization", bearer).with_body().send();
    assert_eq!(stream.body(b"{\"text\":", false), Action::Pause);
    host.tick();
    answer(&host, 200, testing::jwks());
    // Now it waits for the rest of its body, on which the caller's tier depends.
    assert_eq!(stream.outcome(), Outcome::Waiting);
    assert_eq!(stream.body(b"\"Hello.\"}", true), Action::Continue);
    assert_eq!(stream.upstream_body(), b"{\"text\":\"Hello.\"}");
}

#[test]
fn a_cluster_that_is_not_there_is_named_in_the_log_and_tried_again() {
    let host = start();
    assert!(host.configure(policy(remote()).to_string()));
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    host.tick();
    assert!(host.logged("the proxy has no cluster \"outbound|443||issuer.test\""));
    host.add_cluster(CLUSTER);
    wait(&host, Duration::from_secs(4));
    answer(&host, 200, testing::jwks());
    assert_eq!(stream.outcome(), Outcome::Continued);
}

#[test]
fn the_last_good_keys_stay_while_the_source_fails_in_any_way() {
    let host = with_keys();
    let huge = "x".repeat(300_000);
    let failures: [(u16, &str, &str); 5] = [
        (500, "", "status"),
        (200, &huge, "too_large"),
        (200, "<html>", "malformed"),
        (200, "{\"keys\":[]}", "malformed"),
        (302, "", "status"),
    ];
    for (i, (status, body, result)) in failures.into_iter().enumerate() {
        let counter = format!("result=.={result};.;voxgate_jwks_fetches_total");
        let before = host.metric(&counter);
        // Long enough for the next fetch, not for the keys to become stale.
        wait(&host, Duration::from_secs(if i == 0 { 300 } else { 20 }));
        answer(&host, status, body);
        assert_eq!(host.metric(&counter), before + 1, "{result}");
        let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
        assert_eq!(stream.outcome(), Outcome::Continued, "after {result}");
    }
    wait(&host, Duration::from_secs(20));
    let call = host.calls().last().cloned().unwrap();
    host.fail_call(call.token);
    host.advance(Duration::from_secs(300));
    let stream = post(&host, "/tts", token(&host, &SigningKey::rs256()));
    assert_eq!(stream.outcome(), Outcome::Waiting, "past max_stale nothing is believed");
}

#[test]
fn a_token_of_a_new_key_waits_for_the_keys_to_be_fetched_again_and_passes() {
    let host = start();
    host.add_cluster(CLUSTER);
    assert!(host.configure(policy(remote()).to_string()));
    host.tick();
    let old = testing::jwks().replace("\"es256\"", "\"older\"");
    answer(&host, 200, &old);
    wait(&host, Duration::from_secs(10));
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    assert_eq!(stream.outcome(), Outcome::Waiting);
    host.tick();
    answer(&host, 200, testing::jwks());
    assert_eq!(stream.outcome(), Outcome::Continued);
}

#[test]
fn a_made_up_key_costs_one_fetch_a_cooldown_however_often_it_comes() {
    let host = with_keys();
    let key = SigningKey::es256();
    let mut header = key.header();
    header["kid"] = json!("made-up");
    let made_up = testing::sign(testing::claims(now(&host)).to_string(), header.to_string(), &key);
    wait(&host, Duration::from_secs(10));
    let before = host.calls().len();
    let streams: Vec<_> = (0..50).map(|_| post(&host, "/tts", &made_up)).collect();
    for _ in 0..5 {
        wait(&host, host.tick_period());
    }
    assert_eq!(host.calls().len() - before, 1);
    answer(&host, 200, testing::jwks());
    for stream in streams {
        assert_eq!(stream.reply().status, 401);
        assert_eq!(decision(&stream, "reason"), "unknown_key");
    }
}

#[test]
fn tokens_of_a_withdrawn_key_are_refused_though_they_were_verified_before() {
    let host = with_keys();
    let token = token(&host, &SigningKey::es256());
    assert_eq!(post(&host, "/tts", &token).outcome(), Outcome::Continued);
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "cache");
    wait(&host, Duration::from_secs(299));
    answer(&host, 200, &testing::jwks().replace("\"es256\"", "\"es256-next\""));
    host.advance(Duration::from_secs(3));
    let stream = post(&host, "/tts", &token);
    wait(&host, host.tick_period());
    answer(&host, 200, &testing::jwks().replace("\"es256\"", "\"es256-next\""));
    assert_eq!(decision(&stream, "reason"), "unknown_key");
}

#[test]
fn a_refresh_that_changes_nothing_keeps_the_verified_tokens() {
    let host = with_keys();
    let token = token(&host, &SigningKey::es256());
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "token");
    wait(&host, Duration::from_secs(299));
    answer(&host, 200, testing::jwks());
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "cache");
}

#[test]
fn a_new_configuration_finds_the_keys_that_the_old_one_fetched() {
    let host = with_keys();
    let mut changed = policy(remote());
    changed["tiers"][1]["name"] = json!("standard");
    let fetched = host.calls().len();
    assert!(host.configure(changed.to_string()));
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    assert_eq!(stream.header("x-user-tier").as_deref(), Some("standard"));
    assert_eq!(host.calls().len(), fetched);
}

#[test]
fn no_more_requests_wait_than_one_worker_can_look_after() {
    let host = with_cluster();
    let token = token(&host, &SigningKey::es256());
    let streams: Vec<_> = (0..1025).map(|_| post(&host, "/tts", &token)).collect();
    let waiting = streams.iter().filter(|it| it.outcome() == Outcome::Waiting).count();
    assert_eq!(waiting, 1024);
    assert_eq!(streams[1024].reply().status, 503);
    host.tick();
    answer(&host, 200, testing::jwks());
    assert!(streams[..1024].iter().all(|it| it.outcome() == Outcome::Continued));
}

#[test]
fn keys_that_nobody_verifies_with_are_not_fetched() {
    let host = start();
    host.add_cluster(CLUSTER);
    let mut policy = policy(remote());
    policy["identity"]["source"] = json!(["jwt_authn"]);
    let before = host.timer_starts();
    assert!(host.configure(policy.to_string()));
    assert_eq!((host.calls().len(), host.timer_starts()), (0, before));
}

#[test]
fn a_clock_that_is_set_back_makes_no_request_wait_for_as_long_as_that() {
    let host = with_cluster();
    host.advance(Duration::from_secs(3600));
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    assert_eq!(stream.outcome(), Outcome::Waiting);
    host.set_time(host.time() - Duration::from_secs(30));
    host.tick();
    assert_eq!(stream.reply().status, 503);
}

#[test]
fn the_timer_is_fast_only_while_somebody_waits() {
    let host = with_cluster();
    assert_eq!(host.tick_period(), Duration::from_millis(100));
    host.tick();
    answer(&host, 200, testing::jwks());
    host.tick();
    assert_eq!(host.tick_period(), Duration::from_secs(1));
    let key = SigningKey::es256();
    let mut header = key.header();
    header["kid"] = json!("next");
    let next = testing::sign(testing::claims(now(&host)).to_string(), header.to_string(), &key);
    let stream = post(&host, "/tts", next);
    assert_eq!(stream.outcome(), Outcome::Waiting);
    assert_eq!(host.tick_period(), Duration::from_millis(100));
}
