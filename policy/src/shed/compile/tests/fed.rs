//! Rules that hang on what no recognised operation tells.

use super::*;

/// What is wrong with one rule in the whole policy; text-shed does not see operations' rules.
fn unfed(rule: &Value) -> Vec<String> {
    let mut whole = json!({"name": "it", "rung": "pass"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let (all, shed) = errors(&changed(|it| it["ladder"] = json!([whole])));
    assert_eq!(shed, Vec::<String>::new());
    all
}

fn degrading(operation: &str, degrade: Value) -> Value {
    json!({"rung": "degrade", "operations": [operation], "tiers": ["premium"], "degrade": degrade})
}

#[wasm_bindgen_test(unsupported = test)]
fn a_length_that_nobody_tells_is_refused() {
    for key in ["text_chars", "audio_seconds"] {
        let told = unfed(&json!({"operations": ["face.animate"], key: {"above": 5}}));
        let says =
            "no rule tells the text of an operation of this rule; name its place in a rule's";
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("shedding.ladder[0].{key}: {says}")), "{told:?}");
        let fed = json!({"operations": ["face.animate", "tts.sing"], key: {"above": 5}});
        assert_eq!(unfed(&fed), Vec::<String>::new());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_has_no_place_in_a_json_body_cannot_be_changed() {
    let says = "no rule tells where the sample rate stands in a JSON body for an operation of this";
    let told = unfed(&degrading("tts.sing", json!({"sample_rate": 8000, "stream": true})));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&format!("shedding.ladder[0].degrade.sample_rate: {says}")));
    for (operation, why) in [
        ("tts.sing", "a place in an array cannot be changed"),
        ("face.animate", "nor can one in a form"),
    ] {
        let told = unfed(&degrading(operation, json!({"model": "small"})));
        assert_eq!(told.len(), 1, "{why}: {told:?}");
        assert!(told[0].starts_with("shedding.ladder[0].degrade.model: "), "{why}: {told:?}");
    }
    assert_eq!(unfed(&degrading("tts.*", json!({"sample_rate": 8000}))), Vec::<String>::new());
}

#[wasm_bindgen_test(unsupported = test)]
fn one_body_must_have_places_for_all_that_a_rule_changes() {
    let mut written = changed(|it| {
        it["ladder"] = json!([{"name": "it", "rung": "degrade", "tiers": ["premium"],
                               "degrade": {"model": "small", "stream": true}}]);
    });
    let say = &mut written["operations"]["rules"][0]["body"]["fields"];
    say.as_object_mut().unwrap().remove("stream");
    let (all, _) = errors(&written);
    let says =
        "shedding.ladder[0].degrade: no body has a place for all of this; make it several rules";
    assert_eq!(all, [says]);
}
