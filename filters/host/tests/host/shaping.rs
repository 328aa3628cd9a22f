//! Responses whose parts a filter holds and releases.

use std::time::Duration;

use crate::probe::{Part, Probe, denial, on_request, script};
use voxgate_fake_host::{Action, FakeHost, Stream};
use voxgate_host::ChunkFlow::{Hold, Release};
use voxgate_host::{ChunkFlow, DueFlow, Ending, Flow, MOST_HELD, Progress};

const OK: &[(&str, &str)] = &[(":status", "200"), ("content-type", "audio/wav")];

/// Parts are treated like this, and all further ones as the last.
fn shape(parts: &[ChunkFlow]) -> FakeHost {
    script(|script| script.shape = parts.to_vec());
    let host = FakeHost::start(voxgate_host::start::<Probe>);
    assert!(host.configure("{}"));
    host
}

fn begin(host: &FakeHost) -> Stream {
    let stream = host.request(&[(":method", "GET"), (":path", "/")]);
    let headers = stream.respond(OK);
    assert!(headers.contains(&("x-added".to_owned(), b"1".to_vec())));
    stream
}

fn due(flow: DueFlow) {
    script(|script| script.due = Some(flow));
}

fn seen() -> Vec<Part> {
    script(|script| std::mem::take(&mut script.response))
}

/// What [`voxgate_host::RootHost::look_after`] said since the last time.
fn looked() -> Vec<bool> {
    script(|script| std::mem::take(&mut script.looked))
}

fn ending() -> Ending {
    script(|script| script.endings.pop()).expect("no stream ended")
}

#[test]
fn held_parts_go_on_together_with_the_one_that_is_released() {
    let host = shape(&[Release, Hold, Hold, Release, Release]);
    let stream = begin(&host);
    assert_eq!(stream.response_body(b"one ", false), Action::Continue);
    assert_eq!(stream.response_body(b"two ", false), Action::Pause);
    assert_eq!(stream.response_body(b"three ", false), Action::Pause);
    assert_eq!((stream.downstream_body(), stream.held_response()), (b"one ".to_vec(), 10));
    assert_eq!(stream.response_body(b"four ", false), Action::Continue);
    assert_eq!(stream.response_body(b"five", true), Action::Continue);
    assert_eq!(stream.downstream_body(), b"one two three four five");
    assert_eq!(stream.downstream_writes(), [4, 15, 4]);
    // Only what is new, each time.
    let parts: [Part; 5] = [
        (b"one ".into(), 4, false),
        (b"two ".into(), 8, false),
        (b"three ".into(), 14, false),
        (b"four ".into(), 19, false),
        (b"five".into(), 23, true),
    ];
    assert_eq!(seen(), parts);
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 200 });
}

#[test]
fn the_plugins_timer_releases_what_is_held_and_the_next_part_is_not_lost() {
    let host = shape(&[Hold, Release]);
    let stream = begin(&host);
    stream.response_body(b"one ", false);
    host.tick();
    assert_eq!((stream.downstream_body(), looked()), (b"".to_vec(), vec![true]));
    due(DueFlow::Release);
    host.tick();
    assert_eq!(stream.downstream_body(), b"one ");
    // Nothing is held: nothing is resumed, which the host would not allow.
    host.tick();
    assert_eq!(looked(), [true, true]);
    assert_eq!(stream.response_body(b"two ", false), Action::Continue);
    host.tick();
    assert_eq!(stream.response_body(b"three", true), Action::Continue);
    assert_eq!(stream.downstream_body(), b"one two three");
}

#[test]
fn a_part_can_be_held_after_the_timer_released_the_one_before() {
    let host = shape(&[Hold]);
    due(DueFlow::Release);
    let stream = begin(&host);
    for (part, so_far) in [("a", "a"), ("bc", "abc"), ("def", "abcdef")] {
        assert_eq!(stream.response_body(part.as_bytes(), false), Action::Pause);
        host.tick();
        assert_eq!(stream.downstream_body(), so_far.as_bytes());
    }
    assert_eq!(stream.downstream_writes(), [1, 2, 3]);
}

#[test]
fn the_end_is_never_held() {
    let host = shape(&[Hold]);
    let stream = begin(&host);
    assert_eq!(stream.response_body(b"one ", false), Action::Pause);
    assert_eq!(stream.response_body(b"two", true), Action::Continue);
    assert_eq!(stream.downstream_body(), b"one two");
    // An end without bytes is one, too.
    let stream = begin(&host);
    assert_eq!(stream.response_body(b"one", false), Action::Pause);
    assert_eq!(stream.response_body(b"", true), Action::Continue);
    assert_eq!(stream.downstream_body(), b"one");
    due(DueFlow::Release);
    host.tick();
    assert_eq!(looked(), [false, false]);
}

#[test]
fn everything_goes_on_before_trailers() {
    let host = shape(&[Hold]);
    let stream = begin(&host);
    assert_eq!(stream.response_body(b"one", false), Action::Pause);
    assert_eq!(stream.response_trailers(&[("grpc-status", "0")]), Action::Continue);
    assert_eq!(stream.downstream_body(), b"one");
    let trailers =
        [("grpc-status".to_owned(), b"0".to_vec()), ("x-last".to_owned(), b"yes".to_vec())];
    assert_eq!(stream.downstream_trailers(), trailers);
    assert_eq!(seen(), [(b"one".into(), 3, false), (b"".into(), 3, true)]);
    host.tick();
    assert_eq!(looked(), [false]);
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 200 });
}

/// Envoy reads the upstream no further when its buffer is full, and nothing would come to release it.
#[test]
fn no_more_is_held_than_an_envoy_at_the_edge_can_buffer() {
    let host = shape(&[Hold]);
    let stream = begin(&host);
    assert_eq!(stream.response_body(&[1; MOST_HELD], false), Action::Pause);
    assert_eq!(stream.response_body(&[2], false), Action::Continue);
    assert_eq!(stream.held_response(), 0);
    assert_eq!(stream.response_body(&[3; MOST_HELD + 1], false), Action::Continue);
    assert_eq!(stream.downstream_writes(), [MOST_HELD + 1, MOST_HELD + 1]);
    assert_eq!(stream.response_body(&[4], false), Action::Pause);
}

#[test]
fn a_handle_says_how_much_is_held() {
    let host = shape(&[Hold, Hold, Release]);
    let stream = begin(&host);
    let held = || script(|script| script.shaped[0].held());
    assert_eq!(held(), 0);
    stream.response_body(b"one", false);
    assert_eq!(held(), 3);
    stream.response_body(b"four", false);
    assert_eq!(held(), 7);
    stream.response_body(b"five", false);
    assert_eq!(held(), 0);
}

/// A WebSocket ends when the service closes its connection, which to Envoy is a reset: what it held
/// would be lost.
#[test]
fn a_websocket_is_never_held() {
    let host = shape(&[Hold]);
    let stream = host.request(&[(":method", "GET"), (":path", "/"), ("upgrade", "websocket")]);
    stream.respond(&[(":status", "101"), ("upgrade", "websocket")]);
    assert_eq!(stream.response_body(b"", false), Action::Continue);
    assert_eq!(stream.response_body(b"frame", false), Action::Continue);
    assert_eq!(stream.downstream_body(), b"frame");
    assert_eq!(seen(), [(b"".into(), 0, false), (b"frame".into(), 5, false)]);
    // But it is looked after.
    due(DueFlow::End);
    host.tick();
    assert_eq!((stream.is_reset(), looked()), (true, vec![false]));
}

#[test]
fn a_stream_that_is_ended_gives_what_is_held_and_is_reset() {
    let host = shape(&[Hold]);
    due(DueFlow::End);
    let stream = begin(&host);
    stream.response_body(b"one", false);
    host.tick();
    assert_eq!((stream.downstream_body(), stream.is_reset()), (b"one".to_vec(), true));
    host.tick();
    assert_eq!(looked(), [false, false]);
    stream.end();
    assert_eq!(ending(), Ending::Failed { response: Progress::Begun });
    host.tick();
    assert_eq!(looked(), [false]);
}

#[test]
fn nothing_is_done_to_a_stream_that_is_gone() {
    let host = shape(&[Hold]);
    due(DueFlow::Release);
    let stream = begin(&host);
    stream.response_body(b"one", false);
    stream.client_leaves();
    host.tick();
    assert_eq!(looked(), [false]);
    let stream = begin(&host);
    stream.response_body(b"one", false);
    stream.upstream_breaks();
    host.tick();
    assert_eq!(looked(), [false, false]);
}

#[test]
fn a_response_without_a_body_needs_no_looking_after() {
    let host = shape(&[Hold]);
    due(DueFlow::Release);
    let stream = host.request(&[(":method", "HEAD"), (":path", "/")]);
    stream.respond_without_body(OK);
    host.tick();
    assert_eq!(looked(), [false]);
    stream.end();
    assert_eq!(ending(), Ending::Complete { status: 200 });
}

/// A new configuration makes a new root context; the old one's timer goes on while its streams run.
#[test]
fn streams_of_the_configuration_before_are_released_too() {
    let host = shape(&[Hold]);
    due(DueFlow::Release);
    let old = begin(&host);
    old.response_body(b"old", false);
    assert!(host.configure("{}"));
    let new = begin(&host);
    new.response_body(b"new", false);
    host.tick();
    assert_eq!((old.downstream_body(), new.downstream_body()), (b"old".to_vec(), b"new".to_vec()));
}

#[test]
fn what_envoy_answers_itself_is_not_held() {
    let host = shape(&[Hold]);
    let stream = host.request(&[(":method", "GET"), (":path", "/")]);
    stream.answer_locally(503, 1 << 2, "no_healthy_upstream");
    assert_eq!(seen(), [(b"no_healthy_upstream".into(), 19, true)]);
    on_request(|_| Flow::Reply(denial()));
    host.request(&[(":method", "GET"), (":path", "/")]);
    assert_eq!(seen(), []);
}

#[test]
fn a_stream_can_set_the_timer_when_it_begins_to_hold() {
    let host = shape(&[Hold]);
    let stream = begin(&host);
    stream.response_body(b"one", false);
    script(|script| script.shaped[0].set_tick_period(Duration::from_millis(4)));
    assert_eq!(host.tick_period(), Duration::from_millis(4));
}
