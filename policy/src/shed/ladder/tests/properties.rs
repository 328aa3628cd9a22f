//! Whether a rule can match, against all requests of a small world.

use proptest::prelude::*;

use super::*;

const OPERATIONS: [OperationId; 2] = [OperationId::TTS_SYNTHESIZE, OperationId::LLM_CHAT];
const TIERS: [TierKey; 2] = [BASIC, TierKey::NONE];
const FIELDS: [Field; 2] = [Field::SampleRate, Field::Model];
/// Lengths of texts go from 0 to this, and stand for all beyond, too.
const LONGEST: u64 = 4;

fn subset<T: Copy + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    prop::sample::subsequence(of, 0..=of.len())
}

fn span() -> impl Strategy<Value = Span> {
    let last = prop_oneof![0..LONGEST, Just(u64::MAX)];
    prop_oneof![Just(Span::ALL), (0..=LONGEST, last).prop_map(|(first, last)| Span { first, last })]
}

fn rungs() -> impl Strategy<Value = Rung> {
    prop_oneof![
        Just(Rung::Pass),
        Just(Rung::Reject(RejectSpec::Busy)),
        subset(&FIELDS).prop_map(|it| degrade(&it)),
    ]
}

fn rules() -> impl Strategy<Value = LadderRule> {
    const LEVELS: [Level; 3] = [Level::Normal, Level::Busy, Level::Overload];
    let some = |it: OperationId| operations(&[it]);
    let operations = prop_oneof![
        Just(None),
        subset(&OPERATIONS).prop_map(|it| Some(operations(&it))),
        prop::sample::select(&OPERATIONS[..]).prop_map(move |it| Some(some(it))),
    ];
    (operations, prop::option::of(subset(&TIERS)), subset(&LEVELS), span(), span(), rungs())
        .prop_map(|(operations, tiers, levels, chars, speech_ms, rung)| {
            let levels = Levels::of(&levels);
            let when = Conditions { operations, tiers, levels, chars, speech_ms };
            LadderRule { name: "it".into(), when, rung }
        })
}

/// The rules that some request comes to.
fn reached(ladder: &Ladder) -> Vec<bool> {
    let mut reached = vec![false; ladder.0.len()];
    let known = [&FIELDS[..0], &FIELDS[..1], &FIELDS[1..], &FIELDS[..]].map(places);
    let places = || known.iter().map(Some).chain([None]);
    let asks = [&OPERATIONS[..0], &OPERATIONS[..1], &OPERATIONS[1..], &OPERATIONS[..]];
    for (operations, tier) in asks.iter().flat_map(|it| TIERS.map(|tier| (operations(it), tier))) {
        for (chars, speech_ms) in (0..=LONGEST).flat_map(|a| (0..=LONGEST).map(move |b| (a, b))) {
            for places in places() {
                let asked = Asked { operations, tier, chars, speech_ms, places };
                for level in [Level::Normal, Level::Busy, Level::Overload] {
                    let first = ladder.0.iter().position(|it| it.matches(&asked, level));
                    first.into_iter().for_each(|it| reached[it] = true);
                }
            }
        }
    }
    reached
}

proptest! {
    #[test]
    fn a_rule_is_unreachable_if_no_request_comes_to_it(
        rules in prop::collection::vec(rules(), 1..6),
    ) {
        let ladder = Ladder(rules);
        let brute = reached(&ladder).iter().position(|it| !it);
        let found = first_unreachable(&ladder.0, operations(&OPERATIONS), &TIERS);
        prop_assert_eq!(found, brute);
    }
}
