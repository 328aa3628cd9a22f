//! Which tier is next.

use super::*;

/// Basic and premium, whose share is three times as much.
fn shared(capacity: u64) -> GateTerms {
    terms(capacity, &[tier(BASIC, 1, 0), tier(PREMIUM, 3, 0)])
}

#[wasm_bindgen_test(unsupported = test)]
fn room_is_shared_as_the_terms_say() {
    let terms = shared(8);
    let mut gate = gate(&[ask(0, FREE, 8)], &terms);
    for id in 1..20 {
        gate.arrive(&ask(id, BASIC, 1), &terms, NOW);
        gate.arrive(&ask(100 + id, PREMIUM, 1), &terms, NOW);
    }
    gate.after(0, &terms);
    let of = |gate: &Gate, key| gate.in_flight.iter().filter(|it| it.tier == key).count();
    assert_eq!((of(&gate, BASIC), of(&gate, PREMIUM)), (2, 6));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_tier_with_less_of_its_share_goes_first() {
    let terms = shared(40);
    let mut gate = gate(&[ask(0, BASIC, 10), ask(1, PREMIUM, 20), ask(2, FREE, 10)], &terms);
    assert_eq!(gate.arrive(&ask(3, BASIC, 2), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.arrive(&ask(4, PREMIUM, 10), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.after(2, &terms), [4]);
}

#[wasm_bindgen_test(unsupported = test)]
fn level_tiers_go_by_length_for_their_share() {
    let terms = shared(30);
    let mut gate = gate(&[ask(0, FREE, 30), ask(1, BASIC, 11), ask(2, PREMIUM, 30)], &terms);
    assert_eq!(gate.after(0, &terms), [2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_long_request_is_overtaken_by_other_tiers_only_so_often() {
    let terms = reserved(10, 0);
    let mut gate = gate(&[ask(100, BASIC, 5), ask(200, PREMIUM, 10)], &terms);
    for id in 0..8 {
        assert_eq!(gate.arrive(&ask(id, BASIC, 5), &terms, NOW), Arrival::Admitted);
        gate.leave(id);
    }
    assert_eq!(gate.arrive(&ask(8, BASIC, 5), &terms, NOW), Arrival::Queued, "it fits");
    assert_eq!(gate.after(100, &terms), [200]);
}

#[wasm_bindgen_test(unsupported = test)]
fn level_tiers_do_not_starve_each_other() {
    let terms = shared(10);
    let mut gate = gate(&[ask(0, PREMIUM, 10), ask(1000, BASIC, 10)], &terms);
    for id in 0..8 {
        gate.arrive(&ask(id + 1, PREMIUM, 10), &terms, NOW);
        assert_eq!(gate.after(id, &terms), [id + 1]);
    }
    gate.arrive(&ask(9, PREMIUM, 10), &terms, NOW);
    assert_eq!(gate.after(8, &terms), [1000]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_reserve_is_used_though_room_is_kept_for_another_tier() {
    let mut terms = reserved(100, 20);
    terms.max_overtakes = 0;
    let asks = [ask(0, BASIC, 40), ask(1, BASIC, 50)];
    let mut gate = gate(&asks, &terms);
    assert_eq!(gate.waiting_ids(), [1], "it is due at once");
    assert_eq!(gate.arrive(&ask(2, PREMIUM, 20), &terms, NOW), Arrival::Admitted);
    assert_eq!(gate.arrive(&ask(3, PREMIUM, 1), &terms, NOW), Arrival::Admitted, "used less");
    gate.force(&ask(4, PREMIUM, 20), &terms, NOW);
    assert_eq!(gate.arrive(&ask(5, PREMIUM, 1), &terms, NOW), Arrival::Queued, "used more");
}

#[wasm_bindgen_test(unsupported = test)]
fn what_goes_into_a_reserve_overtakes_nobody() {
    let terms = GateTerms { max_overtakes: 1, ..reserved(100, 20) };
    let mut gate = gate(&[ask(0, BASIC, 40), ask(1, BASIC, 50)], &terms);
    for id in 2..9 {
        assert_eq!(gate.arrive(&ask(id, PREMIUM, 20), &terms, NOW), Arrival::Admitted);
        gate.leave(id);
    }
    assert_eq!(gate.queue[0].overtaken, 0);
    assert_eq!(gate.arrive(&ask(9, BASIC, 40), &terms, NOW), Arrival::Admitted);
    assert_eq!(gate.queue[0].overtaken, 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_ahead_goes_by_tiers() {
    let terms = shared(40);
    let mut asks = vec![ask(0, FREE, 40)];
    asks.extend((1..5).map(|it| ask(it, BASIC, 10)));
    asks.push(ask(5, PREMIUM, 30));
    let gate = gate(&asks, &terms);
    assert_eq!(gate.standing(5, &terms), Standing::Waiting { ahead: Work(50) });
    assert_eq!(gate.standing(4, &terms), Standing::Waiting { ahead: Work(100) });
}

/// A newcomer that had more right than the one that is due, and was refused, let others go past it.
#[wasm_bindgen_test(unsupported = test)]
fn one_that_is_refused_takes_nobody_its_turn() {
    let terms = GateTerms { max_overtakes: 1, ..reserved(30, 0) };
    let asks = [of(1, 1, BASIC, 10), ask(2, PREMIUM, 11), of(1, 3, BASIC, 15), ask(4, PREMIUM, 1)];
    let mut gate = gate(&asks, &terms);
    assert_eq!(gate.ids(), [1, 2, 4]);
    assert_eq!(gate.arrive(&ask(6, PREMIUM, 1), &terms, NOW), Arrival::Queued, "3 is due");
    let refused = Arrival::Refused(Full::Capacity);
    let before = gate.clone();
    assert_eq!(gate.arrive(&at_once(ask(7, BASIC, 16)), &terms, NOW), refused);
    assert_eq!(gate, before);
}
