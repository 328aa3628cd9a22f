#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod reach;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::operation::OperationId;
use crate::spec::FieldsSpec;

const BASIC: TierKey = TierKey(1);
const PREMIUM: TierKey = TierKey(2);

fn operations(of: &[OperationId]) -> OperationSet {
    of.iter().fold(OperationSet::default(), |set, it| set.with(*it))
}

fn rule(name: &str, rung: Rung, change: impl FnOnce(&mut Conditions)) -> LadderRule {
    let mut when = Conditions {
        operations: None,
        tiers: None,
        levels: Levels::of(&[]),
        chars: Span::ALL,
        speech_ms: Span::ALL,
    };
    change(&mut when);
    LadderRule { name: name.into(), when, rung }
}

fn asked() -> Asked<'static> {
    Asked {
        operations: operations(&[OperationId::TTS_SYNTHESIZE]),
        tier: BASIC,
        chars: 150,
        speech_ms: 10_000,
        places: None,
    }
}

fn degrade(fields: &[Field]) -> Rung {
    Rung::Degrade(Rc::new(Degrade {
        sample_rate: fields.contains(&Field::SampleRate).then_some(16_000),
        model: fields.contains(&Field::Model).then(|| "small".to_owned()),
        format: fields.contains(&Field::Format).then(|| "mp3".to_owned()),
        stream: fields.contains(&Field::Stream),
        headers: BTreeMap::new(),
    }))
}

fn places(fields: &[Field]) -> BodyPlaces {
    let at = |field: Field| match fields.contains(&field) {
        true => vec![format!("/{field}")],
        false => Vec::new(),
    };
    BodyPlaces::new(&FieldsSpec {
        sample_rate: at(Field::SampleRate),
        model: at(Field::Model),
        format: at(Field::Format),
        stream: at(Field::Stream),
        ..FieldsSpec::default()
    })
}

fn matched<'a>(ladder: &'a Ladder, asked: &Asked<'_>, level: Level) -> Option<&'a str> {
    ladder.first_match(asked, level).map(|it| &*it.name)
}

fn matches(
    rung: Rung,
    asked: &Asked<'_>,
    level: Level,
    when: impl FnOnce(&mut Conditions),
) -> bool {
    Ladder(vec![rule("it", rung, when)]).first_match(asked, level).is_some()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_rule_that_matches_decides() {
    let ladder = Ladder(vec![
        rule("long", Rung::Divert, |it| it.chars.first = 151),
        rule("busy", Rung::Reject(RejectSpec::Busy), |it| it.levels = Levels::of(&[Level::Busy])),
        rule("all", Rung::Pass, |_| ()),
        rule("rest", Rung::Divert, |_| ()),
    ]);
    assert_eq!(matched(&ladder, &asked(), Level::Normal), Some("all"));
    assert_eq!(matched(&ladder, &asked(), Level::Busy), Some("busy"));
    let longer = Asked { chars: 151, ..asked() };
    assert_eq!(matched(&ladder, &longer, Level::Busy), Some("long"));
    assert_eq!(matched(&Ladder::default(), &asked(), Level::Overload), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_matches_only_if_all_of_its_conditions_hold() {
    let holds = |when: &mut Conditions| {
        when.operations = Some(operations(&[OperationId::TTS_SYNTHESIZE, OperationId::LLM_CHAT]));
        when.tiers = Some(vec![PREMIUM, BASIC]);
        when.levels = Levels::of(&[Level::Busy, Level::Overload]);
        when.chars = Span { first: 150, last: 150 };
        when.speech_ms = Span { first: 10_000, last: 10_000 };
    };
    for level in [Level::Busy, Level::Overload] {
        assert!(matches(Rung::Pass, &asked(), level, holds));
    }
    assert!(!matches(Rung::Pass, &asked(), Level::Normal, holds));
    for other in [
        Asked { operations: operations(&[OperationId::TTS_BATCH]), ..asked() },
        Asked { operations: operations(&[]), ..asked() },
        Asked { tier: TierKey::NONE, ..asked() },
        Asked { chars: 149, ..asked() },
        Asked { chars: 151, ..asked() },
        Asked { speech_ms: 9_999, ..asked() },
        Asked { speech_ms: 10_001, ..asked() },
    ] {
        assert!(!matches(Rung::Pass, &other, Level::Busy, holds), "{other:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_that_is_several_operations_fits_by_any_of_them() {
    let both = operations(&[OperationId::TTS_SYNTHESIZE, OperationId::VOICE_USE]);
    let asked = Asked { operations: both, ..asked() };
    let about = |it: OperationId| {
        move |when: &mut Conditions| {
            when.operations = Some(operations(&[it]));
        }
    };
    assert!(matches(Rung::Pass, &asked, Level::Normal, about(OperationId::VOICE_USE)));
    assert!(!matches(Rung::Pass, &asked, Level::Normal, about(OperationId::LLM_CHAT)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_degrades_matches_only_what_it_can_change_all_of() {
    let both = [Field::SampleRate, Field::Model];
    let rung = || degrade(&both);
    let with = |fields: &[Field]| {
        let places = places(fields);
        matches(rung(), &Asked { places: Some(&places), ..asked() }, Level::Normal, |_| ())
    };
    assert!(with(&both));
    assert!(with(&[Field::Format, Field::Model, Field::SampleRate, Field::Stream]));
    assert!(!with(&[Field::SampleRate]));
    assert!(!with(&[Field::Model, Field::Format]));
    assert!(!matches(rung(), &asked(), Level::Normal, |_| ()), "a body that cannot be changed");
    assert!(matches(degrade(&[]), &asked(), Level::Normal, |_| ()), "headers can always be set");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_length_decides_only_where_a_rule_about_the_operation_has_one() {
    let about = operations(&[OperationId::TTS_SYNTHESIZE]);
    let ladder = Ladder(vec![
        rule("all", Rung::Pass, |_| ()),
        rule("long", Rung::Divert, |it| {
            it.operations = Some(about);
            it.speech_ms.first = 1;
        }),
    ]);
    assert!(ladder.reads(about));
    assert!(!ladder.reads(operations(&[OperationId::LLM_CHAT])));
    assert!(!Ladder(vec![rule("all", Rung::Pass, |_| ())]).reads(about));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_shorter_text_takes_as_long_in_proportion_and_rather_longer() {
    let asked = Asked { chars: 7, speech_ms: 10, ..asked() };
    let speech: Vec<u64> = (0..=7).map(|it| asked.cut(it).speech_ms).collect();
    assert_eq!(speech, [0, 2, 3, 5, 6, 8, 9, 10]);
    for ms in 0..=10 {
        let chars = asked.chars_in(ms);
        assert!(asked.cut(chars).speech_ms <= ms && asked.cut(chars + 1).speech_ms > ms, "{ms}");
    }
    let huge = Asked { chars: u64::MAX, speech_ms: u64::MAX, ..asked };
    assert_eq!(huge.cut(u64::MAX - 1).speech_ms, u64::MAX - 1);
    assert_eq!(huge.chars_in(5), 5);
    let silent = Asked { speech_ms: 0, ..asked };
    assert_eq!((silent.chars_in(5), silent.cut(3).speech_ms), (7, 0));
    assert_eq!(Asked { chars: 0, ..asked }.cut(0).speech_ms, 0);
}
