//! What headers of a stream say to those on its way, and of its pipeline.

use super::*;
use voxgate_policy::shed::DEADLINE_HEADER;
use voxgate_policy::stream::stages::STAGES_HEADER;

#[test]
fn nobody_on_the_way_is_to_change_or_buffer_a_stream() {
    let host = plain();
    let stream = ask(&host, &speech());
    let headers = stream.respond(&[PCM[0], PCM[1], ("cache-control", "no-cache")]);
    assert_eq!(header(&headers, "cache-control").as_deref(), Some("no-cache, no-transform"));
    assert_eq!(header(&headers, "x-accel-buffering").as_deref(), Some("no"));
}

#[test]
fn each_protection_can_be_turned_off() {
    let host = with_streams(json!({"protect": {
        "no_transform": false,
        "no_accel_buffering": false,
        "identity_encoding": false,
        "server_timing": false,
    }}));
    let request = request(&host, &speech()).header("accept-encoding", "gzip");
    let stream = request.send();
    assert_eq!(stream.header("accept-encoding").as_deref(), Some("gzip"));
    assert_eq!(stream.respond(&PCM).len(), PCM.len());
}

#[test]
fn audio_is_asked_for_as_it_is() {
    let host = plain();
    let stream = request(&host, &speech()).header("accept-encoding", "gzip, br").send();
    assert_eq!(stream.header("accept-encoding").as_deref(), Some("identity"));
    let chat = Subject { operations: vec!["llm.chat".to_owned()], ..speech() };
    let stream = request(&host, &chat).header("accept-encoding", "gzip, br").send();
    assert_eq!(stream.header("accept-encoding").as_deref(), Some("gzip, br"));
}

#[test]
fn stages_of_a_pipeline_add_up_from_hop_to_hop() {
    let host = plain();
    let asr = Subject { operations: vec!["asr.transcribe".to_owned()], ..speech() };
    let stream = ask(&host, &asr);
    host.advance(Duration::from_millis(80));
    let headers = stream.respond(&[PCM[0], ("content-type", "application/json")]);
    let first = header(&headers, STAGES_HEADER).unwrap();
    assert_eq!(first, "asr;dur=80");
    assert_eq!(header(&headers, "server-timing").as_deref(), Some("asr;dur=80"));
    let stream = request(&host, &speech()).header(STAGES_HEADER, &first).send();
    host.advance(Duration::from_millis(120));
    let headers = stream.respond(&PCM);
    assert_eq!(header(&headers, "server-timing").as_deref(), Some("asr;dur=80, tts;dur=120"));
    assert_eq!(metric(&host, &[("stage", "tts")], "stage_ms"), 120);
}

#[test]
fn one_line_says_where_the_time_went_that_was_too_long() {
    let host = plain();
    let deadline = host.time() + Duration::from_millis(50);
    let stream = request(&host, &speech())
        .header(DEADLINE_HEADER, deadline.as_millis().to_string())
        .header(STAGES_HEADER, "asr;dur=80, llm;dur=320")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .send();
    stream.respond(&PCM);
    chunk(&host, &stream, 95, &sound(FRAME));
    let record = end(stream);
    assert_eq!(record["stages"], "asr=80 llm=320 tts=95 total=495 of=450");
    let line = "stages=late asr=80 llm=320 tts=95 total=495 of=450 \
                trace=0af7651916cd43dd8448eb211c80319c";
    assert!(host.logged(line), "{:?}", host.logs());
}

#[test]
fn hostile_headers_are_dropped_and_nothing_else_happens() {
    let host = plain();
    for hostile in [&b"\xff\xfe"[..], b";;;dur=,,", &[b'a'; 10_000], b"x;dur=1e999, y;dur=-3"] {
        let stream = request(&host, &speech())
            .header(STAGES_HEADER, hostile)
            .header("traceparent", hostile)
            .header(DEADLINE_HEADER, hostile)
            .send();
        let headers = stream.respond(&PCM);
        assert!(header(&headers, "server-timing").unwrap().ends_with("tts;dur=0"));
        end(stream);
    }
}

#[test]
fn a_failure_is_no_fast_stage() {
    let host = plain();
    let stream = ask(&host, &speech());
    let headers = stream.respond(&[(":status", "503"), PCM[1]]);
    assert_eq!(header(&headers, STAGES_HEADER), None);
    assert!(host.metric_names().iter().all(|it| !it.ends_with("voxgate_stage_ms")));
}

#[test]
fn how_long_a_client_takes_to_send_its_body_is_not_the_services_time() {
    let host = plain();
    let stream = request(&host, &speech()).with_body().send();
    host.advance(Duration::from_secs(5));
    stream.body(b"the end", true);
    host.advance(Duration::from_millis(80));
    let headers = stream.respond(&PCM);
    assert_eq!(header(&headers, "server-timing").as_deref(), Some("tts;dur=80"));
}
