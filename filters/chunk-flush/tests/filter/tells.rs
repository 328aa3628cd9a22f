//! What is logged: what is unusual, once, and never a content.

use super::*;

/// A stream whose first sound comes after so long.
fn play(host: &FakeHost, subject: &Subject, ttfa_ms: u64) {
    let stream = ask(host, subject);
    stream.respond(&PCM);
    chunk(host, &stream, ttfa_ms, &sound(FRAME));
    end(stream);
}

#[test]
fn a_stream_far_slower_than_usual_leaves_a_snapshot() {
    let host = plain();
    (0..30).for_each(|_| play(&host, &speech(), 200));
    let slow = |tier| {
        metric(&host, &[("operation", "tts.synthesize"), ("tier", tier)], "stream_slow_total")
    };
    assert_eq!(slow("premium"), 0);
    play(&host, &speech(), 900);
    assert_eq!(slow("premium"), 1);
    assert!(host.logged("stream=slow ttfa_ms=900 usual=200 operation=tts.synthesize tier=premium"));
    assert!(host.logged("text_chars=100"));
    // Longer texts have a usual of their own.
    play(&host, &Subject { text_chars: 100_000, ..speech() }, 900);
    assert_eq!(slow("premium"), 1);
}

#[test]
fn a_socket_without_tcp_nodelay_is_named_once() {
    let host = plain();
    for _ in 0..20 {
        let stream = ask(&host, &speech());
        stream.respond(&PCM);
        chunk(&host, &stream, 1, &sound(FRAME));
        chunk(&host, &stream, 42, &sound(3 * FRAME));
        for _ in 0..5 {
            chunk(&host, &stream, 20, &sound(FRAME));
        }
        end(stream);
    }
    let labels = [("operation", "tts.synthesize"), ("pattern", "delayed_ack")];
    assert!(metric(&host, &labels, "stream_patterns_total") > 0);
    let lines = host.logs().iter().filter(|it| it.message.contains("TCP_NODELAY")).count();
    assert_eq!(lines, 1);
}

#[test]
fn no_audio_is_logged_or_counted() {
    let host = with_streams(json!({"stall": {"after": "5s"}}));
    let stream = ask(&host, &speech());
    stream.respond(&PCM);
    chunk(&host, &stream, 10, b"RIFFsecretsecretsecret");
    host.advance(Duration::from_secs(6));
    host.tick();
    let record = end(stream).to_string();
    let logs = format!("{:?} {:?} {record}", host.logs(), host.metric_names());
    assert!(!logs.contains("secret"));
}

/// A client that names ever new models fills no metric.
#[test]
fn models_past_the_first_are_counted_as_other() {
    let host = plain();
    for number in 0..40 {
        play(&host, &Subject { models: vec![format!("model-{number}")], ..speech() }, 10);
    }
    let labels = [("operation", "tts.synthesize"), ("tier", "premium"), ("model", "other")];
    assert_eq!(metric(&host, &labels, "stream_ttfa_ms"), 10);
    let names = host.metric_names();
    assert_eq!(names.iter().filter(|it| it.ends_with("voxgate_stream_ttfa_ms")).count(), 21);
}
