//! Calls, signatures, metrics and shared data, through the real SDK and a fake Envoy.

use std::time::Duration;

use crate::probe::{Probe, on_request, script};
use voxgate_fake_host::FakeHost;
use voxgate_host::{
    CallError, CounterFamily, Flow, ForeignError, Gauge, Hash, shared_data, verify_signature,
};

fn host() -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<Probe>);
    assert!(host.configure("{}"));
    host
}

fn call(host: &FakeHost, timeout: Duration) -> Result<u32, CallError> {
    script(|script| script.call = Some(timeout));
    host.tick();
    script(|script| script.sent.pop()).unwrap().map(|_| host.calls().last().unwrap().token)
}

#[test]
fn a_call_is_sent_with_a_time_limit_and_its_answer_read() {
    let host = host();
    host.add_cluster("keys");
    let token = call(&host, Duration::from_secs(5)).unwrap();
    let sent = &host.calls()[0];
    assert_eq!(sent.timeout, Duration::from_secs(5));
    assert_eq!(sent.header(":path").as_deref(), Some("/jwks"));
    assert_eq!(sent.header(":authority").as_deref(), Some("keys.test"));
    assert_eq!(sent.header("accept").as_deref(), Some("application/json"));
    host.answer_call(token, 200, &[("etag", "e")], b"keys");
    assert_eq!(
        script(|it| it.answers.pop()).unwrap(),
        "Some(200) Some([101]) Ok([107, 101, 121, 115])"
    );
}

#[test]
fn a_call_always_has_a_time_limit_that_envoy_can_read() {
    let host = host();
    host.add_cluster("keys");
    call(&host, Duration::ZERO).unwrap();
    call(&host, Duration::MAX).unwrap();
    let limits: Vec<_> = host.calls().iter().map(|call| call.timeout.as_millis()).collect();
    assert_eq!(limits, [1, i32::MAX as u128]);
}

#[test]
fn a_broken_connection_has_no_status() {
    let host = host();
    host.add_cluster("keys");
    let token = call(&host, Duration::from_secs(1)).unwrap();
    host.fail_call(token);
    assert_eq!(script(|it| it.answers.pop()).unwrap(), "None None Ok([])");
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let host = host();
    host.add_cluster("keys");
    let token = call(&host, Duration::from_secs(1)).unwrap();
    host.answer_call(token, 200, &[], b"12345");
    let answer = script(|it| it.answers.pop()).unwrap();
    assert_eq!(answer, "Some(200) None Err(TooLarge { size: 5, limit: 4 })");
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let host = host();
    let error = call(&host, Duration::from_secs(1)).unwrap_err();
    assert_eq!(error, CallError::UnknownCluster("keys".into()));
}

const RSA_KEY: &[u8] = include_bytes!("data/rsa.der");
const RSA_SIGNATURE: &[u8] = include_bytes!("data/rsa.sha256.sig");
const P256_KEY: &[u8] = include_bytes!("data/p256.der");
const P256_SIGNATURE: &[u8] = include_bytes!("data/p256.sha256.sig");
const P384_KEY: &[u8] = include_bytes!("data/p384.der");
const P384_SIGNATURE: &[u8] = include_bytes!("data/p384.sha384.sig");
const TEXT: &[u8] = b"hello.world";

#[test]
fn signatures_are_verified_by_the_host() {
    let _host = host();
    for (hash, key, signature) in [
        (Hash::Sha256, RSA_KEY, RSA_SIGNATURE),
        (Hash::Sha256, P256_KEY, P256_SIGNATURE),
        (Hash::Sha384, P384_KEY, P384_SIGNATURE),
    ] {
        assert_eq!(verify_signature(hash, key, signature, TEXT), Ok(true));
        assert_eq!(verify_signature(hash, key, signature, b"hello.worlD"), Ok(false));
        assert_eq!(verify_signature(Hash::Sha512, key, signature, TEXT), Ok(false));
        assert_eq!(verify_signature(hash, key, b"", TEXT), Ok(false));
        assert_eq!(verify_signature(hash, b"garbage", signature, TEXT), Ok(false));
    }
    assert_eq!(verify_signature(Hash::Sha256, RSA_KEY, P256_SIGNATURE, TEXT), Ok(false));
    assert_eq!(
        verify_signature(Hash::Sha256, b"", P256_SIGNATURE, TEXT),
        Err(ForeignError::UnusableKey)
    );
}

#[test]
fn a_host_that_cannot_verify_is_no_reason_to_accept() {
    let host = host();
    host.remove_function("verify_signature");
    assert_eq!(
        verify_signature(Hash::Sha256, RSA_KEY, RSA_SIGNATURE, TEXT),
        Err(ForeignError::Unavailable)
    );
}

const DECISIONS: CounterFamily = CounterFamily::new("decisions_total", &["outcome", "reason"], 2);

#[test]
fn labels_stand_in_the_name_where_istio_looks_for_them() {
    let host = host();
    DECISIONS.increment(&["deny", "expired"]);
    DECISIONS.increment(&["deny", "expired"]);
    DECISIONS.increment(&["allow"]);
    assert_eq!(host.metric("outcome=.=deny;.;reason=.=expired;.;decisions_total"), 2);
    assert_eq!(host.metric("outcome=.=allow;.;reason=.=;.;decisions_total"), 1);
    assert_eq!(host.definitions("outcome=.=deny;.;reason=.=expired;.;decisions_total"), 1);
}

#[test]
fn what_does_not_fit_a_family_is_counted_as_other() {
    let host = host();
    for reason in ["a", "b", "c", "d", "a"] {
        DECISIONS.increment(&["deny", reason]);
    }
    assert_eq!(host.metric("outcome=.=deny;.;reason=.=a;.;decisions_total"), 2);
    assert_eq!(host.metric("outcome=.=other;.;reason=.=other;.;decisions_total"), 2);
    assert_eq!(host.metric_names().len(), 3);
}

#[test]
fn a_label_value_cannot_end_its_label() {
    let host = host();
    DECISIONS.increment(&["deny;.;reason=.=x", &"long".repeat(100)]);
    let cut = "long".repeat(16);
    let name = format!("outcome=.=deny_._reason_._x;.;reason=.={cut};.;decisions_total");
    assert_eq!(host.metric_names(), [name]);
}

#[test]
fn metrics_are_defined_once_whatever_is_configured() {
    let host = host();
    Gauge::new("key_age_seconds").record(5);
    assert!(host.configure("{}"));
    Gauge::new("key_age_seconds").record(7);
    assert_eq!(host.metric("key_age_seconds"), 7);
    assert_eq!(host.definitions("key_age_seconds"), 1);
}

fn plus_one(value: Option<&[u8]>) -> Vec<u8> {
    vec![value.and_then(|it| it.first()).map_or(1, |it| it + 1)]
}

#[test]
fn two_workers_that_both_create_a_value_lose_nothing() {
    let host = host();
    host.interfere("voxgate.n", &[40]);
    assert_eq!(shared_data::update("voxgate.n", plus_one), Ok(vec![41]));
    host.interfere("voxgate.n", &[50]);
    assert_eq!(shared_data::update("voxgate.n", plus_one), Ok(vec![51]));
    assert_eq!(shared_data::get("voxgate.n"), Some(vec![51]));
}

#[test]
fn a_value_that_others_keep_changing_is_given_up() {
    let host = host();
    for _ in 0..100 {
        host.interfere("voxgate.n", &[1]);
    }
    assert_eq!(shared_data::update("voxgate.n", plus_one), Err(shared_data::Contended));
}

#[test]
fn the_clock_is_the_hosts() {
    let host = host();
    on_request(|request| {
        assert_eq!(request.now(), voxgate_host::now());
        Flow::Continue
    });
    let before = voxgate_host::now();
    host.advance(Duration::from_secs(60));
    host.request(&[]);
    assert_eq!(voxgate_host::now().since(before), Duration::from_secs(60));
}
