use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::decision::GrpcCode;
use crate::shed::work::Work;

fn subject() -> Subject {
    Subject {
        tenant: Some("acme-tenant".to_owned()),
        user: Some("ann-user".to_owned()),
        tier: Some("basic".to_owned()),
        operations: vec!["tts.synthesize".to_owned(), "voice.use".to_owned()],
        text_chars: 500,
        models: vec!["secret-model".to_owned()],
        ..Subject::default()
    }
}

fn busy(why: Why, room: Duration) -> Refusal {
    Refusal::Busy { why, lane: Lane::Batch, room }
}

fn too_long(why: Why, longest: Option<u64>) -> Refusal {
    Refusal::TextTooLong { why, chars: 500, longest, lane: Lane::Online }
}

fn unmet() -> Refusal {
    let millis = Duration::from_millis;
    Refusal::DeadlineUnmet { left: millis(300), needed: millis(450), lane: Lane::Online }
}

const CAPACITY: Why = Why::Full(Full::Capacity);
const TOO_LARGE: Why = Why::Full(Full::TooLarge { most: Work(7) });
const SECOND: Duration = Duration::from_secs(1);

/// One of each kind, by the reason that is counted.
fn all() -> Vec<(&'static str, Refusal)> {
    vec![
        ("no_subject", Refusal::NoSubject),
        ("bad_deadline", Refusal::BadDeadline),
        ("deadline_passed", Refusal::DeadlinePassed { late: SECOND }),
        ("deadline_unmet", unmet()),
        ("busy_by_rule", busy(Why::Rule, SECOND)),
        ("waited_in_vain", busy(Why::Waited, SECOND)),
        ("no_capacity", busy(CAPACITY, SECOND)),
        ("queue_full", busy(Why::Full(Full::Queue), SECOND)),
        ("larger_than_capacity", busy(TOO_LARGE, SECOND)),
        ("too_many_in_flight", busy(Why::Full(Full::Bound), SECOND)),
        ("text_too_long", too_long(Why::Rule, Some(300))),
    ]
}

fn answer(refusal: &Refusal, split: Option<&Split>) -> (Answer, Value) {
    let answer = refusal.answer(&subject(), Some("long"), Level::Overload, split, 0);
    let problem = serde_json::from_slice(&answer.problem).unwrap();
    (answer, problem)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refusal_has_the_status_that_tells_the_client_what_to_do() {
    for (reason, refusal) in all() {
        let (kind, status, grpc, retries) = match reason {
            "no_subject" => ("shedding-unavailable", 503, GrpcCode::Unavailable, false),
            "bad_deadline" => ("invalid-request", 400, GrpcCode::InvalidArgument, false),
            "deadline_passed" | "deadline_unmet" => {
                ("deadline-exceeded", 504, GrpcCode::DeadlineExceeded, false)
            }
            "text_too_long" => ("text-too-long", 413, GrpcCode::ResourceExhausted, false),
            // No time makes it smaller.
            "larger_than_capacity" => ("busy", 503, GrpcCode::Unavailable, false),
            _ => ("busy", 503, GrpcCode::Unavailable, true),
        };
        let (answer, problem) = answer(&refusal, None);
        assert_eq!(refusal.reason(), reason);
        assert_eq!((answer.status, answer.grpc), (status, grpc), "{reason}");
        assert_eq!(answer.retry_after.is_some(), retries, "{reason}");
        assert_eq!(problem["type"], format!("tag:voxgate,2026:problem/{kind}"), "{reason}");
        assert_eq!(problem["status"], status, "{reason}");
        assert_eq!(problem["detail"], answer.detail, "{reason}");
        assert!(problem["title"].as_str().is_some_and(|it| !it.is_empty()), "{reason}");
        assert_eq!(problem["operation"], "tts.synthesize+voice.use", "{reason}");
        assert_eq!(problem["tier"], "basic", "{reason}");
        assert_eq!(problem["load"], "overload", "{reason}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn it_names_the_part_of_the_policy_that_decided() {
    for (reason, refusal) in all() {
        let place = match reason {
            "no_subject" => "shedding",
            "bad_deadline" | "deadline_passed" | "deadline_unmet" => "shedding.deadline",
            "busy_by_rule" | "text_too_long" => "shedding.ladder.long",
            _ => "shedding.capacity",
        };
        assert_eq!(answer(&refusal, None).1["rule"], place, "{reason}");
    }
    // The rule let it pass.
    let by_capacity = too_long(TOO_LARGE, Some(300));
    assert_eq!(answer(&by_capacity, None).1["rule"], "shedding.capacity");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_numbers_that_were_compared_are_told() {
    let (answer_, problem) = answer(&too_long(Why::Rule, Some(300)), None);
    let numbers = ["text_chars", "longest_text_chars", "lane", "left_ms"].map(|it| &problem[it]);
    assert_eq!(numbers, [&json!(500), &json!(300), &json!("online"), &Value::Null]);
    assert_eq!(
        answer_.detail,
        "The text has 500 characters; at most 300 pass now. Send it in parts."
    );
    let (_, problem) = answer(&too_long(Why::Rule, None), None);
    assert_eq!(problem["longest_text_chars"], Value::Null);
    let (_, problem) = answer(&unmet(), None);
    let numbers = ["left_ms", "needed_ms", "lane", "text_chars"].map(|it| &problem[it]);
    assert_eq!(numbers, [&json!(300), &json!(450), &json!("online"), &Value::Null]);
    assert_eq!(answer(&busy(CAPACITY, SECOND), None).1["lane"], "batch");
}

#[wasm_bindgen_test(unsupported = test)]
fn advice_where_to_cut_is_places_only() {
    let split = Split { offsets: vec![120, 290], has_more: true };
    let (_, problem) = answer(&too_long(Why::Rule, Some(300)), Some(&split));
    assert_eq!(
        (&problem["split_at"], &problem["split_has_more"]),
        (&json!([120, 290]), &json!(true))
    );
    let split = Split { has_more: false, ..split };
    let (_, problem) = answer(&too_long(Why::Rule, Some(300)), Some(&split));
    assert_eq!(problem["split_has_more"], Value::Null);
    let (_, problem) = answer(&too_long(Why::Rule, Some(300)), None);
    assert_eq!(problem["split_at"], Value::Null);
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_in_it_says_who_asked_or_with_which_words() {
    for (reason, refusal) in all() {
        let (answer, _) = answer(&refusal, None);
        let all = format!("{}{}", String::from_utf8(answer.problem).unwrap(), answer.detail);
        for told in ["acme-tenant", "ann-user", "secret-model"] {
            assert!(!all.contains(told), "{reason}: {all}");
        }
    }
}

/// What clients are told, with any jitter.
fn told(room: Duration) -> Vec<u32> {
    let seeds = (0..1000_u64).map(|it| it.wrapping_mul(0x9e37_79b9_7f4a_7c15)).chain([u64::MAX]);
    let busy = busy(CAPACITY, room);
    let after = |jitter| busy.answer(&subject(), None, Level::Busy, None, jitter).retry_after;
    let mut told: Vec<u32> = seeds.map(|it| after(it).unwrap()).collect();
    told.sort_unstable();
    told.dedup();
    told
}

#[wasm_bindgen_test(unsupported = test)]
fn clients_are_told_to_come_back_when_there_may_be_room_and_not_all_at_once() {
    let millis = Duration::from_millis;
    for (room, first, last) in [
        (Duration::ZERO, 1, 2),
        (millis(1), 1, 2),
        (millis(1_001), 2, 3),
        (millis(10_000), 10, 15),
        (Duration::from_secs(200), 200, 300),
        (Duration::from_secs(600), 200, 300),
        (Duration::MAX, 200, 300),
    ] {
        let all: Vec<u32> = (first..=last).collect();
        assert_eq!(told(room), all, "{room:?}");
    }
}
