use super::*;

/// Which rule can never match, of a policy with two tiers and these operations.
fn unreachable(rules: &[LadderRule]) -> Option<usize> {
    let known = operations(&[OperationId::TTS_SYNTHESIZE, OperationId::LLM_CHAT]);
    first_unreachable(rules, known, &[BASIC, PREMIUM, TierKey::NONE])
}

fn reject(when: impl FnOnce(&mut Conditions)) -> LadderRule {
    rule("reject", Rung::Reject(RejectSpec::Busy), when)
}

fn all(rung: Rung) -> LadderRule {
    rule("all", rung, |_| ())
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_left_after_a_rule_for_all() {
    for rung in [Rung::Pass, Rung::Divert, Rung::Reject(RejectSpec::Busy)] {
        assert_eq!(unreachable(&[all(rung.clone()), reject(|it| it.chars.first = 9)]), Some(1));
    }
    assert_eq!(unreachable(&[reject(|it| it.chars.first = 9), all(Rung::Pass)]), None);
    assert_eq!(unreachable(&[]), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn several_rules_together_can_take_all() {
    let shorter = |it: &mut Conditions| it.chars.last = 99;
    let from = |first| move |it: &mut Conditions| it.chars.first = first;
    assert_eq!(unreachable(&[reject(shorter), reject(from(100)), all(Rung::Pass)]), Some(2));
    assert_eq!(unreachable(&[reject(shorter), reject(from(101)), all(Rung::Pass)]), None);
    let at = |level| move |it: &mut Conditions| it.levels = Levels::of(&[level]);
    let levels = [Level::Normal, Level::Busy, Level::Overload].map(|it| reject(at(it)));
    assert_eq!(unreachable(&[&levels[..], &[all(Rung::Pass)]].concat()), Some(3));
    assert_eq!(unreachable(&[&levels[..2], &[all(Rung::Pass)]].concat()), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn callers_without_a_tier_are_left_by_rules_for_each_tier() {
    let of = |tiers: &'static [TierKey]| move |it: &mut Conditions| it.tiers = Some(tiers.to_vec());
    let tiers = of(&[BASIC, PREMIUM]);
    assert_eq!(unreachable(&[reject(tiers), all(Rung::Pass)]), None);
    assert_eq!(unreachable(&[reject(tiers), reject(of(&[PREMIUM]))]), Some(1));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_nobody_knows_is_left_by_rules_for_each_operation() {
    let about = |it: &mut Conditions| {
        it.operations = Some(operations(&[OperationId::TTS_SYNTHESIZE, OperationId::LLM_CHAT]));
    };
    assert_eq!(unreachable(&[reject(about), all(Rung::Pass)]), None);
    assert_eq!(unreachable(&[reject(about), reject(about)]), Some(1));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_range_is_never_reached() {
    let empty = |it: &mut Conditions| it.speech_ms = Span { first: 5, last: 4 };
    assert_eq!(unreachable(&[reject(empty)]), Some(0));
    assert_eq!(unreachable(&[rule("it", degrade(&[Field::Model]), empty)]), Some(0));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_degrades_leaves_what_it_cannot_change() {
    let rate = || all(degrade(&[Field::SampleRate]));
    assert_eq!(unreachable(&[rate(), all(Rung::Pass)]), None);
    assert_eq!(unreachable(&[rate(), all(degrade(&[Field::Model]))]), None);
    let both = || all(degrade(&[Field::SampleRate, Field::Model]));
    assert_eq!(unreachable(&[both(), rate()]), None);
    assert_eq!(unreachable(&[rate(), both()]), Some(1), "who can do both can do the first");
    assert_eq!(unreachable(&[all(degrade(&[])), all(Rung::Pass)]), Some(1), "only headers");
}
