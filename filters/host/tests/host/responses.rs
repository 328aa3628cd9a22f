//! Responses that are watched as they pass, and how streams end.

use crate::probe::{Part, Probe, denial, on_body, on_request, script};
use voxgate_fake_host::{Action, FakeHost, Stream};
use voxgate_host::Progress::{Begun, Nothing, Whole};
use voxgate_host::{Ending, Flow, PIECE};

const OK: &[(&str, &str)] = &[(":status", "200"), ("server", "model")];

fn host() -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<Probe>);
    assert!(host.configure("{}"));
    host
}

fn get(host: &FakeHost) -> Stream {
    host.request(&[(":method", "GET"), (":path", "/")])
}

fn watch() -> FakeHost {
    script(|script| script.watches_responses = true);
    host()
}

fn seen() -> Vec<Part> {
    script(|script| std::mem::take(&mut script.response))
}

fn ending() -> Ending {
    script(|script| script.endings.pop()).expect("no stream ended")
}

#[test]
fn a_watched_response_is_seen_as_it_passes_and_never_held() {
    let host = watch();
    let stream = get(&host);
    let headers = stream.respond(OK);
    assert_eq!(headers, [(":status".into(), b"200".into()), ("x-seen".into(), b"yes".into())]);
    assert_eq!(stream.response_body(b"one ", false), Action::Continue);
    assert_eq!(stream.response_body(b"", false), Action::Continue);
    assert_eq!(stream.response_body(b"two", false), Action::Continue);
    assert_eq!(stream.response_body(b"", true), Action::Continue);
    assert_eq!(stream.downstream_body(), b"one two");
    let parts: [Part; 4] = [
        (b"one ".into(), 4, false),
        (b"".into(), 4, false),
        (b"two".into(), 7, false),
        (b"".into(), 7, true),
    ];
    assert_eq!(seen(), parts);
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 200 });
}

#[test]
fn a_large_chunk_of_a_response_is_read_in_pieces() {
    let host = watch();
    let sent: Vec<u8> = (0..PIECE * 3 + 7).map(|at| at as u8).collect();
    let stream = get(&host);
    stream.respond(OK);
    stream.response_body(&sent, true);
    assert_eq!(seen(), [(sent, (PIECE * 3 + 7) as u64, true)]);
    assert_eq!(script(|script| std::mem::take(&mut script.piece_sizes)), [PIECE, PIECE, PIECE, 7]);
}

#[test]
fn trailers_end_a_response_before_they_are_seen() {
    let host = watch();
    let stream = get(&host);
    stream.respond(OK);
    stream.response_body(b"one", false);
    assert_eq!(stream.response_trailers(&[("grpc-status", "8")]), Action::Continue);
    assert_eq!(seen(), [(b"one".into(), 3, false), (b"".into(), 3, true)]);
    assert_eq!(script(|script| script.response_status.take()).as_deref(), Some("8"));
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 200 });
}

#[test]
fn a_response_without_a_body_is_whole_with_its_headers() {
    let host = watch();
    let stream = get(&host);
    stream.respond_without_body(&[(":status", "204")]);
    assert_eq!(script(|script| script.responses_ended), 1);
    stream.end();
    assert_eq!((seen(), ending()), (vec![], Ending::Complete { status: 204 }));
}

/// Nobody waits for the filter's verdict; but what it counted is not what the client got.
#[test]
fn bytes_of_a_response_that_the_host_does_not_give_are_reported() {
    let host = watch();
    host.withhold_bodies();
    let stream = get(&host);
    stream.respond(OK);
    assert_eq!(stream.response_body(b"one", true), Action::Continue);
    assert_eq!(seen(), [(b"".into(), 3, true)]);
    assert!(host.logged("did not give the whole of a response body"));
}

#[test]
fn nothing_is_read_of_a_response_that_is_not_watched() {
    let host = host();
    let stream = get(&host);
    stream.respond(OK);
    stream.response_body(b"one", true);
    stream.response_trailers(&[("grpc-status", "8")]);
    assert_eq!(seen(), []);
    assert_eq!(script(|script| script.response_status.take()), None);
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 200 });
}

#[test]
fn our_own_reply_is_neither_watched_nor_a_response() {
    let host = watch();
    on_request(|_| Flow::Reply(denial()));
    get(&host).end();
    assert_eq!((seen(), ending()), (vec![], Ending::Replied));
    // Nor if its client does not wait for it.
    get(&host).client_leaves();
    assert_eq!(ending(), Ending::Replied);
}

#[test]
fn an_answer_of_envoy_or_of_a_later_filter_is_seen_and_is_no_upstreams() {
    let host = watch();
    for (status, flags, details) in [
        (503, 1 << 5, "upstream_reset_before_response_started{remote_connection_failure}"),
        (504, 1 << 2, "response_timeout"),
        (429, 0, "lua_response"),
    ] {
        let stream = get(&host);
        stream.answer_locally(status, flags, details);
        stream.end();
        assert_eq!(seen(), [(details.as_bytes().to_vec(), details.len() as u64, true)]);
        assert_eq!(ending(), Ending::Failed { response: Nothing });
    }
}

/// A filter need not watch what has no body.
#[test]
fn an_answer_of_envoy_without_a_body_is_no_upstreams_either() {
    for watches in [true, false] {
        script(|script| script.watches_responses = watches);
        let host = host();
        let stream = get(&host);
        stream.answer_locally_without_body(503, 1 << 24, "cluster_not_found");
        stream.end();
        assert_eq!(ending(), Ending::Failed { response: Nothing });
    }
}

#[test]
fn a_response_that_breaks_off_tells_how_far_it_came() {
    let host = watch();
    let stream = get(&host);
    stream.respond(OK);
    stream.upstream_breaks();
    assert_eq!(ending(), Ending::Failed { response: Begun });
    let stream = get(&host);
    stream.respond(OK);
    stream.response_body(b"one", false);
    stream.end_with(1 << 2, "response_timeout");
    assert_eq!(ending(), Ending::Failed { response: Begun });
}

#[test]
fn a_client_can_leave_at_any_time() {
    let host = watch();
    get(&host).client_leaves();
    assert_eq!(ending(), Ending::ClientLeft { response: Nothing });
    for (last, response) in [(false, Begun), (true, Whole)] {
        let stream = get(&host);
        stream.respond(OK);
        stream.response_body(b"one", last);
        stream.client_leaves();
        assert_eq!(ending(), Ending::ClientLeft { response });
    }
}

#[test]
fn a_client_that_leaves_while_its_request_is_held_had_no_response() {
    let host = watch();
    on_request(|_| Flow::ReadBody);
    let stream = host.new_request().with_body().send();
    stream.body(b"one", false);
    stream.client_leaves();
    assert_eq!(ending(), Ending::ClientLeft { response: Nothing });
}

/// The upstream need not wait for the request's end with its answer.
#[test]
fn an_early_answer_is_watched_while_the_request_still_comes() {
    let host = watch();
    on_request(|_| Flow::ReadBody);
    on_body(|_, _, _| Flow::Watch);
    let stream = host.new_request().with_body().send();
    stream.body(b"one", false);
    stream.respond(&[(":status", "500")]);
    stream.response_body(b"no", true);
    stream.body(b"two", false);
    assert_eq!(seen(), [(b"no".into(), 2, true)]);
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 500 });
}
