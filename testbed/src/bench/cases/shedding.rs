//! Requests for speech that a service guards itself against, with and without a queue.

use super::{Ask, Case, Turns, case, known, no_filter};
use crate::bench::Plan;
use crate::fixture::{Fixture, Setup, policy};
use serde_json::{Value, json};

/// The cases that are wanted; that without a filter is the first.
pub fn comparison(plan: &Plan) -> Turns {
    let cases = with_filters().into_iter().filter(|it| plan.wants(it.name));
    let body = json!({ "input": "Twenty letters, yes.", "sample_rate": 32_000 });
    Turns {
        title: "Requests that are shed, or might be".to_owned(),
        requests: plan.requests,
        ask: Ask::Speech(body.to_string().into()),
        cases: std::iter::once(no_filter()).chain(cases).collect(),
    }
}

fn with_filters() -> Vec<Case> {
    let basic = || known("tts.basic");
    vec![
        case("jwt-tier, the body unread", Fixture::of(policy()), basic()),
        case("jwt-tier + voice-quota, 1 rule of characters", counted(), basic()),
        case("jwt-tier + text-shed", shedding(json!({})), basic()),
        case("… with a queue and 3 rules", shedding(queue_and_ladder()), basic()),
        case("… that degrades each body", shedding(degrading()), basic()),
        Case {
            name: "… that refuses each request",
            setup: shedding(json!({ "ladder": [{ "name": "all", "rung": "reject" }] })),
            tokens: basic(),
            status: 503,
        },
    ]
}

fn shedding(section: Value) -> Setup {
    let mut policy = policy();
    policy["shedding"] = section;
    Fixture::of(policy)
}

fn counted() -> Setup {
    let mut policy = policy();
    policy["quotas"] = json!({ "rules": [{
        "name": "chars",
        "meter": "text.chars",
        "per": "month",
        "default": { "limit": super::quotas::PLENTY },
    }] });
    Fixture::of(policy)
}

fn queue_and_ladder() -> Value {
    let queue = json!({ "max": 50, "wait": "2s" });
    let long = json!({ "above": 1000 });
    json!({
        "capacity": { "limit": 1_000_000, "tiers": {
            "premium": { "share": 3, "reserve": 30, "queue": queue },
            "basic": { "queue": queue },
        } },
        "ladder": [
            { "name": "a", "text_chars": long, "load": ["overload"], "rung": "reject" },
            { "name": "b", "text_chars": long, "load": ["busy"], "rung": "divert" },
            { "name": "c", "tiers": ["basic"], "load": ["overload"], "rung": "reject" },
        ],
    })
}

fn degrading() -> Value {
    json!({ "ladder": [{
        "name": "all",
        "rung": "degrade",
        "degrade": { "sample_rate": 16_000 },
    }] })
}
