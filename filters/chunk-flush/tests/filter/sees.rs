//! What is measured of a stream that passes.

use super::*;

#[test]
fn an_access_log_says_when_the_first_sound_came_and_how_long_it_plays() {
    let host = plain();
    let stream = ask(&host, &speech());
    host.advance(Duration::from_millis(100));
    stream.respond(&PCM);
    chunk(&host, &stream, 20, &[0; FRAME]);
    chunk(&host, &stream, 20, &sound(FRAME));
    chunk(&host, &stream, 20, &sound(FRAME));
    let record = end(stream);
    assert_eq!(record["end"], "complete");
    assert_eq!(record["format"], "pcm");
    assert_eq!(record["headers_ms"], 100.0);
    assert_eq!(record["first_byte_ms"], 120.0);
    assert_eq!(record["ttfa_ms"], 140.0);
    assert_eq!(record["last_byte_ms"], 160.0);
    assert_eq!(record["audio_ms"], 60.0);
    assert_eq!(record["chunks"], 3);
    assert_eq!(record["releases"], 3);
    assert_eq!(record["held"], 0);
    assert_eq!(record["bytes"], 3 * FRAME);
    assert_eq!(of_speech(&host, "stream_ttfa_ms"), 140);
    let format = [("operation", "tts.synthesize"), ("tier", "premium"), ("format", "pcm")];
    assert_eq!(metric(&host, &format, "stream_audio_ms_total"), 60);
    assert_eq!(metric(&host, &format, "stream_bytes_total"), 3 * FRAME as u64);
}

#[test]
fn a_listener_who_runs_dry_is_counted() {
    let host = plain();
    let stream = ask(&host, &speech());
    stream.respond(&PCM);
    // 200 ms at once, and the next after 500: 300 are missing.
    chunk(&host, &stream, 10, &sound(10 * FRAME));
    chunk(&host, &stream, 500, &sound(10 * FRAME));
    let record = end(stream);
    assert_eq!(record["underruns"], 1);
    assert_eq!(record["missing_ms"], 300.0);
    assert_eq!(record["continuous"], false);
    assert_eq!(record["longest_gap_ms"], 500.0);
    assert_eq!(of_speech(&host, "stream_underruns_total"), 1);
    let streams = [
        ("operation", "tts.synthesize"),
        ("tier", "premium"),
        ("end", "complete"),
        ("continuity", "broken"),
    ];
    assert_eq!(metric(&host, &streams, "streams_total"), 1);
    let gaps = [("operation", "tts.synthesize"), ("up_to_ms", "500")];
    assert_eq!(metric(&host, &gaps, "stream_gaps_total"), 1);
}

#[test]
fn who_left_and_what_broke_is_told_apart() {
    let host = plain();
    let begun = || {
        let stream = ask(&host, &speech());
        stream.respond(&PCM);
        chunk(&host, &stream, 10, &sound(FRAME));
        stream
    };
    assert_eq!(record(&begun().client_leaves())["end"], "left");
    assert_eq!(record(&begun().upstream_breaks())["end"], "failed");
    assert_eq!(end(begun())["end"], "complete");
}

#[test]
fn a_stream_without_a_subject_is_measured_without_labels() {
    let host = plain();
    let stream = host.request(&[(":method", "GET"), (":path", "/")]);
    stream.respond(&PCM);
    chunk(&host, &stream, 10, &sound(FRAME));
    assert_eq!(end(stream)["audio_ms"], 20.0);
    let labels = [("operation", "none"), ("tier", "none"), ("model", "none")];
    assert_eq!(metric(&host, &labels, "stream_first_byte_ms"), 10);
}

#[test]
fn what_is_no_stream_is_left_alone() {
    let host = plain();
    for headers in [
        vec![(":status", "200"), ("content-type", "application/json"), ("content-length", "2")],
        vec![(":status", "500"), ("content-type", "audio/pcm")],
        vec![(":status", "404"), ("content-type", "application/problem+json")],
    ] {
        let stream = ask(&host, &speech());
        let passed = stream.respond(&headers);
        assert_eq!(header(&passed, "cache-control"), None);
        stream.response_body(b"{}", true);
        assert_eq!(stream.end().filter_state(STREAM_STATE), None);
    }
    let silent = ask(&host, &speech());
    silent.respond_without_body(&PCM);
    assert_eq!(silent.end().filter_state(STREAM_STATE), None);
}

#[test]
fn without_the_section_nothing_is_done() {
    let host = FakeHost::start(voxgate_host::start::<ChunkFlush>);
    let mut policy = policy(json!({}));
    policy.as_object_mut().unwrap().remove("streams");
    assert!(host.configure(policy.to_string()));
    let stream = ask(&host, &speech());
    let headers = stream.respond(&PCM);
    assert_eq!(headers.len(), PCM.len());
    stream.response_body(&sound(FRAME), true);
    assert_eq!(stream.end().filter_state(STREAM_STATE), None);
}
