//! The filter through the real SDK and a fake Envoy, behind a jwt-tier that left who asks for what.

mod answers;
mod ladder;
mod learning;
mod refusals;
mod waiting;
mod workers;

use std::time::Duration;

use serde_json::{Value, json};
use voxgate_fake_host::{FakeHost, Outcome, Reply, Request, Stream};
use voxgate_policy::spec::FieldsSpec;
use voxgate_policy::subject::{BodyPlaces, SUBJECT_STATE, Subject};
use voxgate_text_shed::{SHED_STATE, TextShed};

const SERVICE: &str = "outbound|8080||tts.ai.svc";

/// As `SERVICE` stands in a metric's name.
const LABEL: &str = "outbound_8080__tts.ai.svc";

/// How often the timer goes off while something waits, and while nothing does.
const FAST: Duration = Duration::from_millis(10);
const SLOW: Duration = Duration::from_secs(1);

const GOOD: [(&str, &str); 2] = [(":status", "200"), ("content-type", "audio/pcm")];

/// A host with 100 audio seconds of capacity, for which premium waits, and this ladder.
fn with_ladder(ladder: Value) -> FakeHost {
    with(|policy| policy["shedding"]["ladder"] = ladder)
}

/// … with the policy that `change` makes of it.
fn with(change: impl FnOnce(&mut Value)) -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<TextShed>);
    push(&host, change);
    host
}

/// A configuration is pushed; or another worker starts with it.
fn push(host: &FakeHost, change: impl FnOnce(&mut Value)) {
    let mut policy = json!({
        "version": 1,
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["*"]},
        ],
        "shedding": {
            "capacity": {
                "limit": 100,
                "batch_limit": 1000,
                "tiers": {"premium": {"queue": {"max": 4, "wait": "2s"}}},
            },
        },
    });
    change(&mut policy);
    assert!(host.configure(policy.to_string()), "{:?}", host.logs());
}

fn plain() -> FakeHost {
    with(|_| ())
}

/// Somebody of premium who has so many seconds spoken, ten characters each.
fn speech(seconds: u64) -> Subject {
    Subject {
        tenant: Some("acme".to_owned()),
        tier: Some("premium".to_owned()),
        operations: vec!["tts.synthesize".to_owned()],
        text_chars: seconds * 10,
        speech_ms: seconds * 1000,
        ..Subject::default()
    }
}

/// … of basic, where nothing waits.
fn basic(seconds: u64) -> Subject {
    Subject { tier: Some("basic".to_owned()), ..speech(seconds) }
}

/// … as JSON, where it is known what stands where.
fn in_json(subject: Subject) -> Subject {
    let fields: FieldsSpec = serde_json::from_value(json!({
        "text": ["/text"], "model": ["/model"], "sample_rate": ["/sample_rate"],
        "format": ["/format"], "stream": ["/stream"],
    }))
    .unwrap();
    Subject { places: Some(BodyPlaces::new(&fields)), ..subject }
}

fn request(host: &FakeHost, subject: &Subject) -> Request {
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    request.cluster(SERVICE).filter_state(SUBJECT_STATE, subject.to_json())
}

fn ask(host: &FakeHost, subject: &Subject) -> Stream {
    request(host, subject).send()
}

/// A request that goes on.
fn admitted(host: &FakeHost, subject: &Subject) -> Stream {
    let stream = ask(host, subject);
    assert_eq!(stream.outcome(), Outcome::Continued, "{:?}", host.logs());
    stream
}

/// A request that is held.
fn held(host: &FakeHost, subject: &Subject) -> Stream {
    let stream = ask(host, subject);
    assert_eq!(stream.outcome(), Outcome::Waiting, "{:?}", host.logs());
    stream
}

/// What a request is answered.
fn refused(host: &FakeHost, subject: &Subject) -> Reply {
    let stream = ask(host, subject);
    assert_eq!(stream.outcome(), Outcome::Replied);
    let reply = stream.reply();
    stream.end();
    reply
}

fn problem(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type").as_deref(), Some("application/problem+json"));
    serde_json::from_str(&reply.text()).unwrap()
}

/// What access logs are told.
fn record(stream: &Stream) -> Value {
    serde_json::from_str(&stream.filter_state(SHED_STATE).unwrap()).unwrap()
}

/// The service answers with sound, to the end.
fn serve(stream: Stream) {
    stream.respond(&GOOD);
    stream.response_body(b"sound", true);
    stream.end();
}

/// Time passes, and the timer goes off once.
fn wait(host: &FakeHost, time: Duration) {
    host.advance(time);
    host.tick();
}

/// A gauge of a lane, as the timer last set it.
fn gauge(host: &FakeHost, name: &str, lane: &str) -> u64 {
    host.metric(&format!("service=.={LABEL};.;lane=.={lane};.;voxgate_shed_{name}"))
}

/// Requests in flight, and those that wait, on the online lane.
fn here(host: &FakeHost) -> (u64, u64) {
    wait(host, SLOW);
    (gauge(host, "in_flight_requests", "online"), gauge(host, "waiting_requests", "online"))
}

/// How often it was decided so: outcome, reason, rule, tier, load.
fn decided(host: &FakeHost, labels: [&str; 5]) -> u64 {
    let names = ["outcome", "reason", "rule", "tier", "load"];
    let labels: String =
        names.iter().zip(labels).map(|(name, value)| format!("{name}=.={value};.;")).collect();
    host.metric(&format!("{labels}voxgate_shed_decisions_total"))
}
