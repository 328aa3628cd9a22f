//! Bodies that come while their request waits.

use super::{at_the_end, host, passed, post, read, texts};
use crate::probe::{denial, on_body, on_request, on_resume, script};
use voxgate_fake_host::{Action, Outcome};
use voxgate_host::Flow;

#[test]
fn a_request_that_waited_has_its_held_body_read_at_once() {
    let host = host();
    on_request(|_| Flow::Wait);
    at_the_end(Flow::Continue);
    let (ended, open) = (post(&host), post(&host));
    ended.body(b"one ", false);
    ended.body(b"two", true);
    open.body(b"three ", false);
    assert_eq!(script(|script| script.held.clone()), [4, 7, 6]);
    on_resume(|_| Flow::ReadBody);
    host.tick();
    assert_eq!((ended.outcome(), ended.upstream_body()), (Outcome::Continued, b"one two".into()));
    assert_eq!((open.outcome(), open.upstream_body()), (Outcome::Waiting, vec![]));
    assert_eq!(open.body(b"four", true), Action::Continue);
    assert_eq!(open.upstream_body(), b"three four");
    assert_eq!(texts(&read()), [("one two", 7, true), ("three ", 6, false), ("four", 10, true)]);
}

#[test]
fn a_request_that_waited_is_answered_by_its_held_body() {
    let host = host();
    on_request(|_| Flow::Wait);
    on_body(|_, bytes, _| match bytes {
        b"voice" => Flow::Reply(denial()),
        _ => Flow::Continue,
    });
    let stream = post(&host);
    stream.body(b"voice", false);
    on_resume(|_| Flow::ReadBody);
    host.tick();
    host.tick();
    assert_eq!((stream.reply().status, stream.upstream_body()), (403, vec![]));
}

#[test]
fn a_request_that_waited_past_its_trailers_has_an_ended_body() {
    let host = host();
    on_request(|_| Flow::Wait);
    at_the_end(Flow::Continue);
    let stream = post(&host);
    stream.body(b"one", false);
    assert_eq!(stream.trailers(&[("x", "y")]).0, Action::Pause);
    on_resume(|_| Flow::ReadBody);
    host.tick();
    assert_eq!((stream.outcome(), stream.upstream_body()), (Outcome::Continued, b"one".into()));
    assert_eq!(texts(&read()), [("one", 3, true)]);
    assert_eq!(script(|script| script.trailers), 1);
}

/// The host puts the first chunk after a resume into its buffer before it asks.
#[test]
fn no_byte_is_lost_or_seen_twice_after_a_resume() {
    let host = host();
    on_request(|_| Flow::Wait);
    on_body(|_, _, _| Flow::Watch);
    let (read_first, watched) = (post(&host), post(&host));
    read_first.body(b"one ", false);
    watched.body(b"one ", false);
    on_resume(|_| Flow::ReadBody);
    let still_waiting = post(&host);
    host.tick();
    for stream in [&read_first, &still_waiting] {
        stream.body(b"two ", false);
        stream.body(b"three ", false);
        stream.body(b"four", true);
    }
    assert_eq!(read_first.upstream_body(), b"one two three four");
    assert_eq!(still_waiting.upstream_body(), b"two three four");
    assert_eq!(
        texts(&passed()),
        [
            ("two ", 8, false),
            ("three ", 14, false),
            ("four", 18, true),
            ("three ", 10, false),
            ("four", 14, true)
        ]
    );
}

#[test]
fn a_request_can_wait_after_part_of_its_body_was_read() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|request, bytes, body| match bytes {
        b"key?" => {
            script(|script| script.waiting.push(request.stream()));
            Flow::Wait
        }
        _ if body.is_last() => Flow::Continue,
        _ => Flow::ReadBody,
    });
    let stream = post(&host);
    stream.body(b"key?", false);
    stream.body(b" two", false);
    on_resume(|_| Flow::ReadBody);
    host.tick();
    stream.body(b" three", true);
    assert_eq!(stream.upstream_body(), b"key? two three");
    assert_eq!(texts(&read()), [("key?", 4, false), (" two", 8, false), (" three", 14, true)]);
}

#[test]
fn a_waiting_request_is_given_up_before_the_buffer_is_full() {
    let host = host();
    on_request(|_| Flow::Wait);
    on_resume(|_| {
        let held = script(|script| *script.held.last().unwrap());
        if held > 8 { Flow::Reply(denial()) } else { Flow::Wait }
    });
    let stream = host.new_request().with_body().buffer_limit(12).send();
    stream.body(b"12345678", false);
    assert_eq!(stream.outcome(), Outcome::Waiting);
    stream.body(b"9", false);
    assert_eq!(stream.reply().status, 403);
}
