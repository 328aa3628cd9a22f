//! Requests that are wanted by a time.

use super::*;

fn by(deadline: UnixMillis, request: Request<'static>) -> Request<'static> {
    Request { deadline: Some(deadline), ..request }
}

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[wasm_bindgen_test(unsupported = test)]
fn one_whose_time_is_up_asks_for_nothing() {
    let world = World::new(rules(&shedding()));
    world.fill("basic", 990);
    let before = world.guard(Lane::Online);
    for late in [0, 1, 5000] {
        let ask = by(UnixMillis(NOW.0 - late), world.ask("basic", 10));
        let decision = world.decide(&ask, NOW);
        assert_eq!(refusal(decision.verdict), Refusal::DeadlinePassed { late: millis(late) });
        assert_eq!(decision.rule, None);
    }
    assert_eq!(world.guard(Lane::Online), before);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_that_cannot_be_met_by_the_estimate_is_refused_in_both_lanes() {
    let world = World::new(climbing(&json!([
        {"name": "long", "text_chars": {"above": 100}, "rung": "divert"},
    ])));
    for (chars, lane) in [(50, Lane::Online), (150, Lane::Batch)] {
        let ask = world.ask("basic", chars);
        world.teach(&ask, millis(400), NOW);
        let unmet = refusal(world.decide(&by(later(399), ask.clone()), NOW).verdict);
        let (left, needed) = (millis(399), millis(400));
        assert_eq!(unmet, Refusal::DeadlineUnmet { left, needed, lane });
        assert_eq!(world.in_flight(lane), 0);
        let met = world.decide(&by(later(400), ask), NOW).verdict;
        assert_eq!(lane_of(&met), Some(lane));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stale_estimate_refuses_nobody() {
    let world = World::new(rules(&shedding()));
    let ask = world.ask("basic", 50);
    world.teach(&ask, millis(400), NOW);
    for (after, is_refused) in [(5_000, true), (5_001, false)] {
        let now = later(after);
        let ask = by(UnixMillis(now.0 + 100), world.ask("basic", 50));
        let verdict = world.decide(&ask, now).verdict;
        assert_eq!(lane_of(&verdict).is_none(), is_refused, "{after}: {verdict:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn one_that_would_wait_past_its_time_takes_nobodys_place() {
    let mut shedding = shedding();
    shedding["capacity"]["tiers"] = json!({"basic": {"queue": {"max": 2, "wait": "60s"}}});
    let world = World::new(rules(&shedding));
    // One second of audio in one second.
    let taught = world.fill("basic", 10);
    world.finish(taught, NOW);
    world.fill("basic", 1000);
    let of_one = |chars| Request { tenant: 7, ..world.ask("basic", chars) };
    for _ in 0..2 {
        assert!(matches!(world.decide(&of_one(10), NOW).verdict, Verdict::Waits(..)));
    }
    let before = world.guard(Lane::Online).gate;
    // It would have the place of the other's second, behind its first: room in two seconds.
    let late = by(later(1999), world.ask("basic", 10));
    let unmet = refusal(world.decide(&late, NOW).verdict);
    let (left, needed) = (millis(1999), millis(2000));
    assert_eq!(unmet, Refusal::DeadlineUnmet { left, needed, lane: Lane::Online });
    assert_eq!(world.guard(Lane::Online).gate, before);
    let in_time = by(later(2000), world.ask("basic", 10));
    assert!(matches!(world.decide(&in_time, NOW).verdict, Verdict::Waits(..)));
}
