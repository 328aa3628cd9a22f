//! The counters in shared data: contended, owed, renewed, left behind.

use std::task::Poll;

use voxgate_host::Gauge;
use voxgate_host::shared_data::SharedData;
use voxgate_policy::QuotaPolicy;
use voxgate_policy::quota::Verdict;
use voxgate_policy::quota::store::{LocalStore, Store};
use voxgate_policy::time::UnixMillis;

use super::*;

/// Keys of accounts.
const ACCOUNTS: &str = "voxgate.quota.";

#[test]
fn counters_that_cannot_be_had_deny_and_say_when_to_try_again() {
    let host = with_rules(json!([chars(100)]));
    host.outrun(Some(ACCOUNTS));
    let stream = ask(&host, &speech(20));
    let reply = stream.reply();
    assert_eq!((reply.status, reply.header("retry-after").as_deref()), (503, Some("1")));
    assert!(reply.text().contains("problem/quota-unavailable"), "{}", reply.text());
    assert!(reply.text().contains("quotas.on_store_error"), "{}", reply.text());
    stream.end();
    let grpc = request(&host, &speech(20)).header("content-type", "application/grpc").send();
    assert_eq!(grpc.reply().grpc_status, Some(14));
    grpc.end();
    host.outrun(None);
    assert_eq!((used(&host, "chars"), store_errors(&host)), ((0, 0), 2));
    host.tick();
    assert_eq!(host.metric("voxgate_quota_store_retries_total"), 2 * 64);
    let labels =
        [("outcome", "denied"), ("rule", "quota_store"), ("tier", "premium"), ("tenant", "acme")];
    assert_eq!(metric(&host, "voxgate_quota_decisions_total", &labels), 2);
}

#[test]
fn counters_that_cannot_be_had_let_pass_uncounted_where_the_policy_says_so() {
    let host = with(json!([chars(20)]), |it| it["quotas"]["on_store_error"] = json!("allow"));
    host.outrun(Some(ACCOUNTS));
    let stream = granted(&host, &speech(20));
    let answer = stream.respond(&PCM);
    assert!(answer.iter().all(|(name, _)| !name.starts_with("ratelimit")), "{answer:?}");
    stream.response_body(&sound(2000), true);
    stream.end();
    host.outrun(None);
    assert_eq!((used(&host, "chars"), store_errors(&host)), ((0, 0), 1));
    assert_eq!(denied(&host, &speech(21)), 429, "a limit is one");
}

/// What one account took is given back when another cannot be had.
#[test]
fn of_two_accounts_none_is_charged_if_one_cannot_be_had() {
    let mut service = requests(10);
    (service["name"], service["scope"]) = (json!("service"), json!("service"));
    let host = with_rules(json!([chars(100), service]));
    serve(granted(&host, &speech(20)), 10);
    // The service's own: tenants come first.
    let slot = voxgate_policy::quota::store::slot_of(&voxgate_policy::quota::AccountId::Service);
    host.outrun(Some(&format!("voxgate.quota.1.{slot}")));
    assert_eq!(denied(&host, &speech(20)), 503);
    host.outrun(None);
    assert_eq!(used(&host, "chars"), (20, 0));
}

#[test]
fn what_cannot_be_settled_is_owed_and_paid_once() {
    let host = with_rules(json!([chars(100), streams(5)]));
    let (charged, refunded) = (granted(&host, &speech(20)), granted(&host, &speech(30)));
    host.outrun(Some(ACCOUNTS));
    serve(charged, 2000);
    refunded.client_leaves();
    host.tick();
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((50, 50), (2, 2)));
    assert!(store_errors(&host) >= 4);
    host.outrun(None);
    for _ in 0..3 {
        host.tick();
        assert_eq!((used(&host, "chars"), used(&host, "streams")), ((20, 0), (0, 0)));
    }
    let labels = [("rule", "chars"), ("meter", "text.chars"), ("tenant", "acme")];
    assert_eq!(metric(&host, "voxgate_quota_committed_total", &labels), 20);
    assert_eq!(host.metric("voxgate_quota_leases"), 0);
}

#[test]
fn what_is_owed_for_longer_than_the_lease_is_charged_all_the_same() {
    let host = with_rules(json!([chars(100), streams(5)]));
    let stream = granted(&host, &speech(20));
    host.outrun(Some(ACCOUNTS));
    serve(stream, 2000);
    (0..20).for_each(|_| wait(&host, seconds(10)));
    assert_eq!(used(&host, "chars"), (0, 0), "the lease is over");
    host.outrun(None);
    host.tick();
    host.tick();
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((20, 0), (0, 0)));
    assert_eq!((host.metric("voxgate_quota_leases"), expired(&host)), (0, 21));
}

/// Of two accounts one was settled, the other is owed.
#[test]
fn what_is_owed_on_one_account_is_not_paid_again_on_the_other() {
    let mut service = requests(10);
    (service["name"], service["scope"]) = (json!("service"), json!("service"));
    let host = with_rules(json!([chars(100), service]));
    let stream = granted(&host, &speech(20));
    let slot = voxgate_policy::quota::store::slot_of(&voxgate_policy::quota::AccountId::Service);
    host.outrun(Some(&format!("voxgate.quota.1.{slot}")));
    serve(stream, 2000);
    assert_eq!(used(&host, "chars"), (20, 0));
    host.outrun(None);
    host.tick();
    assert_eq!(used(&host, "chars"), (20, 0));
    let all = accounts(&host);
    let service = all.iter().find(|it| it["scope"] == "service").unwrap();
    assert_eq!(
        (&service["limits"][0]["used"], &service["limits"][0]["reserved"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn so_many_settlements_wait_and_what_is_past_them_expires() {
    let host = with_rules(json!([requests(10_000)]));
    let streams: Vec<_> = (0..1026).map(|_| granted(&host, &of("voice.list"))).collect();
    host.outrun(Some(ACCOUNTS));
    for stream in streams {
        stream.respond_without_body(&[(":status", "200")]);
        stream.end();
    }
    let given_up = |host: &FakeHost| {
        host.logs().iter().filter(|it| it.message.contains("was given up")).count()
    };
    assert_eq!(given_up(&host), 2);
    host.tick();
    assert_eq!(given_up(&host), 2, "those that wait go on waiting");
    host.outrun(None);
    host.tick();
    assert_eq!(used(&host, "requests"), (1026, 2));
    host.advance(LEASE);
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!((used(&host, "requests"), expired(&host)), ((1024, 0), 2));
}

#[test]
fn a_reservation_is_renewed_by_chunks_once_half_of_its_lease_is_over() {
    let host = with_rules(json!([chars(100), streams(5)]));
    let stream = granted(&host, &speech(20));
    stream.respond(&PCM);
    let mut chunk_writes = |after: u64| {
        host.advance(seconds(after));
        let before = host.shared_data_writes();
        stream.response_body(&sound(10), false);
        host.shared_data_writes() - before
    };
    assert_eq!([0, 10, 19, 1, 0, 10, 19, 1].map(&mut chunk_writes), [0, 0, 0, 1, 0, 0, 0, 1]);
    for _ in 0..20 {
        assert_eq!(chunk_writes(50), 1);
        assert_eq!(used(&host, "streams"), (1, 1));
    }
    stream.response_body(&[], true);
    stream.end();
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((20, 0), (0, 0)));
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!(expired(&host), 0);
}

#[test]
fn a_renewal_that_the_store_refuses_is_tried_again_with_the_next_chunk() {
    let host = with_rules(json!([chars(100)]));
    let stream = granted(&host, &speech(20));
    stream.respond(&PCM);
    host.advance(seconds(40));
    host.outrun(Some(ACCOUNTS));
    stream.response_body(&sound(10), false);
    assert_eq!(store_errors(&host), 1);
    host.outrun(None);
    stream.response_body(&sound(10), false);
    host.advance(seconds(40));
    assert_eq!(used(&host, "chars"), (20, 20));
    stream.client_leaves();
    assert_eq!(used(&host, "chars").1, 0);
}

#[test]
fn what_a_dead_vm_left_expires_and_idle_accounts_go() {
    let host = with_rules(json!([rule("chars", "text.chars", Some("1m"), 100), streams(5)]));
    // Another VM's, of which neither an end nor a tick ever comes.
    let limited = json!([rule("chars", "text.chars", Some("1m"), 100), streams(5)]);
    let policy = QuotaPolicy::from_json(policy(limited).to_string().as_bytes()).unwrap();
    let now = UnixMillis(u64::try_from(host.time().as_millis()).unwrap());
    let dead = LocalStore::new(SharedData);
    for tenant in ["acme", "b", "c"] {
        let subject = Subject { tenant: Some(tenant.to_owned()), ..speech(20) };
        let demand = policy.quotas().demand(&subject, &policy, None);
        let answer = dead.reserve(0, &demand, now, policy.quotas().expiry(now));
        assert!(matches!(answer, Poll::Ready(Ok(Verdict::Granted(_)))));
    }
    Gauge::new("voxgate_quota_leases").add(dead.take_held());
    spoken(&host, 5);
    assert_eq!(accounts(&host).len(), 3);
    host.advance(LEASE - seconds(1));
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!((accounts(&host).len(), expired(&host)), (3, 0));
    host.advance(seconds(10));
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!((expired(&host), host.metric("voxgate_quota_leases")), (63, 0));
    host.advance(seconds(60));
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!(accounts(&host), [] as [Value; 0]);
    let writes = host.shared_data_writes();
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!(host.shared_data_writes(), writes, "where nothing is, nothing is written");
}

/// What a chunk found expired was not counted, if no sweep had come before it.
#[test]
fn what_expired_before_the_next_chunk_is_counted_and_taken_again() {
    let host = with_rules(json!([chars(100), streams(5)]));
    let stream = granted(&host, &speech(20));
    stream.respond(&PCM);
    host.advance(seconds(100));
    assert_eq!(used(&host, "chars"), (0, 0));
    stream.response_body(&sound(2000), false);
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((20, 20), (1, 1)));
    host.tick();
    assert_eq!((expired(&host), host.metric("voxgate_quota_leases")), (21, 1));
    stream.response_body(&[], true);
    stream.end();
    assert_eq!((used(&host, "chars"), host.metric("voxgate_quota_leases")), ((20, 0), 0));
}

/// A service that took longer than a lease for its first byte lost what its request had reserved:
/// others were admitted in its place, and at its end there was more in use than the limit.
#[test]
fn a_request_keeps_what_it_reserved_however_late_its_answer() {
    let host = with_rules(json!([chars(100), streams(1)]));
    let stream = granted(&host, &speech(100));
    for _ in 0..60 {
        wait(&host, seconds(10));
    }
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((100, 100), (1, 1)));
    assert_eq!(denied(&host, &speech(1)), 429);
    serve(stream, 10_000);
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((100, 0), (0, 0)));
    assert_eq!((expired(&host), host.metric("voxgate_quota_leases")), (0, 0));
    let writes = host.shared_data_writes();
    wait(&host, seconds(50));
    assert_eq!(host.shared_data_writes(), writes, "what is over is renewed no more");
}
