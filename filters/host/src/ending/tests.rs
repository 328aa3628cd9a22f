//! The rows of the table, as they were measured.

use super::Progress::{Begun, Nothing, Whole};
use super::*;

const DC: u64 = 1 << 14;
const DPE: u64 = 1 << 18;
const DR: u64 = 1 << 28;
const FI: u64 = 1 << 10;
const NC: u64 = 1 << 24;
const SI: u64 = 1 << 16;
const UC: u64 = 1 << 6;
const UF: u64 = 1 << 5;
const UH: u64 = 1 << 1;
const UO: u64 = 1 << 7;
const UPE: u64 = 1 << 23;
const UR: u64 = 1 << 4;
const URX: u64 = 1 << 15;
const UT: u64 = 1 << 2;

const CLOSED: &str = "downstream_remote_disconnect";
const RESET: &str = "http2.remote_reset";
const DRAINED: &str = "downstream_local_disconnect(filter_chain_is_being_removed)";

fn before(reason: &str) -> String {
    format!("upstream_reset_before_response_started{{{reason}}}")
}

fn after(reason: &str) -> String {
    format!("upstream_reset_after_response_started{{{reason}}}")
}

/// Of a watched response.
fn ending(response: Progress, flags: u64, details: impl AsRef<str>, code: u16) -> Ending {
    let seen = Seen { replied: false, response, was_watched: response != Nothing };
    Ending::of(seen, Known { flags, details: details.as_ref().as_bytes(), code })
}

#[test]
fn a_whole_response_is_complete_whatever_its_status() {
    for code in [200, 204, 404, 429, 500, 503] {
        assert_eq!(ending(Whole, 0, "via_upstream", code), Ending::Complete { status: code });
    }
}

#[test]
fn our_own_reply_has_no_details() {
    let seen = Seen { replied: true, ..Seen::default() };
    for flags in [0, DC] {
        let known = Known { flags, details: b"", code: 429 };
        assert_eq!(Ending::of(seen, known), Ending::Replied);
    }
}

#[test]
fn an_answer_that_is_no_upstreams_is_a_failure_without_a_response() {
    for (flags, details, code) in [
        (0, "lua_response".to_owned(), 429),
        (0, String::new(), 403),
        (FI, "fault_filter_abort".to_owned(), 503),
        (0, "direct_response".to_owned(), 418),
        (NC, "cluster_not_found".to_owned(), 503),
        (UH, "no_healthy_upstream".to_owned(), 503),
        (UO, before("overflow"), 503),
        (UF, before("remote_connection_failure|delayed_connect_error:_Connection_refused"), 503),
        (UC, before("connection_termination"), 503),
        (UC | URX, before("connection_termination"), 503),
        (UPE, before("protocol_error"), 502),
        (UT, "response_timeout".to_owned(), 504),
        (SI, "stream_idle_timeout".to_owned(), 504),
        (0, "max_duration_timeout".to_owned(), 504),
    ] {
        let failed = Ending::Failed { response: Nothing };
        assert_eq!(ending(Nothing, flags, &details, code), failed, "{details}");
    }
}

#[test]
fn a_response_that_broke_off_is_a_failure_that_had_begun() {
    for (flags, details) in [
        (UPE, after("protocol_error")),
        (UR, after("remote_reset")),
        (UT, "response_timeout".to_owned()),
        (SI, "stream_idle_timeout".to_owned()),
        (0, "max_duration_timeout".to_owned()),
    ] {
        let failed = Ending::Failed { response: Begun };
        assert_eq!(ending(Begun, flags, &details, 200), failed, "{details}");
    }
}

#[test]
fn a_client_leaves_at_any_time() {
    for (flags, details) in [(DC, CLOSED), (DR, RESET)] {
        for (response, code) in [(Nothing, 0), (Begun, 200), (Whole, 200)] {
            let left = Ending::ClientLeft { response };
            assert_eq!(ending(response, flags, details, code), left);
        }
    }
    let broke = ending(Nothing, DPE, "http1.codec_error", 400);
    assert_eq!(broke, Ending::ClientLeft { response: Nothing });
}

/// Envoy sets the client's flag for it.
#[test]
fn a_connection_that_envoy_closed_is_not_the_clients_doing() {
    assert_eq!(ending(Nothing, DC, DRAINED, 0), Ending::Failed { response: Nothing });
    assert_eq!(ending(Begun, DC, DRAINED, 200), Ending::Failed { response: Begun });
}

/// It has no other end than that somebody closes it.
#[test]
fn a_websocket_that_the_service_closed_is_complete() {
    let closed = after("connection_termination");
    assert_eq!(ending(Begun, UC, &closed, 101), Ending::Complete { status: 101 });
    assert_eq!(ending(Begun, UC, &closed, 200), Ending::Failed { response: Begun });
    assert_eq!(ending(Begun, DC, CLOSED, 101), Ending::ClientLeft { response: Begun });
}

#[test]
fn of_a_response_that_was_not_watched_only_the_details_say_that_it_is_complete() {
    let ending = |response, flags, details: &str| {
        let seen = Seen { replied: false, response, was_watched: false };
        Ending::of(seen, Known { flags, details: details.as_bytes(), code: 200 })
    };
    for response in [Begun, Whole] {
        assert_eq!(ending(response, 0, "via_upstream"), Ending::Complete { status: 200 });
        assert_eq!(ending(response, DC, CLOSED), Ending::ClientLeft { response });
    }
    assert_eq!(ending(Begun, 0, "max_duration_timeout"), Ending::Failed { response: Begun });
    // Envoy's answers to gRPC have no body.
    assert_eq!(ending(Whole, NC, "cluster_not_found"), Ending::Failed { response: Nothing });
}

/// A watched response without its end; no such case was met.
#[test]
fn what_envoy_does_not_explain_is_no_success() {
    assert_eq!(ending(Begun, 0, "via_upstream", 200), Ending::Failed { response: Begun });
    assert_eq!(ending(Nothing, 0, "", 0), Ending::Failed { response: Nothing });
}
