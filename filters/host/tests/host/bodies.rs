//! Bodies that are read while the request is held, or watched as they pass.

mod editing;
mod waiting;

use crate::probe::{Part, Probe, denial, on_body, on_request, on_resume, script};
use voxgate_fake_host::{Action, FakeHost, Outcome, Stream};
use voxgate_host::{Flow, PIECE};

fn host() -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<Probe>);
    assert!(host.configure("{}"));
    host
}

fn post(host: &FakeHost) -> Stream {
    host.new_request().header(":method", "POST").with_body().send()
}

/// The text of each part, how much there was with it, and whether it was the last.
fn texts(parts: &[Part]) -> Vec<(&str, u64, bool)> {
    parts
        .iter()
        .map(|(bytes, so_far, is_last)| (str::from_utf8(bytes).unwrap(), *so_far, *is_last))
        .collect()
}

fn read() -> Vec<Part> {
    script(|script| script.read.clone())
}

fn passed() -> Vec<Part> {
    script(|script| script.passed.clone())
}

/// Decides by the body when it is over, and tells the upstream.
fn at_the_end(then: Flow) {
    on_body(move |request, _, body| {
        if !body.is_last() {
            return Flow::ReadBody;
        }
        request.set("x-user-tier", b"gold").unwrap();
        then.clone()
    });
}

#[test]
fn a_body_is_held_until_it_is_read_and_each_byte_is_read_once() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    at_the_end(Flow::Continue);
    let stream = post(&host);
    assert_eq!(stream.body(b"one ", false), Action::Pause);
    assert_eq!(stream.body(b"two ", false), Action::Pause);
    assert_eq!((stream.outcome(), stream.upstream_body()), (Outcome::Waiting, vec![]));
    assert_eq!(stream.body(b"three", true), Action::Continue);
    assert_eq!(stream.outcome(), Outcome::Continued);
    assert_eq!(stream.upstream_body(), b"one two three");
    assert_eq!(stream.header("x-user-tier").as_deref(), Some("gold"));
    assert_eq!(texts(&read()), [("one ", 4, false), ("two ", 8, false), ("three", 13, true)]);
}

#[test]
fn after_the_decision_the_body_flows_unread() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|_, _, _| Flow::Continue);
    let stream = post(&host);
    assert_eq!(stream.body(b"one ", false), Action::Continue);
    assert_eq!(stream.body(b"two ", false), Action::Continue);
    assert_eq!(stream.body(b"three", true), Action::Continue);
    assert_eq!(stream.upstream_body(), b"one two three");
    assert_eq!(read().len(), 1);
    assert!(passed().is_empty());
}

#[test]
fn a_part_larger_than_a_piece_is_read_in_pieces() {
    let host = host();
    let sent: Vec<u8> = (0..PIECE * 2 + 5).map(|at| at as u8).collect();
    on_request(|_| Flow::ReadBody);
    on_body(|_, _, body| {
        let pieces: Vec<usize> = body.pieces().map(|piece| piece.len()).collect();
        assert_eq!(pieces, [PIECE, PIECE, 5]);
        Flow::Continue
    });
    post(&host).body(&sent, true);
    assert_eq!(read(), [(sent, (PIECE * 2 + 5) as u64, true)]);
}

#[test]
fn a_request_without_a_body_is_asked_about_an_empty_one() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    at_the_end(Flow::Continue);
    assert_eq!(host.request(&[(":path", "/")]).outcome(), Outcome::Continued);
    let stream = post(&host);
    assert_eq!(stream.body(b"", true), Action::Continue);
    assert_eq!(texts(&read()), [("", 0, true), ("", 0, true)]);
}

#[test]
fn trailers_end_a_body_before_they_are_handled_themselves() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    at_the_end(Flow::Continue);
    let stream = post(&host);
    assert_eq!(stream.body(b"one", false), Action::Pause);
    assert_eq!(stream.trailers(&[("x", "y")]).0, Action::Continue);
    assert_eq!((stream.outcome(), stream.upstream_body()), (Outcome::Continued, b"one".into()));
    assert_eq!(texts(&read()), [("one", 3, false), ("", 3, true)]);
    assert_eq!(script(|script| script.trailers), 1);
}

#[test]
fn a_body_can_be_denied_at_its_trailers() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    at_the_end(Flow::Reply(denial()));
    let stream = post(&host);
    stream.body(b"one", false);
    assert_eq!(stream.trailers(&[("x", "y")]).0, Action::Pause);
    assert_eq!((stream.reply().status, stream.upstream_body()), (403, vec![]));
    assert_eq!(script(|script| script.trailers), 0);
}

#[test]
fn a_body_is_denied_while_it_still_comes() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|_, bytes, _| match bytes {
        b"voice" => Flow::Reply(denial()),
        _ => Flow::ReadBody,
    });
    let stream = post(&host);
    stream.body(b"text ", false);
    assert_eq!(stream.body(b"voice", false), Action::Pause);
    assert_eq!(stream.reply().status, 403);
    assert_eq!(stream.body(b"more", true), Action::Pause);
    assert_eq!((stream.upstream_body(), read().len()), (vec![], 2));
    stream.end();
    assert_eq!(script(|script| (script.streams_done, script.responses_seen.len())), (1, 0));
}

#[test]
fn a_filter_that_cannot_decide_at_the_end_lets_nothing_through() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|_, _, _| Flow::ReadBody);
    let stream = post(&host);
    stream.body(b"one", true);
    assert_eq!((stream.reply().status, stream.upstream_body()), (503, vec![]));
    assert!(host.logged("could not decide at the end of a request body"));
}

#[test]
fn bytes_that_the_host_does_not_give_let_nothing_through() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|_, bytes, _| {
        assert_eq!(bytes, b"");
        Flow::Continue
    });
    host.withhold_bodies();
    let stream = post(&host);
    stream.body(b"voice", true);
    assert_eq!((stream.reply().status, stream.upstream_body()), (503, vec![]));
    assert!(host.logged("did not give the whole of a request body"));
}

#[test]
fn a_request_that_timed_out_while_its_body_came_is_read_no_more() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    let stream = post(&host);
    stream.body(b"one", false);
    stream.respond(&[(":status", "408")]);
    assert_eq!(stream.body(b"two", true), Action::Pause);
    assert_eq!((read().len(), stream.upstream_body()), (1, vec![]));
}

#[test]
fn a_watched_body_is_seen_as_it_passes() {
    let host = host();
    on_request(|_| Flow::Watch);
    let stream = post(&host);
    assert_eq!(stream.outcome(), Outcome::Continued);
    assert_eq!(stream.body(b"one ", false), Action::Continue);
    assert_eq!(stream.upstream_body(), b"one ");
    // The upstream need not wait for the end with its answer.
    stream.respond(&[(":status", "200")]);
    assert_eq!(stream.body(b"two", false), Action::Continue);
    assert_eq!(stream.trailers(&[]).0, Action::Continue);
    assert_eq!(texts(&passed()), [("one ", 4, false), ("two", 7, false), ("", 7, true)]);
    assert_eq!(script(|script| script.responses_seen.clone()), [Some(200)]);
}

#[test]
fn the_rest_of_a_body_that_was_read_can_be_watched() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|_, _, body| if body.so_far() > 4 { Flow::Watch } else { Flow::ReadBody });
    let stream = post(&host);
    stream.body(b"one ", false);
    stream.body(b"two ", false);
    stream.body(b"three ", false);
    stream.body(b"four", true);
    assert_eq!(stream.upstream_body(), b"one two three four");
    assert_eq!(texts(&read()), [("one ", 4, false), ("two ", 8, false)]);
    assert_eq!(texts(&passed()), [("three ", 14, false), ("four", 18, true)]);
}

/// One chunk can be larger than what is left of the buffer; then nobody asks the filter.
#[test]
fn envoy_answers_a_body_that_its_buffer_cannot_hold() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|_, _, body| if body.so_far() > 8 { Flow::Reply(denial()) } else { Flow::ReadBody });
    let stream = host.new_request().with_body().buffer_limit(12).send();
    stream.body(b"12345678", false);
    stream.body(b"9012345", false);
    assert_eq!((stream.reply().status, stream.reply().text().as_str()), (413, "Payload Too Large"));
    // The first chunk is asked about before it is held.
    let stream = host.new_request().with_body().buffer_limit(12).send();
    stream.body(b"1234567890123456", false);
    assert_eq!(stream.reply().status, 403);
}

#[test]
fn a_client_that_leaves_half_way_ends_the_stream() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    let stream = post(&host);
    stream.body(b"one", false);
    stream.end();
    on_request(|_| Flow::Wait);
    let stream = post(&host);
    stream.body(b"one", false);
    stream.end();
    on_resume(|_| panic!("there is nobody to decide about"));
    host.tick();
    assert_eq!(script(|script| script.streams_done), 2);
}
