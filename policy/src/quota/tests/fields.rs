//! `RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers-11 has them.

use serde_json::json;

use super::policies::policy;
use super::*;

fn fields(rule: serde_json::Value, limit: Limit, used: u64, millis: Option<u64>) -> [String; 2] {
    let policy = policy(json!([rule]));
    let standing = Standing { used, reserved: 0, asked: 1, millis, is_violated: false };
    let rule = policy.quotas().get(RuleId(0)).unwrap();
    let RateLimitFields { policy, limit } = rate_limit_fields([(rule, limit, standing)], NOW);
    [policy, limit]
}

fn rule(meter: &str, per: Option<&str>) -> serde_json::Value {
    let mut rule = json!({"name": "r", "meter": meter, "default": {"limit": 1}});
    if let Some(per) = per {
        rule["per"] = json!(per);
    }
    rule
}

#[wasm_bindgen_test(unsupported = test)]
fn fields_tell_what_is_allowed_and_what_is_left() {
    let all =
        |meter, per, units, used, millis| fields(rule(meter, per), limit(units), used, millis);
    assert_eq!(
        all("requests", Some("1m"), 100, 40, Some(24_000)),
        [r#""r";q=100;w=60"#, r#""r";r=60;t=24"#]
    );
    assert_eq!(
        all("text.chars", Some("day"), 5000, 5000, Some(1)),
        [r#""r";q=5000;qu="text.chars";w=86400"#, r#""r";r=0;t=1"#]
    );
    assert_eq!(
        all("streams", None, 3, 1, None),
        [r#""r";q=3;qu="concurrent-requests""#, r#""r";r=2"#]
    );
    assert_eq!(
        all("voice.slots", None, 3, 9, None),
        [r#""r";q=3;qu="voice.slots""#, r#""r";r=0"#],
        "more than the limit are held since it was changed"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn audio_is_told_in_whole_seconds_and_what_is_left_rounded_down() {
    let audio = |used| fields(rule("audio.seconds", Some("30d")), limit(600_000), used, Some(0));
    assert_eq!(audio(0)[0], r#""r";q=600;qu="audio.seconds";w=2592000"#);
    assert_eq!(
        [audio(0), audio(1), audio(599_001), audio(600_000)].map(|[_, left]| left),
        [r#""r";r=600;t=0"#, r#""r";r=599;t=0"#, r#""r";r=0;t=0"#, r#""r";r=0;t=0"#,]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_burst_is_what_is_left_and_the_limit_what_is_allowed() {
    let limit = Limit { units: 60, burst: 10 };
    assert_eq!(
        fields(rule("requests", Some("1m")), limit, 4, Some(4000)),
        [r#""r";q=60;w=60"#, r#""r";r=6;t=4"#]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn no_number_is_larger_than_structured_fields_allow() {
    let [policy, left] = fields(rule("requests", Some("366d")), limit(u64::MAX), 0, Some(u64::MAX));
    assert_eq!(policy, r#""r";q=999999999999999;w=31622400"#);
    assert_eq!(left, r#""r";r=999999999999999;t=999999999999999"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn times_are_rounded_up() {
    let time = |millis| fields(rule("requests", Some("1m")), limit(9), 9, Some(millis))[1].clone();
    assert_eq!(
        [0, 1, 1000, 1001].map(time),
        [r#""r";r=0;t=0"#, r#""r";r=0;t=1"#, r#""r";r=0;t=1"#, r#""r";r=0;t=2"#]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn several_rules_are_a_list_and_none_is_nothing() {
    let policy = policy(json!([
        {"name": "a", "meter": "requests", "per": "10s", "default": {"limit": 1}},
        {"name": "b.c-d_E", "meter": "streams", "default": {"limit": 1}},
    ]));
    let standing = Standing { used: 1, reserved: 0, asked: 1, millis: None, is_violated: false };
    let all = policy.quotas().iter().map(|(_, rule)| (rule, limit(1), standing));
    let fields = rate_limit_fields(all, NOW);
    assert_eq!(fields.policy, r#""a";q=1;w=10, "b.c-d_E";q=1;qu="concurrent-requests""#);
    assert_eq!(fields.limit, r#""a";r=0, "b.c-d_E";r=0"#);
    assert_eq!(rate_limit_fields([], NOW), RateLimitFields::default());
}
