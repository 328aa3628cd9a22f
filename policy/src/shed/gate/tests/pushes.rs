//! Terms that change while requests are in flight and wait: a policy push, a learned capacity.

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn a_capacity_that_shrinks_ends_nothing() {
    let mut gate = gate(&[ask(1, BASIC, 5), ask(2, BASIC, 5)], &basic(10));
    let terms = basic(4);
    assert_eq!(gate.advance(&terms, NOW), Advanced::default());
    assert_eq!(gate.arrive(&ask(3, BASIC, 1), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.after(1, &terms), [0; 0]);
    assert_eq!(gate.after(2, &terms), [3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_capacity_that_grows_admits() {
    let mut gate = gate(&[ask(1, BASIC, 5), ask(2, BASIC, 5), ask(3, BASIC, 2)], &basic(9));
    let admitted = Advanced { admitted: 1, changed: true, ..Advanced::default() };
    assert_eq!(gate.waiting_ids(), [2]);
    assert_eq!(gate.advance(&basic(12), NOW), admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn nobody_waits_for_what_does_not_fit_any_more() {
    let mut terms = basic(10);
    terms.max_overtakes = 0;
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 9), of(1, 3, BASIC, 5)], &terms);
    let shrunk = GateTerms { capacity: Work(8), ..terms.clone() };
    assert_eq!(gate.after(1, &shrunk), [3]);
    assert_eq!(gate.waiting_ids(), [2]);
    assert_eq!(gate.queue[0].overtaken, 0, "it had no turn");
    assert_eq!(gate.standing(2, &shrunk), Standing::Waiting { ahead: Work(5) });
    assert_eq!(gate.after(3, &terms), [2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn who_waits_in_a_tier_that_vanished_goes_with_share_1_and_no_reserve() {
    let before = terms(100, &[tier(BASIC, 1, 0), tier(PREMIUM, 100, 50)]);
    let asks = [ask(1, BASIC, 50), ask(2, PREMIUM, 50), ask(3, BASIC, 20), ask(4, PREMIUM, 30)];
    let mut gate = gate(&asks, &before);
    let after = terms(100, &[tier(BASIC, 2, 0)]);
    // 50 by share 1 are more than 50 by share 2.
    assert_eq!(gate.leave(2).map(|it| it.tier), Some(PREMIUM));
    gate.force(&ask(5, PREMIUM, 30), &after, NOW);
    gate.advance(&after, NOW);
    assert_eq!((gate.ids(), gate.waiting_ids()), (vec![1, 3, 5], vec![4]));
    assert_eq!(gate.after(1, &after), [4]);
    assert_eq!(gate.arrive(&ask(6, PREMIUM, 90), &after, NOW), Arrival::Refused(Full::Capacity));
}

#[wasm_bindgen_test(unsupported = test)]
fn who_waits_in_a_queue_that_vanished_waits_on() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 5), ask(3, BASIC, 5)], &terms);
    let mut without = terms;
    without.tiers[0].queue = None;
    assert_eq!(gate.arrive(&ask(4, BASIC, 1), &without, NOW), Arrival::Refused(Full::Capacity));
    assert_eq!(gate.after(1, &without), [2, 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_queue_that_shrinks_keeps_who_waits() {
    let mut terms = basic(10);
    let asks: Vec<Ask> = (0..5).map(|it| ask(it, BASIC, 10)).collect();
    let mut gate = gate(&asks, &terms);
    terms.tiers[0].queue = Some(QueueTerms { max: 2, wait: WAIT });
    assert_eq!(gate.arrive(&ask(9, BASIC, 1), &terms, NOW), Arrival::Refused(Full::Queue));
    assert_eq!(gate.waiting_ids(), [1, 2, 3, 4]);
}

#[wasm_bindgen_test(unsupported = test)]
fn tiers_in_another_order_are_the_same() {
    let mut terms = reserved(100, 30);
    let mut gate = gate(&[ask(1, BASIC, 70), ask(2, PREMIUM, 30), ask(3, BASIC, 30)], &terms);
    terms.tiers.reverse();
    assert_eq!(gate.after(2, &terms), [0; 0]);
    assert_eq!(gate.arrive(&ask(4, PREMIUM, 30), &terms, NOW), Arrival::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn reserves_of_more_than_all_admit_nothing_past_them() {
    let terms = terms(100, &[tier(BASIC, 1, 60), tier(PREMIUM, 1, 255)]);
    let mut gate = Gate::default();
    let refused = |most| Arrival::Refused(Full::TooLarge { most: Work(most) });
    assert_eq!(gate.arrive(&ask(1, BASIC, 1), &terms, NOW), refused(0));
    assert_eq!(gate.arrive(&ask(1, PREMIUM, 41), &terms, NOW), refused(40));
}
