//! Calls, signatures, metrics and shared data, through the real SDK and a fake Envoy.

use std::time::Duration;

use crate::probe::{Probe, on_request, script};
use voxgate_fake_host::FakeHost;
use voxgate_host::{
    CallError, Counter, CounterFamily, Flow, ForeignError, Gauge, Hash, TooLarge, shared_data,
    verify_signature,
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
fn a_large_body_is_read_in_pieces() {
    let host = host();
    host.add_cluster("keys");
    let sent: Vec<u8> = (0..150_000_usize).map(|at| at as u8).collect();
    let token = call(&host, Duration::from_secs(1)).unwrap();
    host.answer_call(token, 200, &[], &sent);
    let pieces = script(|it| it.pieces.take()).unwrap().unwrap();
    let sizes: Vec<usize> = pieces.iter().map(Vec::len).collect();
    assert_eq!((pieces.concat(), sizes), (sent, vec![65536, 65536, 18928]));

    let token = call(&host, Duration::from_secs(1)).unwrap();
    host.answer_call(token, 200, &[], &[0; (1 << 20) + 1]);
    let too_large = TooLarge { size: (1 << 20) + 1, limit: 1 << 20 };
    assert_eq!(script(|it| it.pieces.take()).unwrap(), Err(too_large));
}

#[test]
fn an_answer_that_nothing_changed_has_its_etag_and_no_body() {
    let host = host();
    host.add_cluster("keys");
    let token = call(&host, Duration::from_secs(1)).unwrap();
    // As Envoy hands a 304 on, whose length is that of the body it stands for.
    host.answer_call(token, 304, &[("etag", "e"), ("content-length", "47")], b"");
    assert_eq!(script(|it| it.answers.pop()).unwrap(), "Some(304) Some([101]) Ok([])");
    assert_eq!(script(|it| it.pieces.take()).unwrap(), Ok(vec![]));
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

#[test]
fn counters_count_amounts_and_gauges_go_both_ways() {
    let host = host();
    DECISIONS.add(&["allow", "a"], 5_000_000_000);
    DECISIONS.add(&["allow", "a"], 1);
    DECISIONS.add(&["deny", "b"], 0);
    assert_eq!(host.metric("outcome=.=allow;.;reason=.=a;.;decisions_total"), 5_000_000_001);
    let counter = Counter::new("text_chars_total");
    counter.add(0);
    assert_eq!(host.metric_names().len(), 1);
    counter.add(u64::MAX);
    assert_eq!(host.metric("text_chars_total"), i64::MAX as u64);

    let gauge = Gauge::new("streams_held");
    gauge.add(3);
    gauge.add(-2);
    assert_eq!(host.metric("streams_held"), 1);
    gauge.add(-1);
    gauge.add(0);
    assert_eq!(host.metric("streams_held"), 0);
    // As Envoy does: it does not stop at zero.
    gauge.add(i64::MIN);
    assert_eq!(host.metric("streams_held"), 1 << 63 | 1);
    assert_eq!(host.take_violations(), ["took a metric below zero, or past its end"]);
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
fn of_two_workers_that_create_an_entry_one_wins() {
    let host = host();
    let (value, absent) = shared_data::read("voxgate.n");
    assert_eq!(value, None);
    host.interfere("voxgate.n", b"theirs");
    assert_eq!(shared_data::write("voxgate.n", b"ours", absent), Err(shared_data::Conflict));
    assert_eq!(shared_data::get("voxgate.n"), Some(b"theirs".to_vec()));
    assert_eq!(shared_data::write("voxgate.m", b"ours", absent), Ok(()));
    assert_eq!(shared_data::write("voxgate.m", b"again", absent), Err(shared_data::Conflict));
    assert_eq!(shared_data::get("voxgate.m"), Some(b"ours".to_vec()));
}

#[test]
fn a_version_is_good_for_one_write() {
    let _host = host();
    let (_, absent) = shared_data::read("voxgate.n");
    shared_data::write("voxgate.n", b"\0\xff", absent).unwrap();
    let (value, version) = shared_data::read("voxgate.n");
    assert_eq!(value, Some(b"\0\xff".to_vec()));
    assert_eq!(shared_data::write("voxgate.n", b"one", version), Ok(()));
    assert_eq!(shared_data::write("voxgate.n", b"two", version), Err(shared_data::Conflict));
    assert_eq!(shared_data::get("voxgate.n"), Some(b"one".to_vec()));
}

#[test]
fn an_empty_value_is_an_entry_all_the_same() {
    let _host = host();
    let (_, absent) = shared_data::read("voxgate.n");
    shared_data::write("voxgate.n", b"", absent).unwrap();
    let (value, version) = shared_data::read("voxgate.n");
    assert_eq!((value, shared_data::get("voxgate.n")), (Some(vec![]), None));
    assert_eq!(shared_data::write("voxgate.n", b"one", absent), Err(shared_data::Conflict));
    assert_eq!(shared_data::write("voxgate.n", b"one", version), Ok(()));
    assert_eq!(shared_data::update("voxgate.m", plus_one), Ok(vec![1]));
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
