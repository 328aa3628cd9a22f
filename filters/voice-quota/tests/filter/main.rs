//! The filter through the real SDK and a fake Envoy, behind a jwt-tier that left who asks for what.

mod admission;
mod endings;
mod pushes;
mod repeats;
mod sockets;
mod store;
mod telling;
mod usage;

use std::time::Duration;

use serde_json::{Value, json};
use voxgate_fake_host::{FakeHost, Outcome, Request, Stream};
use voxgate_policy::subject::{SUBJECT_STATE, Subject};
use voxgate_voice_quota::VoiceQuota;

/// Where use is asked for.
const USAGE: &str = "/.well-known/voxgate/usage";

/// Bytes of a millisecond of `audio/pcm`.
const BYTES_A_MILLI: usize = 48;

/// Ticks in which a worker looks through all slots of the store.
const SWEEP: usize = 256;

const LEASE: Duration = Duration::from_secs(60);

/// A host with these rules.
fn with_rules(rules: Value) -> FakeHost {
    with(rules, |_| ())
}

/// … with the policy that `change` makes of it.
fn with(rules: Value, change: impl FnOnce(&mut Value)) -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<VoiceQuota>);
    push(&host, rules, change);
    host
}

/// A configuration is pushed.
fn push(host: &FakeHost, rules: Value, change: impl FnOnce(&mut Value)) {
    let mut policy = policy(rules);
    change(&mut policy);
    assert!(host.configure(policy.to_string()), "{:?}", host.logs());
}

fn policy(rules: Value) -> Value {
    json!({
        "version": 1,
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["*"]},
        ],
        "quotas": {
            "rules": rules,
            "usage": {"operator_scope": "voxgate.operator"},
            "label_tenants": ["acme"],
        },
    })
}

/// A rule that limits all tiers alike.
fn rule(name: &str, meter: &str, per: Option<&str>, limit: u64) -> Value {
    let mut rule = json!({"name": name, "meter": meter, "default": {"limit": limit}});
    if let Some(per) = per {
        rule["per"] = json!(per);
    }
    rule
}

fn chars(limit: u64) -> Value {
    rule("chars", "text.chars", Some("month"), limit)
}

fn requests(limit: u64) -> Value {
    rule("requests", "requests", Some("day"), limit)
}

fn streams(limit: u64) -> Value {
    rule("streams", "streams", None, limit)
}

/// Somebody of acme who has so many characters spoken, ten a second.
fn speech(chars: u64) -> Subject {
    Subject {
        tenant: Some("acme".to_owned()),
        user: Some("anna".to_owned()),
        tier: Some("premium".to_owned()),
        operations: vec!["tts.synthesize".to_owned()],
        rule: Some("glm-tts/speech".to_owned()),
        text_chars: chars,
        speech_ms: chars * 100,
        ..Subject::default()
    }
}

/// … that asks for no speech.
fn of(operation: &str) -> Subject {
    Subject { operations: vec![operation.to_owned()], ..speech(0) }
}

fn request(host: &FakeHost, subject: &Subject) -> Request {
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    request.filter_state(SUBJECT_STATE, subject.to_json())
}

fn ask(host: &FakeHost, subject: &Subject) -> Stream {
    request(host, subject).send()
}

/// A request that goes on.
fn granted(host: &FakeHost, subject: &Subject) -> Stream {
    let stream = ask(host, subject);
    assert_eq!(stream.outcome(), Outcome::Continued, "{:?}", host.logs());
    stream
}

/// The status of a request that is answered.
fn denied(host: &FakeHost, subject: &Subject) -> u16 {
    let stream = ask(host, subject);
    assert_eq!(stream.outcome(), Outcome::Replied);
    let status = stream.reply().status;
    stream.end();
    status
}

const PCM: [(&str, &str); 2] = [(":status", "200"), ("content-type", "audio/pcm")];

/// So many milliseconds of sound.
fn sound(millis: usize) -> Vec<u8> {
    vec![7; millis * BYTES_A_MILLI]
}

/// The service answers with so many milliseconds of sound, to the end.
fn serve(stream: Stream, millis: usize) {
    stream.respond(&PCM);
    stream.response_body(&sound(millis), true);
    stream.end();
}

/// Someone has so many characters spoken, to the end.
fn spoken(host: &FakeHost, chars: u64) {
    serve(granted(host, &speech(chars)), 100);
}

/// What is told at the usage endpoint to whom it concerns.
fn told(host: &FakeHost, subject: Subject, query: &str) -> Value {
    let subject = Subject { asks_usage: true, ..subject };
    let request = host.new_request().header(":method", "GET");
    let request = request.header(":path", format!("{USAGE}{query}"));
    let stream = request.filter_state(SUBJECT_STATE, subject.to_json()).send();
    let reply = stream.reply();
    assert_eq!(reply.status, 200);
    stream.end();
    serde_json::from_str(&reply.text()).unwrap()
}

/// What acme used under a rule, and what of it is reserved.
fn used(host: &FakeHost, rule: &str) -> (u64, u64) {
    let usage = told(host, speech(0), "");
    let mut rows = usage["limits"].as_array().unwrap().iter();
    let row = rows.find(|it| it["rule"] == rule).unwrap_or_else(|| panic!("{usage:#}"));
    (row["used"].as_u64().unwrap(), row["reserved"].as_u64().unwrap())
}

/// All accounts, as an operator is told.
fn accounts(host: &FakeHost) -> Vec<Value> {
    let operator = Subject { is_operator: true, ..speech(0) };
    told(host, operator, "")["accounts"].as_array().unwrap().clone()
}

fn metric(host: &FakeHost, name: &str, labels: &[(&str, &str)]) -> u64 {
    let labels = labels.iter().map(|(name, value)| format!("{name}=.={value};.;"));
    host.metric(&format!("{}{name}", labels.collect::<String>()))
}

fn store_errors(host: &FakeHost) -> u64 {
    metric(host, "voxgate_quota_store_errors_total", &[("error", "contended")])
}

fn expired(host: &FakeHost) -> u64 {
    host.metric("voxgate_quota_expired_units_total")
}

/// Time passes, and the timer goes off once.
fn wait(host: &FakeHost, time: Duration) {
    host.advance(time);
    host.tick();
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
