//! Who of one tier waits, and who goes next.

use super::*;

/// One request at a time, which is 0.
fn one_slot(asks: &[Ask]) -> (Gate, GateTerms) {
    let terms = basic(10);
    let mut all = vec![ask(0, BASIC, 10)];
    all.extend_from_slice(asks);
    (gate(&all, &terms), terms)
}

/// All in the order in which they go, each after the one before has left.
fn order(gate: &mut Gate, terms: &GateTerms) -> Vec<u64> {
    let mut order = Vec::new();
    while let Some(id) = gate.ids().first() {
        order.extend(gate.after(*id, terms));
    }
    assert_eq!(gate.waiting_ids(), [0; 0]);
    order
}

#[wasm_bindgen_test(unsupported = test)]
fn the_shortest_goes_first() {
    let (mut gate, terms) = one_slot(&[ask(1, BASIC, 9), ask(2, BASIC, 8), ask(3, BASIC, 10)]);
    assert_eq!(order(&mut gate, &terms), [2, 1, 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_oldest_of_equal_length_goes_first() {
    let (mut gate, terms) = one_slot(&[ask(2, BASIC, 9), ask(3, BASIC, 9), ask(1, BASIC, 9)]);
    assert_eq!(order(&mut gate, &terms), [2, 3, 1]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_short_request_may_go_past_a_long_one_that_does_not_fit() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 6), ask(2, BASIC, 8)], &terms);
    assert_eq!(gate.arrive(&ask(3, BASIC, 4), &terms, NOW), Arrival::Admitted);
    assert_eq!(gate.arrive(&ask(4, BASIC, 1), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.waiting_ids(), [2, 4]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_overtaken_request_keeps_the_room_that_it_waits_for() {
    let terms = basic(10);
    let mut gate = gate(&[ask(100, BASIC, 5), ask(200, BASIC, 8)], &terms);
    for id in 0..8 {
        assert_eq!(gate.arrive(&ask(id, BASIC, 5), &terms, NOW), Arrival::Admitted);
        gate.leave(id);
    }
    assert_eq!(gate.arrive(&ask(8, BASIC, 5), &terms, NOW), Arrival::Queued, "it fits");
    assert_eq!(gate.after(100, &terms), [200]);
    assert_eq!(gate.after(200, &terms), [8]);
}

#[wasm_bindgen_test(unsupported = test)]
fn who_may_not_be_overtaken_goes_by_arrival() {
    let (mut gate, mut terms) = one_slot(&[ask(1, BASIC, 10), ask(2, BASIC, 6), ask(3, BASIC, 7)]);
    terms.max_overtakes = 0;
    assert_eq!(order(&mut gate, &terms), [1, 2, 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_older_request_that_goes_first_overtakes_nobody() {
    let terms = GateTerms { max_overtakes: 1, ..basic(10) };
    let asks = [10, 8, 8, 9, 7].into_iter().zip(0..).map(|(work, id)| ask(id, BASIC, work));
    let mut gate = gate(&asks.collect::<Vec<_>>(), &terms);
    // 4 overtakes the others, who are due then and go by arrival.
    assert_eq!(order(&mut gate, &terms), [4, 1, 2, 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_tenth_request_of_a_tenant_waits_behind_the_first_of_another() {
    let terms = basic(10);
    let mut asks: Vec<Ask> = (0..10).map(|it| of(1, it, BASIC, 2)).collect();
    asks.push(of(2, 10, BASIC, 10));
    let mut gate = gate(&asks, &terms);
    assert_eq!((gate.ids(), gate.waiting_ids().len()), (vec![0, 1, 2, 3, 4], 6));
    for id in 0..4 {
        assert_eq!(gate.after(id, &terms), [0; 0], "room is kept for the other tenant");
    }
    assert_eq!(gate.after(4, &terms), [10]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_first_request_goes_before_the_backlog_of_another_tenant_that_has_drained() {
    let mut asks: Vec<Ask> = (1..10).map(|it| of(1, it, BASIC, 10)).collect();
    asks.push(of(2, 10, BASIC, 10));
    let (mut gate, terms) = one_slot(&asks);
    assert_eq!(gate.after(0, &terms), [1], "its first, which is older");
    assert_eq!(gate.after(1, &terms), [10]);
    assert_eq!(gate.after(10, &terms), [2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn tenants_take_turns() {
    let terms = basic(4);
    let mut asks: Vec<Ask> = (0..4).map(|it| of(9, it, BASIC, 1)).collect();
    asks.extend((10..15).map(|it| of(1, it, BASIC, 1)));
    asks.extend((20..22).map(|it| of(2, it, BASIC, 1)));
    let mut gate = gate(&asks, &terms);
    let next: Vec<_> = (0..4).map(|id| gate.after(id, &terms)).collect();
    assert_eq!(next, [[10], [20], [11], [21]]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_overtaken_request_does_not_go_before_a_tenant_with_fewer_in_flight() {
    let terms = GateTerms { max_overtakes: 1, ..basic(10) };
    let asks = [of(1, 0, BASIC, 4), of(2, 1, BASIC, 6), of(1, 2, BASIC, 9), of(1, 3, BASIC, 8)];
    let mut gate = gate(&asks, &terms);
    gate.leave(1);
    // The short one of the same tenant goes past the long one, once.
    assert_eq!(gate.arrive(&of(1, 4, BASIC, 5), &terms, NOW), Arrival::Admitted);
    assert_eq!(gate.arrive(&of(3, 5, BASIC, 10), &terms, NOW), Arrival::Queued);
    gate.leave(4);
    gate.leave(0);
    gate.force(&of(1, 6, BASIC, 1), &terms, NOW);
    gate.advance(&terms, NOW);
    assert_eq!(gate.ids(), [6], "room is kept for the tenant with none in flight");
    assert_eq!(gate.after(6, &terms), [5], "its first");
    assert_eq!(gate.after(5, &terms), [2], "who is due, of two of a tenant");
}

#[wasm_bindgen_test(unsupported = test)]
fn nobody_waits_in_a_full_queue() {
    let mut terms = basic(10);
    terms.tiers[0].queue = Some(QueueTerms { max: 2, wait: WAIT });
    let mut gate = gate(&[ask(0, BASIC, 10), ask(1, BASIC, 9), ask(2, BASIC, 9)], &terms);
    assert_eq!(gate.arrive(&ask(3, BASIC, 1), &terms, NOW), Arrival::Refused(Full::Queue));
    assert_eq!(gate.waiting_ids(), [1, 2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_queue_has_a_place_for_a_tenant_with_fewer_there() {
    let mut terms = basic(10);
    terms.tiers[0].queue = Some(QueueTerms { max: 3, wait: WAIT });
    let mut asks: Vec<Ask> = (0..4).map(|it| of(1, it, BASIC, 10)).collect();
    asks.push(of(2, 10, BASIC, 10));
    let mut gate = gate(&asks, &terms);
    assert_eq!(gate.waiting_ids(), [1, 2, 10]);
    assert_eq!(gate.standing(3, &terms), Standing::Gone);
    // Two against one: no more is gained.
    assert_eq!(gate.arrive(&of(2, 11, BASIC, 1), &terms, NOW), Arrival::Refused(Full::Queue));
    assert_eq!(gate.arrive(&of(3, 12, BASIC, 10), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.waiting_ids(), [1, 10, 12]);
    assert_eq!(gate.arrive(&of(4, 13, BASIC, 10), &terms, NOW), Arrival::Refused(Full::Queue));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_queue_takes_no_place_from_another_tier() {
    let mut terms = reserved(10, 0);
    terms.tiers[0].queue = Some(QueueTerms { max: 1, wait: WAIT });
    let asks = [ask(0, BASIC, 10), of(1, 1, PREMIUM, 9), of(1, 2, PREMIUM, 9), ask(3, BASIC, 9)];
    let mut gate = gate(&asks, &terms);
    assert_eq!(gate.arrive(&ask(4, BASIC, 9), &terms, NOW), Arrival::Refused(Full::Queue));
    assert_eq!(gate.waiting_ids(), [1, 2, 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_number_that_waits_is_bounded() {
    let mut terms = basic(10);
    terms.tiers[0].queue = Some(QueueTerms { max: usize::MAX, wait: WAIT });
    let all: Vec<Ask> = (0..=MAX_QUEUED as u64).map(|it| ask(it, BASIC, 10)).collect();
    let mut gate = gate(&all, &terms);
    assert_eq!(gate.waiting_ids().len(), MAX_QUEUED);
    assert_eq!(gate.arrive(&ask(9999, BASIC, 10), &terms, NOW), Arrival::Refused(Full::Queue));
}

#[wasm_bindgen_test(unsupported = test)]
fn who_waits_is_told_what_is_ahead() {
    let (mut gate, terms) = one_slot(&[ask(1, BASIC, 9), ask(2, BASIC, 3), of(2, 3, BASIC, 2)]);
    let ahead = |gate: &Gate, id| gate.standing(id, &terms);
    assert_eq!(ahead(&gate, 2), Standing::Waiting { ahead: Work(10) });
    assert_eq!(ahead(&gate, 1), Standing::Waiting { ahead: Work(13) });
    assert_eq!(ahead(&gate, 3), Standing::Waiting { ahead: Work(22) }, "the second of its tenant");
    assert_eq!(gate.after(0, &terms), [2]);
    assert_eq!(ahead(&gate, 0), Standing::Gone);
    assert_eq!(ahead(&gate, 2), Standing::Admitted);
}
