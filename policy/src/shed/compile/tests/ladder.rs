//! Rules that are refused.

use super::*;

/// [`policy`] with this ladder.
fn climbing(ladder: Value) -> Value {
    changed(|it| it["ladder"] = ladder)
}

/// The one thing that is wrong with a rule, as far as it is written.
fn wrong(rule: Value) -> String {
    let mut whole = json!({"name": "it", "rung": "pass"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let error = only_error(&climbing(json!([whole])));
    error.strip_prefix("shedding.ladder[0]").unwrap_or_else(|| panic!("{error}")).to_owned()
}

fn degrading(degrade: Value) -> Value {
    json!({"rung": "degrade", "operations": ["tts.synthesize"], "degrade": degrade})
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_cannot_be_meant_is_refused() {
    for (rule, says) in [
        (json!({"tiers": ["basik"]}), ".tiers[0]: there is no tier `basik`; did you mean `basic`?"),
        (
            json!({"operations": ["tts.*", "tts.sin"]}),
            ".operations[1]: `tts.sin` fits no operation; ",
        ),
        (json!({"operations": ["tts.sin"]}), "did you mean `tts.sing`? Accepted: tts.synthesize,"),
        (json!({"text_chars": {}}), ".text_chars: say `above: N`, `up_to: N`, or both"),
        (json!({"reject": "busy"}), ".reject: only `rung: reject` answers"),
        (json!({"degrade": {"stream": true}}), ".degrade: only `rung: degrade` changes a request"),
        (
            json!({"rung": "reject", "reject": "text-too-long"}),
            ".reject: without a lower bound (`text_chars: {above: N}`) no text is short enough",
        ),
        (
            json!({"rung": "reject", "reject": "text-too-long", "text_chars": {"up_to": 9}}),
            ".reject: without a lower bound",
        ),
        (json!({"name": "a b"}), ".name: `a b` is not a rule name; write a-z, A-Z, 0-9, `-`, `_`"),
        (json!({"name": "a".repeat(65)}), "is not a rule name; write"),
        (json!({"rung": "degrade"}), ".degrade: name what is changed: `sample_rate`, `model`,"),
        (degrading(json!({})), ".degrade: name what is changed: `sample_rate`, `model`,"),
        (degrading(json!({"sample_rate": 0})), ".degrade.sample_rate: must be more than 0 Hz"),
    ] {
        let error = wrong(rule);
        assert!(error.contains(says), "{error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_degraded_to_what_a_tier_does_not_allow() {
    for (degrade, says) in [
        (json!({"model": "huge"}), ".degrade.model: tier `basic` does not allow model `huge`"),
        (json!({"format": "wav"}), ".degrade.format: tier `basic` does not allow format `wav`"),
        (json!({"sample_rate": 24_001}), "sample_rate: tier `basic` does not allow 24001 Hz"),
    ] {
        let error = wrong(degrading(degrade.clone()));
        assert!(error.contains(says), "{error}");
        // Who is not concerned does not mind.
        let mut rule = degrading(degrade);
        rule["name"] = json!("it");
        rule["tiers"] = json!(["premium"]);
        assert_eq!(errors(&climbing(json!([rule]))), (Vec::new(), Vec::new()));
    }
    // Basic may not sing anyway.
    let sing = json!({"name": "it", "rung": "degrade", "operations": ["tts.sing"],
                      "degrade": {"stream": true, "headers": {"x-model": "huge"}}});
    assert_eq!(errors(&climbing(json!([sing]))), (Vec::new(), Vec::new()));
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_say_who_asks_or_where_a_body_ends_are_not_set() {
    for (name, value, says) in [
        ("X-Quality", "draft", "write the name of a header in lower case"),
        ("", "draft", "write the name of a header in lower case"),
        (":path", "/", "write the name of a header in lower case"),
        ("x-user-tier", "premium", "this header is not for a policy to set"),
        ("x-voxgate-tenant", "acme", "this header is not for a policy to set"),
        ("x-voxgate-deadline", "1", "this header is not for a policy to set"),
        ("x-envoy-retry-on", "5xx", "this header is not for a policy to set"),
        ("content-length", "0", "this header is not for a policy to set"),
        ("authorization", "Bearer x", "this header is not for a policy to set"),
        ("x-quality", "a\r\nb: c", "a header's value has no control characters"),
    ] {
        let error = wrong(degrading(json!({"headers": {name: value}})));
        assert!(error.starts_with(".degrade.headers"), "{error}");
        assert!(error.contains(says), "{name}: {error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn names_are_unique() {
    let rule = |name: &str, load: &str| json!({"name": name, "load": [load], "rung": "pass"});
    let error = only_error(&climbing(json!([
        rule("a", "normal"),
        rule("b", "busy"),
        rule("a", "overload"),
    ])));
    assert_eq!(error, "shedding.ladder[2].name: a second rule called `a`");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_ladder_has_an_end() {
    let rule =
        |i: usize| json!({"name": format!("r{i}"), "text_chars": {"up_to": i}, "rung": "pass"});
    let ladder = |n: usize| climbing((0..n).map(rule).collect());
    assert_eq!(errors(&ladder(64)), (Vec::new(), Vec::new()));
    assert_eq!(only_error(&ladder(65)), "shedding.ladder: more than 64 rules");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_can_never_match_is_refused_by_name() {
    let error = only_error(&climbing(json!([
        {"name": "short", "text_chars": {"up_to": 100}, "rung": "pass"},
        {"name": "long", "text_chars": {"above": 99}, "rung": "divert"},
        {"name": "full", "load": ["overload"], "tiers": ["basic"], "rung": "reject"},
    ])));
    assert!(error.starts_with("shedding.ladder[2]: rule `full` can never match: "), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn what_takes_no_capacity_is_never_shed() {
    let error = only_error(&climbing(json!([
        {"name": "lists", "operations": ["voice.list", "model.upload"], "rung": "reject"},
    ])));
    assert!(error.starts_with("shedding.ladder[0].operations: lists, uploads and"), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_range_is_told_as_such() {
    for range in [json!({"above": 5, "up_to": 5}), json!({"above": 6, "up_to": 5})] {
        for key in ["text_chars", "audio_seconds"] {
            let (told, _) = errors(&climbing(json!([{"name": "it", "rung": "pass", key: range}])));
            let says = format!("shedding.ladder[0].{key}: `above` must be less than `up_to`");
            assert_eq!(told, [says]);
        }
    }
}
