//! However a request ends, the counters are exact afterwards.

use super::*;

fn host() -> FakeHost {
    with_rules(json!([
        chars(10_000),
        rule("audio", "audio.seconds", Some("30d"), 3600),
        requests(1000),
        streams(3),
    ]))
}

/// Nothing is reserved any more, and so much counts.
fn assert_use(host: &FakeHost, chars: u64, audio: u64, requests: u64) {
    assert_eq!(used(host, "streams"), (0, 0));
    assert_eq!(host.metric("voxgate_quota_leases"), 0);
    let all = ["chars", "audio", "requests"].map(|it| used(host, it));
    assert_eq!(all, [(chars, 0), (audio, 0), (requests, 0)]);
}

#[test]
fn what_is_spoken_to_its_end_is_charged_as_it_was() {
    let host = host();
    serve(granted(&host, &speech(20)), 3000);
    assert_use(&host, 20, 3, 1);
}

#[test]
fn failures_and_silence_cost_nothing() {
    let host = host();
    for status in ["400", "404", "429", "500", "503"] {
        let stream = granted(&host, &speech(20));
        stream.respond(&[(":status", status), ("content-type", "application/json")]);
        stream.response_body(b"{}", true);
        stream.end();
        let stream = granted(&host, &speech(20));
        stream.respond_without_body(&[(":status", status)]);
        stream.end();
    }
    serve(granted(&host, &speech(20)), 0);
    let broken = granted(&host, &speech(20));
    broken.respond(&PCM);
    broken.response_body(&sound(500), false);
    broken.upstream_breaks();
    let by_lua = granted(&host, &speech(20));
    by_lua.answer_locally(200, 0, "lua_response");
    by_lua.end();
    let without_cluster = granted(&host, &speech(20));
    without_cluster.answer_locally_without_body(503, 1 << 24, "cluster_not_found");
    without_cluster.end();
    assert_use(&host, 0, 0, 0);
}

#[test]
fn who_leaves_pays_for_what_came() {
    let host = host();
    granted(&host, &speech(20)).client_leaves();
    let after_headers = granted(&host, &speech(20));
    after_headers.respond(&PCM);
    after_headers.client_leaves();
    assert_use(&host, 0, 0, 0);
    // Half of the two seconds that were expected.
    let part_way = granted(&host, &speech(20));
    part_way.respond(&PCM);
    part_way.response_body(&sound(1000), false);
    part_way.client_leaves();
    assert_use(&host, 10, 1, 1);
}

#[test]
fn a_grpc_call_that_fails_costs_nothing_wherever_it_says_so() {
    let host = host();
    let call = || request(&host, &speech(20)).header("content-type", "application/grpc").send();
    let headers = [(":status", "200"), ("content-type", "application/grpc")];
    let by_trailers = call();
    by_trailers.respond(&headers);
    by_trailers.response_body(b"\0\0\0\0\x01x", false);
    by_trailers.response_trailers(&[("grpc-status", "13")]);
    by_trailers.end();
    let by_headers = call();
    by_headers.respond_without_body(&[headers[0], headers[1], ("grpc-status", "14")]);
    by_headers.end();
    assert_use(&host, 0, 0, 0);
    let good = call();
    good.respond(&headers);
    good.response_body(b"\0\0\0\0\x01x", false);
    good.response_trailers(&[("grpc-status", "0")]);
    good.end();
    // Its sound is not measured: the estimate counts.
    assert_use(&host, 20, 2, 1);
}

#[test]
fn an_answer_that_has_no_body_by_right_counts() {
    let host = host();
    for (status, count) in [("200", 1), ("204", 2), ("304", 3)] {
        let stream = granted(&host, &of("voice.list"));
        stream.respond_without_body(&[(":status", status), ("content-length", "100")]);
        stream.end();
        assert_use(&host, 0, 0, count);
    }
    // Where speech was asked for there is none in it.
    let stream = granted(&host, &speech(20));
    stream.respond_without_body(&[(":status", "204")]);
    stream.end();
    assert_use(&host, 0, 0, 3);
}

#[test]
fn an_answer_before_the_request_has_ended_settles_it() {
    let host = host();
    let early = |status: &str| {
        let stream = request(&host, &speech(20)).with_body().send();
        stream.body(b"{\"text\":", false);
        stream.respond(&[(":status", status), ("content-type", "audio/pcm")]);
        stream.response_body(&sound(1000), true);
        stream.end();
    };
    early("413");
    assert_use(&host, 0, 0, 0);
    early("200");
    assert_use(&host, 20, 1, 1);
}

#[test]
fn a_body_that_the_host_withholds_counts_by_its_size() {
    let host = host();
    host.withhold_bodies();
    let stream = granted(&host, &speech(20));
    stream.respond(&PCM);
    stream.response_body(&sound(1000), true);
    stream.end();
    assert_eq!(used(&host, "streams"), (0, 0));
    assert_eq!(host.metric("voxgate_quota_leases"), 0);
    assert_eq!(used(&host, "chars").1, 0);
    assert!(host.logged("did not give the whole of a response body"));
}

#[test]
fn a_voice_is_held_until_it_is_deleted() {
    let host = with_rules(json!([rule("voices", "voice.slots", None, 1)]));
    let answer = |subject: &Subject, status: &str| {
        let stream = granted(&host, subject);
        stream.respond_without_body(&[(":status", status)]);
        stream.end();
    };
    let being_made = granted(&host, &of("voice.create"));
    assert_eq!((used(&host, "voices"), host.metric("voxgate_quota_leases")), ((1, 1), 1));
    being_made.client_leaves();
    answer(&of("voice.create"), "500");
    assert_eq!(used(&host, "voices"), (0, 0));
    answer(&of("voice.create"), "201");
    assert_eq!((used(&host, "voices"), host.metric("voxgate_quota_leases")), ((1, 0), 0));
    assert_eq!(denied(&host, &of("voice.create")), 429);
    answer(&of("voice.delete"), "404");
    assert_eq!(used(&host, "voices"), (1, 0));
    answer(&of("voice.delete"), "204");
    assert_eq!(used(&host, "voices"), (0, 0));
}
