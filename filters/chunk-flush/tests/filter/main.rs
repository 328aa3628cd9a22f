//! The filter through the real SDK and a fake Envoy, behind a jwt-tier that left who asks for what.

mod holds;
mod protects;
mod sees;
mod stalls;
mod tells;

use std::time::Duration;

use serde_json::{Value, json};
use voxgate_chunk_flush::{ChunkFlush, STREAM_STATE};
use voxgate_fake_host::{Ended, FakeHost, Outcome, Request, Stream};
use voxgate_policy::subject::{SUBJECT_STATE, Subject};

/// 24 kHz, 16 bits, mono, unless a request asks for another rate.
const PCM: [(&str, &str); 2] = [(":status", "200"), ("content-type", "audio/pcm")];

/// 20 ms of it.
const FRAME: usize = 960;

/// A host with this section.
fn with_streams(streams: Value) -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<ChunkFlush>);
    assert!(host.configure(policy(streams).to_string()), "{:?}", host.logs());
    host
}

fn policy(streams: Value) -> Value {
    json!({
        "version": 1,
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["*"]},
        ],
        "streams": streams,
    })
}

fn plain() -> FakeHost {
    with_streams(json!({}))
}

/// Somebody of premium who has a text spoken.
fn speech() -> Subject {
    Subject {
        tenant: Some("acme".to_owned()),
        tier: Some("premium".to_owned()),
        operations: vec!["tts.synthesize".to_owned()],
        text_chars: 100,
        models: vec!["glm-tts".to_owned()],
        ..Subject::default()
    }
}

fn request(host: &FakeHost, subject: &Subject) -> Request {
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    request.filter_state(SUBJECT_STATE, subject.to_json())
}

/// A request that went on.
fn ask(host: &FakeHost, subject: &Subject) -> Stream {
    let stream = request(host, subject).send();
    assert_eq!(stream.outcome(), Outcome::Continued, "{:?}", host.logs());
    stream
}

/// Samples that are heard, whichever byte comes first.
fn sound(bytes: usize) -> Vec<u8> {
    [0x20, 0x20].repeat(bytes / 2)
}

/// Time passes; then a chunk comes.
fn chunk(host: &FakeHost, stream: &Stream, after_ms: u64, bytes: &[u8]) {
    host.advance(Duration::from_millis(after_ms));
    stream.response_body(bytes, false);
}

/// The body ends, and the stream with it; what its access log says.
fn end(stream: Stream) -> Value {
    stream.response_body(b"", true);
    record(&stream.end())
}

fn record(ended: &Ended) -> Value {
    serde_json::from_str(&ended.filter_state(STREAM_STATE).unwrap()).unwrap()
}

fn header(headers: &[(String, Vec<u8>)], name: &str) -> Option<String> {
    let found = headers.iter().find(|(it, _)| it == name);
    found.map(|(_, value)| String::from_utf8(value.clone()).unwrap())
}

/// A metric by its labels, in their order.
fn metric(host: &FakeHost, labels: &[(&str, &str)], name: &str) -> u64 {
    let labels: String =
        labels.iter().map(|(name, value)| format!("{name}=.={value};.;")).collect();
    host.metric(&format!("{labels}voxgate_{name}"))
}

/// … of the streams of [`speech`].
fn of_speech(host: &FakeHost, name: &str) -> u64 {
    let labels = [("operation", "tts.synthesize"), ("tier", "premium"), ("model", "glm-tts")];
    metric(host, &labels, name)
}
