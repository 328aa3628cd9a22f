//! Streams that fall silent.

use super::*;

const EVENTS: [(&str, &str); 2] = [(":status", "200"), ("content-type", "text/event-stream")];

fn stalls(host: &FakeHost, action: &str) -> u64 {
    let labels = [("operation", "tts.synthesize"), ("action", action)];
    metric(host, &labels, "stream_stalls_total")
}

fn tick(host: &FakeHost, after_ms: u64) {
    host.advance(Duration::from_millis(after_ms));
    host.tick();
}

#[test]
fn a_silence_is_counted_and_logged_once() {
    let host = with_streams(json!({"stall": {"after": "5s"}}));
    let stream = ask(&host, &speech());
    stream.respond(&PCM);
    chunk(&host, &stream, 10, &sound(FRAME));
    (0..20).for_each(|_| tick(&host, 1000));
    assert_eq!(stalls(&host, "count"), 1);
    // It goes on, and falls silent again.
    chunk(&host, &stream, 10, &sound(FRAME));
    (0..20).for_each(|_| tick(&host, 1000));
    assert_eq!(stalls(&host, "count"), 2);
    assert!(!stream.is_reset());
    assert_eq!(end(stream)["end"], "complete");
}

#[test]
fn a_silent_stream_is_ended_where_the_policy_says_so() {
    let host = with_streams(json!({"stall": {"after": "5s", "audio": "end"}}));
    let stream = ask(&host, &speech());
    stream.respond(&PCM);
    chunk(&host, &stream, 10, &sound(FRAME));
    tick(&host, 4000);
    assert!(!stream.is_reset());
    tick(&host, 1500);
    assert!(stream.is_reset());
    assert_eq!(stalls(&host, "end"), 1);
    assert_eq!(record(&stream.end_with(0, "response_reset"))["end"], "stalled");
    // Events have their own rule.
    let stream = ask(&host, &speech());
    stream.respond(&EVENTS);
    chunk(&host, &stream, 10, b"data: {}\n\n");
    tick(&host, 6000);
    assert!(!stream.is_reset());
    stream.client_leaves();
}

#[test]
fn a_service_that_did_not_begin_yet_and_a_quiet_websocket_are_left_alone() {
    let host = with_streams(json!({"stall": {"after": "5s", "audio": "end", "events": "end"}}));
    let thinking = ask(&host, &speech());
    thinking.respond(&PCM);
    let socket = ask(&host, &Subject { is_upgrade: true, ..speech() });
    socket.respond(&[(":status", "101"), ("upgrade", "websocket")]);
    chunk(&host, &socket, 10, b"\x81\x02hi");
    (0..20).for_each(|_| tick(&host, 1000));
    assert!(!thinking.is_reset() && !socket.is_reset());
    assert_eq!((stalls(&host, "count"), stalls(&host, "end")), (0, 0));
    thinking.client_leaves();
    socket.client_leaves();
}

/// A machine that slept, or whose clock was set by hours, must not end every stream that runs.
#[test]
fn a_clock_that_jumps_ends_no_stream() {
    let host = with_streams(json!({"stall": {"after": "5s", "audio": "end"}}));
    let stream = ask(&host, &speech());
    stream.respond(&PCM);
    chunk(&host, &stream, 10, &sound(FRAME));
    tick(&host, 900);
    tick(&host, 3_600_000);
    assert!(!stream.is_reset());
    (0..4).for_each(|_| tick(&host, 900));
    assert!(!stream.is_reset());
    (0..3).for_each(|_| tick(&host, 900));
    assert!(stream.is_reset());
}
