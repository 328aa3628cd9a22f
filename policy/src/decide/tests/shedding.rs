//! Bodies that are read because requests are shed by their length, and what text-shed is told.

use serde_json::Value;

use super::facts::{ask, facts_policy, read};
use super::*;
use crate::body::Field;
use crate::subject::{BodyPlaces, Subject};

/// Who may all, so that nothing but shedding hangs on a body.
fn may_all(spec: &mut Value) {
    spec["operations"]["rules"] = json!([
        {"name": "say", "methods": ["POST"], "path": "/say", "operations": ["tts.synthesize"],
         "body": {"formats": ["json", "multipart"], "fields": {
             "text": ["/text"], "model": ["/model", "/jobs/*/model"], "sample_rate": ["/rate"],
             "voice": ["/voice"]}}},
        {"name": "hear", "methods": ["POST"], "path": "/hear", "operations": ["asr.transcribe"],
         "body": {"formats": ["multipart"], "fields": {"audio": ["/file"]}}},
        {"name": "bare", "methods": ["POST"], "path": "/bare", "operations": ["tts.synthesize"]},
    ]);
    for tier in 0..2 {
        spec["tiers"][tier]["allow"] = json!(["*"]);
    }
}

/// A policy with this section; `null`: with none.
fn shedding(section: Value, change: impl FnOnce(&mut Value)) -> Policy {
    facts_policy(|spec| {
        may_all(spec);
        if !section.is_null() {
            spec["shedding"] = section;
        }
        change(spec);
    })
}

/// By requests, so that no work is counted in characters.
fn by_requests(ladder: Value) -> Value {
    json!({"capacity": {"unit": "requests"}, "ladder": ladder})
}

fn say(more: &[(&str, &str)]) -> RequestHead {
    ask("/say", "tts.premium", "application/json", more)
}

const BODY: &str = r#"{"text":"h\u00e9llo","voice":"preset-1","text_after":1}"#;

/// How many bytes of a body are read.
fn bytes_read(policy: &Policy, head: &RequestHead) -> usize {
    read(policy, head, BODY.as_bytes(), 4).1
}

fn subject(policy: &Policy, head: &RequestHead, body: &[u8]) -> Subject {
    Subject::new(&read(policy, head, body, 7).0, head, policy)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_read_to_its_end_where_its_length_is_work_or_a_rungs_condition() {
    let above =
        |key: &str| by_requests(json!([{"name": "a", key: {"above": 3}, "rung": "divert"}]));
    for section in [
        json!({}),
        json!({"capacity": {"unit": "text_chars"}}),
        above("text_chars"),
        above("audio_seconds"),
    ] {
        let policy = shedding(section.clone(), |_| ());
        assert!(reads_bodies(&policy), "{section}");
        assert_eq!(bytes_read(&policy, &say(&[])), BODY.len(), "{section}");
        let subject = subject(&policy, &say(&[]), BODY.as_bytes());
        assert_eq!(subject.text_chars, 5, "{section}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_read_where_it_may_be_degraded() {
    let section = by_requests(json!([
        {"name": "less", "rung": "degrade", "degrade": {"sample_rate": 16000}},
    ]));
    assert_eq!(bytes_read(&shedding(section, |_| ()), &say(&[])), BODY.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_not_read_where_nothing_of_shedding_hangs_on_it() {
    let divert = by_requests(json!([{"name": "a", "load": ["busy"], "rung": "divert"}]));
    let of_others = by_requests(json!([
        {"name": "a", "operations": ["asr.*", "tts.synthesize"], "text_chars": {"above": 3},
         "tiers": ["basic"], "rung": "divert"},
    ]));
    for section in [Value::Null, by_requests(json!([])), divert] {
        let policy = shedding(section.clone(), |_| ());
        assert!(!reads_bodies(&policy), "{section}");
        assert_eq!(bytes_read(&policy, &say(&[])), 0, "{section}");
    }
    let policy = shedding(of_others, |_| ());
    let bare = ask("/bare", "tts.premium", "application/json", &[]);
    assert_eq!(bytes_read(&policy, &bare), 0, "no rule says what stands in it");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tiers_limits_still_decide_with_their_first_byte() {
    let policy = shedding(json!({}), |spec| {
        spec["tiers"][0]["max"] = json!({"text_chars": 3});
    });
    let (decision, fed) = read(&policy, &say(&[]), br#"{"text":"hello, hello"}"#, 1);
    assert_eq!((decision.reason.as_str(), fed), ("text_chars_limit", 13));
    assert!(!decision.passes());
}

/// Padding before a text would make it short, else.
#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_cannot_be_read_is_not_let_past_shedding_unless_that_is_on_trial() {
    for (shadow, outcome) in [(json!([]), Outcome::Deny), (json!(["shedding"]), Outcome::Allow)] {
        let policy = shedding(json!({}), |spec| {
            spec["facts"]["max_held_bytes"] = json!(2048);
            spec["shadow"] = shadow.clone();
        });
        let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(5000));
        for (head, body) in [
            (say(&[]), long.as_str()),
            (say(&[]), r#"{"text":"#),
            (say(&[("content-encoding", "br")]), BODY),
            (ask("/say", "tts.premium", "text/html", &[]), BODY),
        ] {
            assert_eq!(read(&policy, &head, body.as_bytes(), 100).0.outcome, outcome, "{body}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn text_shed_is_told_where_what_stands_that_it_may_change_or_cut() {
    let policy = shedding(json!({}), |_| ());
    let places = subject(&policy, &say(&[]), BODY.as_bytes()).places.unwrap();
    assert_eq!(places.of(Field::Text), ["/text"]);
    assert_eq!(places.of(Field::SampleRate), ["/rate"]);
    assert_eq!(places.of(Field::Model), ["/model"], "not each of several");
    assert!(places.of(Field::Voice).is_empty());
    assert!(places.of(Field::Stream).is_empty());
    let told = serde_json::to_string(&places).unwrap();
    assert_eq!(serde_json::from_str::<BodyPlaces>(&told).unwrap(), places);
}

#[wasm_bindgen_test(unsupported = test)]
fn places_are_told_only_of_a_json_body_that_is_not_encoded_and_of_a_policy_that_sheds() {
    let policy = shedding(json!({}), |_| ());
    for (head, body) in [
        (say(&[("content-encoding", "gzip")]), BODY),
        (say(&[("content-encoding", "br")]), BODY),
        (
            ask("/say", "tts.premium", "multipart/form-data; boundary=b", &[]),
            "--b\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nhello\r\n--b--\r\n",
        ),
        (ask("/bare", "tts.premium", "application/json", &[]), BODY),
    ] {
        let subject = subject(&policy, &head, body.as_bytes());
        assert_eq!((subject.tier.as_deref(), subject.places), (Some("premium"), None), "{body}");
    }
    let plain = say(&[("content-encoding", "")]);
    assert!(subject(&policy, &plain, BODY.as_bytes()).places.is_some());
    // By its facts that are there for quotas.
    let policy = shedding(Value::Null, |spec| {
        spec["quotas"]["rules"] = json!([
            {"name": "a", "meter": "text.chars", "per": "day", "default": {"limit": 1_000_000}},
        ]);
    });
    let subject = subject(&policy, &say(&[]), BODY.as_bytes());
    assert_eq!((subject.text_chars, subject.places), (5, None));
}
