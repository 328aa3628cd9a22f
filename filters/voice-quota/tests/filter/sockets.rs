//! WebSockets.

use super::*;

fn open(host: &FakeHost) -> Stream {
    let stream = granted(host, &Subject { is_upgrade: true, ..speech(0) });
    stream.respond(&[(":status", "101")]);
    stream
}

/// As the service closes it.
fn close(stream: Stream) {
    stream.end_with(1 << 6, "upstream_reset_after_response_started{connection_termination}");
}

fn minutes_pass(host: &FakeHost, minutes: u64) {
    (0..minutes * 6).for_each(|_| wait(host, seconds(10)));
}

#[test]
fn a_connected_one_holds_its_unit_though_nothing_passes() {
    let host = with_rules(json!([streams(1), requests(10)]));
    let stream = open(&host);
    minutes_pass(&host, 10);
    assert_eq!((used(&host, "streams"), used(&host, "requests")), ((1, 1), (1, 1)));
    assert_eq!(host.metric("voxgate_quota_leases"), 1);
    assert_eq!(denied(&host, &speech(0)), 429);
    close(stream);
    assert_eq!((used(&host, "streams"), used(&host, "requests")), ((0, 0), (1, 0)));
    assert_eq!(host.metric("voxgate_quota_leases"), 0);
    minutes_pass(&host, 2);
    assert_eq!(expired(&host), 0);
}

#[test]
fn a_generating_one_holds_its_unit_while_the_service_sends() {
    let host = with(json!([streams(1)]), |it| it["quotas"]["websockets"] = json!("generating"));
    let stream = open(&host);
    minutes_pass(&host, 2);
    assert_eq!(used(&host, "streams"), (0, 0), "the service is silent");
    let other = granted(&host, &speech(0));
    stream.response_body(b"frame", false);
    assert_eq!(used(&host, "streams"), (2, 2), "it is past the limit, and not cut off");
    serve(other, 10);
    for _ in 0..10 {
        wait(&host, seconds(20));
        stream.response_body(b"frame", false);
        assert_eq!(used(&host, "streams"), (1, 1));
    }
    minutes_pass(&host, 2);
    assert_eq!(used(&host, "streams"), (0, 0));
    stream.client_leaves();
    (0..SWEEP).for_each(|_| host.tick());
    assert_eq!((used(&host, "streams"), host.metric("voxgate_quota_leases")), ((0, 0), 0));
}
