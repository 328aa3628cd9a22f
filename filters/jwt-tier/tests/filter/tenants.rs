//! Caps that come from the source of tenants.

use std::time::Duration;

use super::*;

const CLUSTER: &str = "outbound|80||tenants.test";

fn with_source() -> FakeHost {
    let host = start();
    host.add_cluster(CLUSTER);
    let mut policy = policy(inline());
    policy["tenants"] = json!({
        "inline": [{"id": "inline"}],
        "source": {"uri": "http://tenants.test/all", "cluster": CLUSTER, "refresh": "30s"},
    });
    assert!(host.configure(policy.to_string()), "{:?}", host.logs());
    host
}

fn answer(host: &FakeHost, document: &str) {
    let call = host.calls().last().cloned().expect("no fetch is under way");
    host.answer_call(call.token, 200, &[("etag", "\"1\"")], document.as_bytes());
}

fn premium(host: &FakeHost, tenant: &str) -> String {
    let mut claims = testing::claims(now(host));
    claims["scope"] = json!("tts.premium");
    claims["tenant"] = json!(tenant);
    let key = SigningKey::eddsa();
    testing::sign(claims.to_string(), key.header().to_string(), &key)
}

fn tier(host: &FakeHost, token: &str) -> Option<String> {
    post(host, "/tts", token).header("x-user-tier")
}

#[test]
fn a_cap_applies_from_the_moment_it_is_known_to_tokens_verified_before() {
    let host = with_source();
    let token = premium(&host, "acme");
    assert_eq!(tier(&host, &token).as_deref(), Some("premium"), "nothing came yet");
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "cache");
    host.tick();
    answer(&host, "{\"id\":\"acme\",\"max_tier\":\"basic\"}");
    let stream = post(&host, "/tts", &token);
    assert_eq!(stream.header("x-user-tier").as_deref(), Some("basic"));
    assert_eq!(decision(&stream, "source"), "token", "what was verified before has the old tier");
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "cache");
    assert_eq!(tier(&host, &premium(&host, "bell")).as_deref(), Some("premium"));

    host.advance(Duration::from_secs(34));
    host.tick();
    answer(&host, "{\"id\":\"acme\"}");
    assert_eq!(tier(&host, &token).as_deref(), Some("premium"));
}

#[test]
fn an_answer_that_nothing_changed_keeps_the_verified_tokens() {
    let host = with_source();
    host.tick();
    answer(&host, "{\"id\":\"acme\"}");
    let token = premium(&host, "acme");
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "token");
    host.advance(Duration::from_secs(34));
    host.tick();
    host.answer_call(host.calls()[0].token, 304, &[], b"");
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "cache");
}

#[test]
fn what_stands_inline_comes_first() {
    let host = with_source();
    host.tick();
    answer(&host, "{\"id\":\"inline\",\"max_tier\":\"basic\"}");
    assert_eq!(tier(&host, &premium(&host, "inline")).as_deref(), Some("premium"));
}

#[test]
fn the_timer_is_fast_only_until_the_first_fetch() {
    let host = with_source();
    assert_eq!(host.tick_period(), Duration::from_millis(100));
    host.tick();
    assert_eq!(host.tick_period(), Duration::from_secs(1));
}
