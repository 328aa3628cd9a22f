//! What a client is told that is too long, against what becomes of it.

use proptest::prelude::*;

use super::*;
use crate::shed::guard::OnTrial;

/// A ladder that gets no better with length: it passes, then diverts, then rejects.
fn worse_with_length() -> impl Strategy<Value = Value> {
    (1..30_u64, 0..30_u64, any::<bool>()).prop_map(|(first, more, by_seconds)| {
        let (key, unit) = if by_seconds { ("audio_seconds", 1) } else { ("text_chars", 10) };
        let rule = |name: &str, above: u64, rung: &str| {
            let mut rule = json!({"name": name, "rung": rung});
            rule[key] = json!({"above": above * unit});
            rule
        };
        let diverting = (more > 0).then(|| rule("middle", first, "divert"));
        let rejecting = rule("long", first + more, "reject");
        std::iter::once(rejecting).chain(diverting).collect()
    })
}

prop_compose! {
    fn worlds()(
        ladder in worse_with_length(),
        (unit, limit, batch_limit) in prop::sample::select(vec![
            ("audio_seconds", 60, 30), ("text_chars", 600, 300), ("requests", 6, 3),
        ]),
        queue in prop::option::of(1..3_u64),
        reserve in 0..60_u64,
        sent in prop::collection::vec((1..400_u64, any::<bool>()), 0..12),
    ) -> World {
        let mut tiers = json!({"basic": {}, "premium": {"reserve": reserve}});
        if let Some(max) = queue {
            tiers["basic"]["queue"] = json!({"max": max, "wait": "5s"});
        }
        let capacity =
            json!({"unit": unit, "limit": limit, "batch_limit": batch_limit, "tiers": tiers});
        let world = World::new(rules(&json!({"capacity": capacity, "ladder": ladder})));
        for (chars, is_basic) in sent {
            let tier = if is_basic { "basic" } else { "premium" };
            world.decide(&world.ask(tier, chars), NOW);
        }
        world
    }
}

/// Whether a request like this one with so long a text would go on, or wait.
fn passes(world: &World, like: &Request<'static>, chars: u64) -> bool {
    let asked = like.asked.cut(chars);
    let work = world.rules.work_of(chars, asked.speech_ms);
    let shorter = Request { asked, work, ..like.clone() };
    let (guards, rules) = (world.guards(), &world.rules);
    let decision = decide(rules, &OnTrial(&guards), &shorter, NOW).unwrap();
    !matches!(decision.verdict, Verdict::Refused(_))
}

proptest! {
    #[test]
    fn a_text_as_long_as_was_told_passes_and_no_longer_one_does(
        world in worlds(), chars in 1..900_u64, may_wait in any::<bool>(),
    ) {
        let ask = Request { may_wait, ..world.ask("basic", chars) };
        match world.decide(&ask, NOW).verdict {
            Verdict::Refused(Refusal::TextTooLong { longest: Some(longest), why, .. }) => {
                prop_assert!(longest < chars);
                if passes(&world, &ask, longest) {
                    let longer = (longest + 1..chars).find(|it| passes(&world, &ask, *it));
                    prop_assert_eq!(longer, None, "rather than {}", longest);
                } else {
                    // What never fits is told what would, if nothing does now.
                    prop_assert!(why != Why::Rule, "{longest}");
                    prop_assert!((1..chars).all(|it| !passes(&world, &ask, it)), "{longest}");
                }
            }
            Verdict::Refused(
                Refusal::TextTooLong { longest: None, .. } | Refusal::Busy { why: Why::Rule, .. }
            ) => {
                let shorter = (1..chars).find(|it| passes(&world, &ask, *it));
                prop_assert_eq!(shorter, None);
            }
            _ => {}
        }
    }
}
