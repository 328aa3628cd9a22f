//! What answers, and how they end, say of the service.

use super::*;

const GRPC: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

fn failed(host: &FakeHost) -> u64 {
    wait(host, SLOW);
    gauge(host, "failed_requests", "online")
}

#[test]
fn the_services_own_word_makes_it_busy_in_a_header_or_a_trailer() {
    let host = plain();
    for (says, level) in [("0.85", 1), ("0.99", 2), ("0.1", 1)] {
        let stream = admitted(&host, &speech(1));
        let load = format!("TEXT application_utilization={says}, cpu_utilization=1");
        stream.respond(&[GOOD[0], GOOD[1], ("endpoint-load-metrics", &load)]);
        stream.response_body(b"sound", true);
        stream.end();
        wait(&host, SLOW);
        assert_eq!(gauge(&host, "load_level", "online"), level, "{says}");
    }
    (0..5).for_each(|_| wait(&host, SLOW));
    assert_eq!(gauge(&host, "load_level", "online"), 0);
    let stream = admitted(&host, &speech(1));
    stream.respond(&GRPC);
    stream.response_body(b"\0\0\0\0\x01x", false);
    stream.response_trailers(&[
        ("grpc-status", "0"),
        ("endpoint-load-metrics", r#"JSON {"application_utilization": 0.97}"#),
    ]);
    stream.end();
    wait(&host, SLOW);
    assert_eq!(gauge(&host, "load_level", "online"), 2);
}

#[test]
fn the_policy_names_the_header_and_what_in_it_counts() {
    let host = with(|policy| {
        policy["shedding"]["load"] =
            json!({"report_header": "x-load", "report_metrics": ["named_metrics.gpu"]});
    });
    let answer = |name: &str, value: &str| {
        let stream = admitted(&host, &speech(1));
        stream.respond_without_body(&[GOOD[0], (name, value)]);
        stream.end();
        wait(&host, SLOW);
        gauge(&host, "load_level", "online")
    };
    assert_eq!(answer("endpoint-load-metrics", "TEXT named_metrics.gpu=0.99"), 0);
    assert_eq!(answer("x-load", "TEXT application_utilization=0.99"), 0);
    assert_eq!(answer("x-load", "what is this"), 0);
    assert_eq!(answer("x-load", "TEXT named_metrics.gpu=0.99"), 2);
}

#[test]
fn failures_of_the_service_count_and_what_clients_do_does_not() {
    let host = plain();
    let respond = |status: &str| {
        let stream = admitted(&host, &speech(1));
        stream.respond(&[(":status", status)]);
        stream.response_body(b"{}", true);
        stream.end();
    };
    ["200", "302", "400", "404", "422"].into_iter().for_each(respond);
    // Nearly nothing is in flight: it is rather the request's fault.
    respond("500");
    admitted(&host, &speech(1)).client_leaves();
    let part_way = admitted(&host, &speech(1));
    part_way.respond(&GOOD);
    part_way.response_body(b"so", false);
    part_way.client_leaves();
    let socket = admitted(&host, &Subject { is_upgrade: true, ..speech(0) });
    socket.respond(&[(":status", "101")]);
    socket.end_with(1 << 6, "upstream_reset_after_response_started{connection_termination}");
    assert_eq!(failed(&host), 0);
    (0..3).for_each(|_| wait(&host, SLOW));
    for (index, status) in ["429", "502", "503", "504"].into_iter().enumerate() {
        respond(status);
        if index < 3 {
            continue;
        }
        assert_eq!(failed(&host), 4);
        assert_eq!(gauge(&host, "load_level", "online"), 2);
    }
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn a_service_that_breaks_or_does_not_answer_is_overloaded() {
    let host = plain();
    let [mid_body, refused, timed_out, limited] = [(); 4].map(|()| admitted(&host, &speech(1)));
    mid_body.respond(&GOOD);
    mid_body.response_body(b"so", false);
    mid_body.upstream_breaks();
    refused.answer_locally(
        503,
        1 << 5,
        "upstream_reset_before_response_started{remote_connection_failure}",
    );
    refused.end();
    timed_out.answer_locally(504, 1 << 2, "response_timeout");
    timed_out.end();
    // A filter after this one, on its own account.
    limited.answer_locally(403, 0, "rbac_access_denied");
    limited.end();
    assert_eq!(failed(&host), 3);
    assert_eq!(gauge(&host, "load_level", "online"), 2);
}

#[test]
fn what_clients_and_envoy_cut_short_is_not_the_services_failure() {
    let host = plain();
    for (flags, details) in [
        (1 << 9, "stream_idle_timeout"),
        (0, "max_duration_timeout"),
        (1 << 2, "response_timeout"),
        (1 << 14, "downstream_local_disconnect(filter_chain_is_being_removed)"),
    ] {
        let slow_reader = admitted(&host, &speech(1));
        slow_reader.respond(&GOOD);
        slow_reader.response_body(b"so", false);
        slow_reader.end_with(flags, details);
    }
    let fault = admitted(&host, &speech(1));
    fault.answer_locally(503, 0, "fault_filter_abort");
    fault.end();
    // Who asks for an answer at once gets none from anybody.
    let now = host.time().as_millis();
    let hasty = request(&host, &speech(1)).header("x-voxgate-deadline", (now + 20).to_string());
    let hasty = hasty.send();
    host.advance(Duration::from_millis(50));
    hasty.respond(&[(":status", "504")]);
    hasty.response_body(b"{}", true);
    hasty.end();
    assert_eq!(failed(&host), 0);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn a_place_is_free_when_the_service_is_done_however_slowly_its_client_reads() {
    let host = plain();
    let read = admitted(&host, &speech(80));
    read.respond(&GOOD);
    read.response_body(b"sound", true);
    assert_eq!(here(&host), (0, 0), "though its end is still to come");
    read.client_leaves();
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn where_much_is_in_flight_an_internal_error_is_the_services() {
    let host = plain();
    let _full = admitted(&host, &speech(80));
    for _ in 0..3 {
        let stream = admitted(&host, &basic(5));
        stream.respond_without_body(&[(":status", "500")]);
        stream.end();
    }
    assert_eq!(failed(&host), 3);
}

#[test]
fn grpc_says_it_in_its_status() {
    let host = plain();
    let call = |status: &str, in_headers: bool| {
        let subject = speech(1);
        let stream = request(&host, &subject).header("content-type", "application/grpc").send();
        if in_headers {
            stream.respond_without_body(&[GRPC[0], GRPC[1], ("grpc-status", status)]);
        } else {
            stream.respond(&GRPC);
            stream.response_body(b"\0\0\0\0\x01x", false);
            stream.response_trailers(&[("grpc-status", status)]);
        }
        stream.end();
    };
    for status in ["0", "3", "5", "13", "16"] {
        call(status, false);
        call(status, true);
    }
    assert_eq!(failed(&host), 0);
    (0..3).for_each(|_| wait(&host, SLOW));
    for status in ["4", "8", "14"] {
        call(status, false);
        call(status, true);
    }
    assert_eq!(failed(&host), 6);
    assert_eq!(here(&host), (0, 0));
}
