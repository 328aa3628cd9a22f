//! Bodies that are changed while they are held.

use super::*;
use voxgate_host::{EditError, HeldBody, RequestHeaders};
use voxgate_policy::shed::rewrite::Edit;

fn edit(start: usize, end: usize, bytes: &str) -> Edit {
    Edit { range: start as u64..end as u64, bytes: bytes.into() }
}

/// Changes the body at its last part.
fn edit_at_the_end(edits: &'static [(usize, usize, &str)], then: Flow) {
    on_body(move |request, _, body| {
        if !body.is_last() {
            assert!(request.held_body().is_none());
            return Flow::ReadBody;
        }
        change(request, edits);
        then.clone()
    });
}

fn change(request: &mut RequestHeaders<'_>, edits: &[(usize, usize, &str)]) {
    let edits: Vec<_> = edits.iter().map(|(start, end, bytes)| edit(*start, *end, bytes)).collect();
    request.held_body().unwrap().edit(&edits).unwrap();
}

fn post_of(host: &FakeHost, length: &str) -> Stream {
    host.new_request().header(":method", "POST").header("content-length", length).with_body().send()
}

#[test]
fn a_body_is_changed_in_its_only_chunk_which_nobody_buffered() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[(0, 3, "1"), (6, 6, ", "), (7, 13, "")], Flow::Continue);
    let stream = post_of(&host, "13");
    assert_eq!(stream.body(b"one two three", true), Action::Continue);
    assert_eq!(stream.upstream_body(), b"1 tw, o");
    assert_eq!(stream.header("content-length").as_deref(), Some("7"));
}

#[test]
fn a_body_is_changed_across_the_chunks_that_it_came_in() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[(2, 9, "-"), (13, 13, "!")], Flow::Continue);
    let stream = post_of(&host, "13");
    for (chunk, is_last) in [("one ", false), ("two ", false), ("three", false), ("", true)] {
        stream.body(chunk.as_bytes(), is_last);
    }
    assert_eq!(stream.upstream_body(), b"on-hree!");
    assert_eq!(stream.header("content-length").as_deref(), Some("8"));
    assert_eq!(stream.outcome(), Outcome::Continued);
}

/// Turned around piece by piece, at every place around the ends of pieces.
#[test]
fn a_body_of_several_pieces_stays_as_it_is_but_for_its_edits() {
    let sent: Vec<u8> = (0..PIECE * 2 + 5).map(|at| at as u8).collect();
    let ranges = [
        (0, 0),
        (PIECE - 1, PIECE),
        (PIECE - 1, PIECE + 1),
        (PIECE, PIECE),
        (PIECE, PIECE * 2),
        (3, PIECE * 2 + 1),
        (PIECE * 2 + 5, PIECE * 2 + 5),
        (0, PIECE * 2 + 5),
    ];
    for (start, end) in ranges {
        for is_buffered in [false, true] {
            let host = host();
            on_request(|_| Flow::ReadBody);
            on_body(move |request, _, body| {
                if !body.is_last() {
                    return Flow::ReadBody;
                }
                request.held_body().unwrap().edit(&[edit(start, end, "new")]).unwrap();
                Flow::Continue
            });
            let stream = post(&host);
            if is_buffered {
                stream.body(&sent, false);
                stream.body(b"", true);
            } else {
                stream.body(&sent, true);
            }
            let expected = [&sent[..start], b"new", &sent[end..]].concat();
            assert!(stream.upstream_body() == expected, "{start}..{end}, {is_buffered}");
        }
    }
}

#[test]
fn the_whole_body_can_be_read_again_before_it_is_changed_and_after() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    let text = |body: &HeldBody<'_>| body.pieces().flatten().collect::<Vec<u8>>();
    on_body(move |request, _, body| {
        if !body.is_last() {
            return Flow::ReadBody;
        }
        assert_eq!(text(&request.held_body().unwrap()), b"one two");
        change(request, &[(0, 3, "1")]);
        assert_eq!(text(&request.held_body().unwrap()), b"1 two");
        change(request, &[(2, 5, "2")]);
        Flow::Continue
    });
    let stream = post_of(&host, "7");
    stream.body(b"one ", false);
    stream.body(b"two", true);
    assert_eq!(stream.upstream_body(), b"1 2");
    assert_eq!(stream.header("content-length").as_deref(), Some("3"));
}

#[test]
fn a_request_without_a_length_gets_none() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[(0, 3, "1")], Flow::Continue);
    let stream = post(&host);
    stream.body(b"one", true);
    assert_eq!((stream.header("content-length"), stream.upstream_body()), (None, b"1".into()));
}

#[test]
fn what_is_said_of_the_old_bytes_is_said_no_more() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[(0, 1, "O")], Flow::Continue);
    let said = ["content-digest", "repr-digest", "digest", "content-md5", "signature-input"];
    let mut request = host.new_request().header("signature", "s").header("x-kept", "k");
    for name in said {
        request = request.header(name, "d");
    }
    let stream = request.with_body().send();
    stream.body(b"one", false);
    let (action, trailers) = stream.trailers(&[("content-digest", "d"), ("x-kept", "k")]);
    assert_eq!((action, trailers), (Action::Continue, vec![("x-kept".into(), b"k".to_vec())]));
    assert_eq!(stream.headers(), [("x-kept".to_owned(), b"k".to_vec())]);
    assert_eq!(stream.upstream_body(), b"One");
}

#[test]
fn without_edits_nothing_changes() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[], Flow::Continue);
    let stream =
        host.new_request().header("content-length", "03").header("digest", "d").with_body().send();
    stream.body(b"one", true);
    assert_eq!(stream.headers().len(), 2);
    assert_eq!(stream.header("content-length").as_deref(), Some("03"));
    assert_eq!(stream.route_cache_clears(), 0);
}

#[test]
fn edits_that_are_none_of_the_body_change_nothing() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|request, _, _| {
        for edits in [
            [edit(0, 4, "")].as_slice(),
            &[edit(4, 4, "")],
            &[edit(2, 1, "")],
            &[edit(1, 2, ""), edit(1, 3, "")],
            &[edit(2, 3, ""), edit(0, 1, "")],
        ] {
            assert_eq!(request.held_body().unwrap().edit(edits), Err(EditError::Range));
        }
        Flow::Continue
    });
    let stream = post_of(&host, "3");
    stream.body(b"one", true);
    assert_eq!(stream.upstream_body(), b"one");
    let stream = post_of(&host, "0");
    on_body(|request, _, _| {
        let empty = request.held_body().unwrap();
        assert!(empty.is_empty() && empty.pieces().next().is_none());
        assert_eq!(empty.edit(&[edit(0, 0, "x")]), Err(EditError::Range));
        Flow::Continue
    });
    stream.body(b"", true);
    assert_eq!((stream.outcome(), stream.upstream_body()), (Outcome::Continued, vec![]));
}

/// As a request that is degraded at once and then waits for its turn.
#[test]
fn a_changed_body_can_wait_and_be_changed_again() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|request, _, body| {
        if !body.is_last() {
            return Flow::ReadBody;
        }
        change(request, &[(0, 3, "first")]);
        script(|script| script.waiting.push(request.stream()));
        Flow::Wait
    });
    let (whole, in_two) = (post_of(&host, "7"), post_of(&host, "7"));
    whole.body(b"one two", true);
    in_two.body(b"one", false);
    in_two.body(b" two", true);
    let by_trailers = post_of(&host, "7");
    by_trailers.body(b"one two", false);
    assert_eq!(by_trailers.trailers(&[("digest", "d"), ("x", "y")]).0, Action::Pause);
    assert_eq!(by_trailers.held_trailers().len(), 1);
    let streams = [whole, in_two, by_trailers];
    for stream in &streams {
        assert_eq!((stream.outcome(), stream.upstream_body()), (Outcome::Waiting, vec![]));
        assert_eq!(stream.header("content-length").as_deref(), Some("9"));
    }
    on_resume(|request| {
        assert_eq!(script(|script| *script.held.last().unwrap()), 9);
        change(request, &[(5, 9, "")]);
        Flow::Continue
    });
    host.tick();
    for stream in &streams {
        assert_eq!(stream.upstream_body(), b"first");
        assert_eq!(stream.header("content-length").as_deref(), Some("5"));
    }
}

#[test]
fn a_body_that_was_not_read_to_its_end_cannot_be_changed() {
    let host = host();
    on_request(|_| Flow::Wait);
    let stream = post(&host);
    stream.body(b"one", true);
    on_resume(|request| {
        assert!(request.held_body().is_none());
        Flow::Continue
    });
    host.tick();
    assert_eq!(stream.upstream_body(), b"one");
}

#[test]
fn a_changed_body_can_be_denied_all_the_same() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[(0, 3, "1")], Flow::Reply(denial()));
    let stream = post(&host);
    stream.body(b"one", true);
    assert_eq!((stream.reply().status, stream.upstream_body()), (403, vec![]));
}

#[test]
fn a_body_that_the_host_does_not_give_whole_lets_nothing_through() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    let host = std::rc::Rc::new(host);
    let withholds = std::rc::Rc::downgrade(&host);
    on_body(move |request, _, _| {
        withholds.upgrade().unwrap().withhold_bodies();
        let edited = request.held_body().unwrap().edit(&[edit(0, 1, "")]);
        assert_eq!(edited, Err(EditError::Torn));
        assert!(request.held_body().is_none());
        Flow::Continue
    });
    let stream = post(&host);
    stream.body(b"one", true);
    assert_eq!((stream.reply().status, stream.upstream_body()), (503, vec![]));
    assert!(host.logged("did not give the whole of a request body that was changed"));
}

#[test]
fn a_body_that_grows_past_the_buffer_is_answered_by_envoy() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    edit_at_the_end(&[(0, 0, "12345")], Flow::Continue);
    let post = || host.new_request().with_body().buffer_limit(10).send();
    let (in_body, in_trailers) = (post(), post());
    in_body.body(b"123456", false);
    in_body.body(b"", true);
    in_trailers.body(b"123456", false);
    in_trailers.trailers(&[]);
    for stream in [&in_body, &in_trailers] {
        assert_eq!((stream.reply().status, stream.upstream_body()), (413, vec![]));
    }
}

/// Envoy would answer 413 within the call, and end the stream under the filter.
#[test]
fn in_a_tick_a_body_grows_no_longer_than_envoy_ever_held() {
    let host = host();
    on_request(|_| Flow::ReadBody);
    on_body(|request, _, _| {
        change(request, &[(0, 3, "")]);
        script(|script| script.waiting.push(request.stream()));
        Flow::Wait
    });
    let stream = post_of(&host, "7");
    stream.body(b"one two", true);
    on_resume(|request| {
        let edited = request.held_body().unwrap().edit(&[edit(0, 0, "four")]);
        assert_eq!(edited, Err(EditError::Grows));
        change(request, &[(0, 0, "six")]);
        Flow::Continue
    });
    host.tick();
    assert_eq!(stream.upstream_body(), b"six two");
    assert_eq!(stream.header("content-length").as_deref(), Some("7"));
}
