//! Streams whose chunks are put together.

use super::*;
use voxgate_fake_host::Action;

fn playback() -> FakeHost {
    with_streams(json!({"coalesce": [{
        "name": "chatty", "operations": ["tts.*"], "content_types": ["audio/pcm"], "mode": "playback",
        "floor": "100ms", "max_delay": "200ms",
    }]}))
}

/// Chunks of 20 ms, twice as fast as they play.
fn stream_fast(host: &FakeHost, chunks: usize) -> Stream {
    let stream = ask(host, &speech());
    stream.respond(&PCM);
    for _ in 0..chunks {
        chunk(host, &stream, 10, &sound(FRAME));
        host.tick();
    }
    stream
}

#[test]
fn the_first_sound_goes_on_at_once_and_the_rest_in_few_writes() {
    let host = playback();
    let stream = stream_fast(&host, 100);
    let writes = stream.downstream_writes();
    assert_eq!(writes[0], FRAME);
    assert!(writes.len() <= 20, "{writes:?}");
    stream.response_body(&sound(FRAME), true);
    assert_eq!(stream.downstream_body(), sound(101 * FRAME));
    let record = record(&stream.end());
    assert_eq!((&record["underruns"], &record["chunks"]), (&json!(0), &json!(101)));
    assert!(record["releases"].as_u64().unwrap() <= 21);
    let direction = |it| [("operation", "tts.synthesize"), ("direction", it)];
    assert_eq!(metric(&host, &direction("in"), "stream_chunks_total"), 101);
    assert!(metric(&host, &direction("out"), "stream_chunks_total") <= 21);
}

#[test]
fn what_is_held_goes_on_by_the_timer_when_nothing_more_comes() {
    let host = playback();
    let stream = stream_fast(&host, 40);
    assert!(stream.held_response() > 0);
    host.advance(Duration::from_millis(300));
    host.tick();
    assert_eq!(stream.held_response(), 0);
    assert_eq!(stream.downstream_body(), sound(40 * FRAME));
    // Nothing is looked after any more.
    host.tick();
    assert_eq!(host.tick_period(), Duration::ZERO);
}

#[test]
fn a_listener_with_little_to_play_gets_everything_at_once() {
    let host = playback();
    let stream = ask(&host, &speech());
    stream.respond(&PCM);
    for _ in 0..20 {
        // Slower than it plays.
        chunk(&host, &stream, 25, &sound(FRAME));
        assert_eq!(stream.held_response(), 0);
    }
}

#[test]
fn other_types_tiers_and_operations_pass() {
    let host = with_streams(json!({"coalesce": [{
        "name": "chatty", "operations": ["tts.*"], "content_types": ["audio/*"], "tiers": ["basic"],
        "mode": "interval",
    }]}));
    let basic = Subject { tier: Some("basic".to_owned()), ..speech() };
    let chat = Subject { operations: vec!["llm.chat".to_owned()], ..basic.clone() };
    for (subject, content_type, is_held) in [
        (&basic, "audio/pcm", true),
        (&basic, "Audio/L16; rate=16000", true),
        (&basic, "text/event-stream", false),
        (&speech(), "audio/pcm", false),
        (&chat, "audio/pcm", false),
    ] {
        let stream = ask(&host, subject);
        stream.respond(&[PCM[0], ("content-type", content_type)]);
        chunk(&host, &stream, 10, &sound(FRAME));
        host.advance(Duration::from_millis(1));
        let action = stream.response_body(&sound(FRAME), false);
        let wanted = if is_held { Action::Pause } else { Action::Continue };
        assert_eq!(action, wanted, "{content_type} {subject:?}");
        stream.client_leaves();
    }
}

#[test]
fn who_leaves_while_chunks_are_held_leaves_nothing_behind() {
    let host = playback();
    stream_fast(&host, 40).client_leaves();
    host.tick();
    assert_eq!(host.tick_period(), Duration::ZERO);
}

#[test]
fn trailers_come_behind_what_is_held() {
    let host = playback();
    let stream = stream_fast(&host, 40);
    assert!(stream.held_response() > 0);
    stream.response_trailers(&[("x-checksum", "1")]);
    assert_eq!(stream.downstream_body(), sound(40 * FRAME));
    assert!(
        header(&stream.downstream_trailers(), "server-timing").unwrap().starts_with("ttfa;dur=")
    );
    stream.end();
}

#[test]
fn a_clock_that_is_set_back_does_not_hold_anything_for_longer() {
    let host = playback();
    let stream = stream_fast(&host, 40);
    assert!(stream.held_response() > 0);
    host.set_time(host.time() - Duration::from_secs(3600));
    host.tick();
    host.advance(Duration::from_millis(201));
    host.tick();
    assert_eq!(stream.held_response(), 0);
}

#[test]
fn nothing_of_a_websocket_is_held() {
    let host = with_streams(json!({"coalesce": [{"name": "all", "mode": "interval"}]}));
    let socket = ask(&host, &Subject { is_upgrade: true, ..speech() });
    socket.respond(&[(":status", "101"), ("upgrade", "websocket")]);
    for _ in 0..5 {
        chunk(&host, &socket, 10, b"\x81\x02hi");
    }
    let record = record(&socket.client_leaves());
    assert_eq!(
        (&record["chunks"], &record["releases"], &record["held"]),
        (&json!(5), &json!(5), &json!(0))
    );
}
