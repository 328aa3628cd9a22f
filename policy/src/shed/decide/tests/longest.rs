//! How long a text may be, for one that is too long.

use super::*;

/// What a request that is too long is told.
fn told(world: &World, request: &Request<'_>) -> Option<u64> {
    match refusal(world.decide(request, NOW).verdict) {
        Refusal::TextTooLong { longest, chars, .. } if chars == request.asked.chars => longest,
        other => panic!("{other:?}"),
    }
}

fn rejecting() -> Value {
    json!([{"name": "long", "text_chars": {"above": 300}, "rung": "reject"}])
}

#[wasm_bindgen_test(unsupported = test)]
fn the_ladder_or_the_room_is_the_limit() {
    let world = World::new(climbing(&rejecting()));
    assert_eq!(told(&world, &world.ask("basic", 301)), Some(300));
    assert_eq!(told(&world, &world.ask("basic", 90_000)), Some(300));
    world.fill("basic", 300);
    world.fill("basic", 300);
    world.fill("basic", 250);
    assert_eq!(told(&world, &world.ask("basic", 301)), Some(150));
    world.fill("basic", 130);
    assert_eq!(told(&world, &world.ask("basic", 301)), Some(20));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_bound_in_seconds_is_told_in_characters() {
    let world = World::new(climbing(&json!([
        {"name": "long", "audio_seconds": {"above": 30}, "rung": "reject"},
    ])));
    assert_eq!(told(&world, &world.ask("basic", 301)), Some(300));
}

#[wasm_bindgen_test(unsupported = test)]
fn where_no_length_passes_it_is_busy() {
    let world = World::new(climbing(&rejecting()));
    for chars in [300, 300, 300, 95] {
        world.fill("basic", chars);
    }
    // Half a second is left, and no request counts less than one.
    let busy = refusal(world.say(301));
    assert!(matches!(busy, Refusal::Busy { why: Why::Rule, lane: Lane::Online, .. }), "{busy:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_shorter_text_may_go_to_the_batch_lane_and_needs_room_there() {
    let world = World::new(climbing(&json!([
        {"name": "short", "text_chars": {"up_to": 100}, "rung": "pass"},
        {"name": "middle", "text_chars": {"up_to": 300}, "rung": "divert"},
        {"name": "long", "text_chars": {"above": 300}, "rung": "reject"},
    ])));
    assert_eq!(told(&world, &world.ask("basic", 500)), Some(300));
    world.fill("basic", 300);
    assert_eq!(told(&world, &world.ask("basic", 500)), Some(200));
    world.fill("basic", 150);
    // 50 more fit there, but so short a one goes online.
    assert_eq!(told(&world, &world.ask("basic", 500)), Some(100));
}

#[wasm_bindgen_test(unsupported = test)]
fn audio_that_comes_along_leaves_less_room_for_text() {
    let world = World::new(climbing(&rejecting()));
    let talking = |chars: u64, audio: u64| {
        let ask = world.ask("basic", chars);
        Request { work: Work(ask.work.0 + audio), ..ask }
    };
    assert_eq!(told(&world, &talking(400, 80_000)), Some(200));
    let busy = refusal(world.decide(&talking(400, 100_000), NOW).verdict);
    assert!(matches!(busy, Refusal::Busy { why: Why::Rule, .. }), "{busy:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn one_that_never_fits_is_told_what_does() {
    let world = World::new(rules(&shedding()));
    let ask = world.ask("basic", 1001);
    let too_long = refusal(world.decide(&ask, NOW).verdict);
    let why = Why::Full(Full::TooLarge { most: Work(100_000) });
    let (longest, lane) = (Some(1000), Lane::Online);
    assert_eq!(too_long, Refusal::TextTooLong { why, chars: 1001, longest, lane });
    world.fill("basic", 400);
    assert_eq!(told(&world, &ask), Some(600), "now");
    world.fill("basic", 600);
    assert_eq!(told(&world, &ask), Some(1000), "ever, for waiting alone does not help");
    let silent = Asked { chars: 0, speech_ms: 0, ..ask.asked };
    let audio = Request { asked: silent, work: Work(100_001), ..ask };
    let busy = refusal(world.decide(&audio, NOW).verdict);
    assert!(
        matches!(busy, Refusal::Busy { why: Why::Full(Full::TooLarge { .. }), .. }),
        "{busy:?}"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn where_requests_wait_the_ladder_is_the_limit() {
    let mut shedding = shedding();
    shedding["capacity"]["tiers"] = json!({"basic": {"queue": {"max": 1, "wait": "5s"}}});
    shedding["ladder"] = rejecting();
    let world = World::new(rules(&shedding));
    for _ in 0..3 {
        world.fill("basic", 300);
    }
    let long = Request { tenant: 7, ..world.ask("basic", 400) };
    assert_eq!(told(&world, &long), Some(300), "it would wait");
    let hasty = Request { may_wait: false, ..long.clone() };
    assert_eq!(told(&world, &hasty), Some(100), "it would go on at once");
    let waits = Request { tenant: 7, ..world.ask("basic", 300) };
    assert!(matches!(world.decide(&waits, NOW).verdict, Verdict::Waits(..)));
    let busy = refusal(world.decide(&long, NOW).verdict);
    assert!(matches!(busy, Refusal::Busy { why: Why::Rule, .. }), "no more may wait: {busy:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn units_other_than_seconds_are_reckoned_in() {
    let with = |unit: &str, limit: u64| {
        let mut shedding = shedding();
        shedding["capacity"] = json!({"unit": unit, "limit": limit});
        shedding["ladder"] = rejecting();
        World::new(rules(&shedding))
    };
    let world = with("text_chars", 400);
    world.fill("basic", 280);
    assert_eq!(told(&world, &world.ask("basic", 301)), Some(120));
    let world = with("requests", 2);
    world.fill("basic", 280);
    assert_eq!(told(&world, &world.ask("basic", 301)), Some(300));
    world.fill("basic", 280);
    assert!(matches!(refusal(world.say(301)), Refusal::Busy { why: Why::Rule, .. }));
}
