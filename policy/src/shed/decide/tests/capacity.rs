//! Requests that wait, and tiers that share.

use super::*;
use crate::shed::gate::Standing;

/// Basic requests wait for five seconds.
fn queueing() -> World {
    let mut shedding = shedding();
    shedding["capacity"]["tiers"] = json!({"basic": {"queue": {"max": 2, "wait": "5s"}}});
    World::new(rules(&shedding))
}

fn waiting(world: &World, chars: u64) -> Place {
    match world.say(chars) {
        Verdict::Waits(place, None) => place,
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn who_waits_goes_on_when_another_leaves() {
    let world = queueing();
    let first = world.fill("basic", 1000);
    let long = waiting(&world, 900);
    let short = waiting(&world, 200);
    world.finish(first, later(1000));
    let guard = world.guard(Lane::Online);
    assert!(guard.gate.is_admitted(short.id), "the shorter first");
    assert!(guard.gate.is_waiting(long.id));
    world.finish(short, later(1100));
    assert!(world.guard(Lane::Online).gate.is_admitted(long.id));
}

#[wasm_bindgen_test(unsupported = test)]
fn who_waited_for_as_long_as_it_may_is_gone() {
    let world = queueing();
    let first = world.fill("basic", 1000);
    let place = waiting(&world, 10);
    // Its worker looks every second.
    let keep = |at: u64| {
        let keep =
            |it: &mut Guard| it.keep(&[first.id, place.id], &world.rules, Lane::Online, later(at));
        world.guards().update(Lane::Online, keep).unwrap();
        let terms = world.rules.gate_terms(Work(100_000));
        world.guard(Lane::Online).gate.standing(place.id, &terms)
    };
    for second in 1..5 {
        assert!(matches!(keep(second * 1000), Standing::Waiting { .. }), "{second}");
    }
    assert_eq!(keep(5000), Standing::Gone);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_queue_and_one_that_cannot_wait_are_refused_at_once() {
    let world = queueing();
    world.fill("basic", 1000);
    let cannot = Request { may_wait: false, ..world.ask("basic", 10) };
    let refused = refusal(world.decide(&cannot, NOW).verdict);
    assert!(matches!(refused, Refusal::Busy { why: Why::Full(Full::Capacity), .. }), "{refused:?}");
    let of_one = |chars| {
        let ask = Request { tenant: 7, ..world.ask("basic", chars) };
        world.decide(&ask, NOW).verdict
    };
    for chars in [10, 20] {
        assert!(matches!(of_one(chars), Verdict::Waits(..)));
    }
    let refused = refusal(of_one(30));
    assert!(matches!(refused, Refusal::Busy { why: Why::Full(Full::Queue), .. }), "{refused:?}");
    let premium = refusal(world.decide(&world.ask("premium", 10), NOW).verdict);
    assert!(matches!(premium, Refusal::Busy { why: Why::Full(Full::Capacity), .. }), "{premium:?}");
}

/// Premium has 60 % that nobody else gets.
fn reserving() -> Value {
    let mut shedding = shedding();
    shedding["capacity"]["tiers"] = json!({"premium": {"share": 3, "reserve": 60}});
    shedding
}

#[wasm_bindgen_test(unsupported = test)]
fn retry_after_reckons_with_what_is_reserved_for_others() {
    let world = World::new(rules(&reserving()));
    // One second of audio in one second.
    let taught = world.fill("basic", 10);
    world.finish(taught, NOW);
    world.fill("basic", 300);
    let refused = refusal(world.say(200));
    let Refusal::Busy { room, .. } = refused else { panic!("{refused:?}") };
    // 40 s are basic's, 30 s in use, 20 s wanted.
    assert_eq!(room, Duration::from_secs(10));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_push_that_reorders_tiers_mixes_none_of_them_up() {
    let mut world = World::new(rules(&reserving()));
    let premium = world.fill("premium", 500);
    let basic = world.fill("basic", 300);
    let pushed = json!({
        "version": 1,
        "tiers": [
            {"name": "new", "allow": ["*"]},
            {"name": "basic", "allow": ["*"]},
            {"name": "premium", "allow": ["*"]},
        ],
        "shedding": reserving(),
    });
    let pushed = ShedPolicy::from_json(pushed.to_string().as_bytes()).unwrap();
    world.rules = pushed.rules().unwrap().clone();
    let tier = |world: &World, name: &str| {
        let summary = world.guard(Lane::Online).gate.summary();
        let tier = summary.tiers.into_iter().find(|it| it.tier == TierKey::of(name));
        tier.map(|it| it.in_flight.work.0)
    };
    let all = ["premium", "basic", "new"].map(|it| tier(&world, it));
    assert_eq!(all, [Some(50_000), Some(30_000), None]);
    // 10 s are left of premium's reserve, and 10 s for all.
    for (name, chars, goes_on) in [("new", 101, false), ("new", 100, true), ("premium", 100, true)]
    {
        let verdict = world.decide(&world.ask(name, chars), NOW).verdict;
        assert_eq!(lane_of(&verdict).is_some(), goes_on, "{name} {chars}: {verdict:?}");
    }
    world.finish(premium, later(1));
    world.finish(basic, later(1));
    assert_eq!(tier(&world, "basic"), None);
}
