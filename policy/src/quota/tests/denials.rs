//! What a client is told that is denied.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde_json::{Value, json};

use super::policies::{policy, subject};
use super::*;
use crate::Policy;
use crate::decision::GrpcCode;

fn rules() -> Policy {
    policy(json!([
        {"name": "chars", "meter": "text.chars", "per": "day", "default": {"limit": 1000}},
        {"name": "audio", "meter": "audio.seconds", "per": "1h", "default": {"limit": 600}},
        {"name": "streams", "meter": "streams", "default": {"limit": 3}},
    ]))
}

fn violation(rule: u8, units: u64, used: u64, asked: u64, millis: Option<u64>) -> Violation {
    let standing = Standing { used, reserved: 0, asked, millis, is_violated: true };
    Violation { rule: RuleId(rule), limit: limit(units), standing }
}

const CHARS: fn() -> Violation = || violation(0, 1000, 990, 20, Some(59_001));
const AUDIO: fn() -> Violation = || violation(1, 600_000, 599_500, 1001, Some(3_000));
const STREAMS: fn() -> Violation = || violation(2, 3, 3, 1, None);
const NEVER: fn() -> Violation = || violation(0, 1000, 0, 1001, None);

fn answer(denial: &Denial) -> DenialAnswer {
    denial.answer(rules().quotas(), &subject(&["tts.synthesize", "voice.use"]), NOW)
}

fn exceeded(violations: &[fn() -> Violation]) -> DenialAnswer {
    answer(&Denial::Exceeded(violations.iter().map(|it| it()).collect()))
}

fn problem(answer: &DenialAnswer) -> Value {
    serde_json::from_slice(&answer.answer.problem).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_problem_tells_the_policy_the_numbers_and_when_to_come_again() {
    let answer = exceeded(&[CHARS]);
    assert_eq!((answer.answer.status, answer.answer.grpc), (429, GrpcCode::ResourceExhausted));
    assert_eq!(answer.answer.retry_after, Some(60));
    assert_eq!(
        problem(&answer),
        json!({
            "type": "tag:voxgate,2026:problem/quota-exceeded",
            "title": "There is not enough quota left",
            "status": 429,
            "detail": "Quota chars: 10 of 1000 text.chars are left, and the request takes 20; it may fit in 60 s.",
            "rule": "quotas.chars",
            "operation": "tts.synthesize+voice.use",
            "tier": "premium",
            "violated-policies": ["chars"],
            "violations": [{
                "policy": "chars", "meter": "text.chars",
                "limit": 1000, "remaining": 10, "requested": 20, "retry_after": 60,
            }],
        })
    );
    assert_eq!(answer.fields.policy, r#""chars";q=1000;qu="text.chars";w=86400"#);
    assert_eq!(answer.fields.limit, r#""chars";r=10;t=60"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn several_violations_are_all_told_and_the_longest_wait_counts() {
    let answer = exceeded(&[AUDIO, CHARS, STREAMS]);
    assert_eq!(answer.answer.retry_after, Some(60));
    let problem = problem(&answer);
    assert_eq!(problem["rule"], "quotas.audio");
    assert_eq!(problem["violated-policies"], json!(["audio", "chars", "streams"]));
    assert_eq!(
        problem["violations"][0],
        json!({
            "policy": "audio", "meter": "audio.seconds",
            "limit": 600, "remaining": 0, "requested": 2, "retry_after": 3,
        })
    );
    assert_eq!(
        problem["violations"][2],
        json!({"policy": "streams", "meter": "streams", "limit": 3, "remaining": 0, "requested": 1})
    );
    assert_eq!(answer.fields.limit, r#""audio";r=0;t=3, "chars";r=10;t=60, "streams";r=0"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_never_fits_is_not_to_be_retried() {
    for violations in [&[NEVER][..], &[CHARS, NEVER], &[NEVER, STREAMS]] {
        let answer = exceeded(violations);
        assert_eq!((answer.answer.retry_after, &answer.grpc_details), (None, &None));
    }
    let detail = exceeded(&[NEVER]).answer.detail;
    assert_eq!(
        detail,
        "Quota chars: 1000 of 1000 text.chars are left, and the request takes 1001, more than there ever are."
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_held_may_be_given_back_at_any_time() {
    let answer = exceeded(&[STREAMS]);
    assert_eq!(answer.answer.retry_after, Some(1));
    assert!(answer.answer.detail.ends_with("; one must be given back first."));
    assert_eq!(problem(&answer)["violations"][0].get("retry_after"), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_retry_is_never_told_for_now() {
    let soon = violation(0, 1000, 1000, 1, Some(0));
    assert_eq!(answer(&Denial::Exceeded(vec![soon])).answer.retry_after, Some(1));
    let late = violation(0, 1000, 1000, 1, Some(u64::MAX));
    assert_eq!(answer(&Denial::Exceeded(vec![late])).answer.retry_after, Some(u32::MAX));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lost_store_is_503_and_says_that_nothing_was_charged() {
    for (error, name) in [(StoreError::Full, "full"), (StoreError::Contended(64), "contended")] {
        assert_eq!(error.as_str(), name);
        let denial = Denial::Store(error);
        assert_eq!(denial.reason(), "quota_store");
        let answer = answer(&denial);
        assert_eq!((answer.answer.status, answer.answer.grpc), (503, GrpcCode::Unavailable));
        assert_eq!(answer.answer.retry_after, Some(1));
        assert_eq!(answer.fields, RateLimitFields::default());
        let problem = problem(&answer);
        assert_eq!(problem["type"], "tag:voxgate,2026:problem/quota-unavailable");
        assert_eq!(problem["rule"], "quotas.on_store_error");
        assert_eq!(problem.get("violated-policies"), None);
        assert!(answer.answer.detail.ends_with("Nothing was charged."), "{problem}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_that_nobody_identified_is_503_and_not_to_be_retried() {
    let answer = answer(&Denial::NoSubject);
    assert_eq!((answer.answer.status, answer.answer.retry_after), (503, None));
    assert_eq!(Denial::NoSubject.reason(), "no_subject");
    assert_eq!(Denial::Exceeded(Vec::new()).reason(), "quota_exceeded");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_of_another_version_of_the_policy_is_503_and_may_be_known_soon() {
    let answer = answer(&Denial::UnknownTier);
    assert_eq!((answer.answer.status, answer.answer.retry_after), (503, Some(1)));
    assert_eq!(problem(&answer)["rule"], "tiers");
    assert_eq!(Denial::UnknownTier.reason(), "unknown_tier");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_subject_of_which_nothing_is_known_is_not_told() {
    let denial = Denial::Exceeded(vec![CHARS()]);
    let answer = denial.answer(rules().quotas(), &Default::default(), NOW);
    let problem = problem(&answer);
    assert_eq!((problem.get("operation"), problem.get("tier")), (None, None));
}

/// Number, wire type and content of each field of a protobuf message.
fn decode(mut bytes: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (first, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let content = match tag & 7 {
            0 => varint(&mut bytes).to_le_bytes().to_vec(),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                content.to_vec()
            }
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, tag & 7, content));
    }
    fields
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grpc_client_is_told_when_to_come_again() {
    for (millis, seconds) in [(1, 1_u64), (127_000, 127), (128_000, 128), (300_000_000, 300_000)] {
        let denial = Denial::Exceeded(vec![violation(0, 1000, 1000, 1, Some(millis))]);
        let answer = answer(&denial);
        let details = BASE64_STANDARD_NO_PAD.decode(answer.grpc_details.unwrap()).unwrap();
        let status = decode(&details);
        let [(1, 0, code), (2, 2, message), (3, 2, any)] = &status[..] else {
            panic!("{status:?}")
        };
        assert_eq!(code[..], 8_u64.to_le_bytes());
        assert_eq!(message, answer.answer.detail.as_bytes());
        let any = decode(any);
        let [(1, 2, url), (2, 2, info)] = &any[..] else { panic!("{any:?}") };
        assert_eq!(url, b"type.googleapis.com/google.rpc.RetryInfo");
        let info = decode(info);
        let [(1, 2, duration)] = &info[..] else { panic!("{info:?}") };
        assert_eq!(decode(duration), [(1, 0, seconds.to_le_bytes().to_vec())]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn soft_limits_are_reached_at_their_percentage() {
    let policy = policy(json!([
        {"name": "r", "meter": "requests", "per": "day", "default": {"limit": 1}, "soft": [50, 80, 100]},
    ]));
    let rule = policy.quotas().get(RuleId(0)).unwrap();
    let reached = |used, units| rule.soft_limit_reached(used, limit(units));
    assert_eq!(
        [0, 49, 50, 79, 80, 99, 100, 900].map(|used| reached(used, 100)),
        [None, None, Some(50), Some(50), Some(80), Some(80), Some(100), Some(100)]
    );
    assert_eq!(reached(u64::MAX / 2, u64::MAX), None);
    assert_eq!(reached(u64::MAX / 2 + 1, u64::MAX), Some(50));
    assert_eq!(reached(u64::MAX, u64::MAX), Some(100));
}
