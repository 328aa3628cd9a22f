//! Capacity, reserves and what is refused.

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_gate_admits() {
    let mut gate = Gate::default();
    assert_eq!(gate.arrive(&ask(1, BASIC, 10), &basic(10), NOW), Arrival::Admitted);
    assert_eq!(gate.standing(1, &basic(10)), Standing::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_does_not_fit_is_refused_if_it_may_not_wait() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 6)], &terms);
    let refused = Arrival::Refused(Full::Capacity);
    assert_eq!(gate.arrive(&at_once(ask(2, BASIC, 5)), &terms, NOW), refused);
    assert_eq!(gate.standing(2, &terms), Standing::Gone);
    assert_eq!(gate.arrive(&at_once(ask(3, BASIC, 4)), &terms, NOW), Arrival::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_without_queue_does_not_wait() {
    let mut terms = basic(10);
    terms.tiers[0].queue = None;
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    let refused = Arrival::Refused(Full::Capacity);
    assert_eq!(gate.arrive(&ask(2, BASIC, 1), &terms, NOW), refused);
    assert_eq!(gate.arrive(&ask(3, FREE, 1), &terms, NOW), refused, "an unknown tier");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_reserve_is_never_lent() {
    let terms = reserved(100, 30);
    let mut gate = gate(&[ask(1, BASIC, 60)], &terms);
    assert_eq!(
        gate.arrive(&at_once(ask(2, BASIC, 11)), &terms, NOW),
        Arrival::Refused(Full::Capacity)
    );
    assert_eq!(gate.arrive(&ask(3, BASIC, 10), &terms, NOW), Arrival::Admitted);
    assert_eq!(gate.arrive(&ask(4, PREMIUM, 30), &terms, NOW), Arrival::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_uses_what_others_leave() {
    let terms = reserved(100, 30);
    let mut gate = gate(&[ask(1, PREMIUM, 100)], &terms);
    assert_eq!(gate.ids(), [1]);
    assert_eq!(gate.arrive(&ask(2, BASIC, 1), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.after(1, &terms), [2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_used_reserve_is_not_kept_twice() {
    let terms = reserved(100, 30);
    let mut gate = gate(&[ask(1, PREMIUM, 20)], &terms);
    assert_eq!(
        gate.arrive(&at_once(ask(2, BASIC, 71)), &terms, NOW),
        Arrival::Refused(Full::TooLarge { most: Work(70) })
    );
    assert_eq!(gate.arrive(&ask(3, BASIC, 70), &terms, NOW), Arrival::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_can_never_be_admitted_is_told_what_could() {
    let terms = reserved(100, 30);
    for (tier, most) in [(BASIC, 70), (PREMIUM, 100), (FREE, 70)] {
        let refused = Arrival::Refused(Full::TooLarge { most: Work(most) });
        let mut gate = Gate::default();
        assert_eq!(gate.arrive(&ask(1, tier, most + 1), &terms, NOW), refused);
        assert_eq!(gate.arrive(&ask(1, tier, most), &terms, NOW), Arrival::Admitted);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_number_in_flight_is_bounded() {
    let terms = basic(u64::MAX);
    let all: Vec<Ask> = (0..MAX_IN_FLIGHT as u64).map(|it| ask(it, BASIC, 0)).collect();
    let mut gate = gate(&all, &terms);
    assert_eq!(gate.arrive(&ask(9999, BASIC, 0), &terms, NOW), Arrival::Refused(Full::Bound));
    gate.force(&ask(9999, BASIC, 0), &terms, NOW);
    assert_eq!(gate.standing(9999, &terms), Standing::Gone);
    gate.leave(7);
    assert_eq!(gate.arrive(&ask(9999, BASIC, 0), &terms, NOW), Arrival::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn who_waits_is_not_admitted_past_the_bound() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 5), ask(3, BASIC, 5)], &terms);
    (1..MAX_IN_FLIGHT as u64).for_each(|it| gate.force(&ask(100 + it, BASIC, 0), &terms, NOW));
    assert_eq!(gate.after(1, &terms), [2]);
    assert_eq!(gate.waiting_ids(), [3]);
    assert_eq!(gate.after(101, &terms), [3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_forced_counts_over_capacity() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    gate.force(&ask(2, BASIC, 25), &terms, NOW);
    assert_eq!(gate.summary().in_flight, Tally { requests: 2, work: Work(35) });
    assert_eq!(gate.arrive(&ask(3, BASIC, 1), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.after(1, &terms), [0; 0]);
    assert_eq!(gate.after(2, &terms), [3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_that_waits_can_be_forced() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 10)], &terms);
    gate.force(&ask(2, BASIC, 10), &terms, NOW);
    gate.force(&ask(2, BASIC, 10), &terms, NOW);
    assert_eq!((gate.ids(), gate.waiting_ids()), (vec![1, 2], vec![]));
}

#[wasm_bindgen_test(unsupported = test)]
fn one_that_comes_twice_counts_once() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 10)], &terms);
    assert_eq!(gate.arrive(&ask(1, BASIC, 10), &terms, NOW), Arrival::Admitted);
    assert_eq!(gate.arrive(&ask(2, BASIC, 10), &terms, NOW), Arrival::Queued);
    assert_eq!((gate.ids(), gate.waiting_ids()), (vec![1], vec![2]));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_leaves_is_told_once() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 4)], &terms);
    let left = |work, was_admitted| Some(Left { tier: BASIC, work: Work(work), was_admitted });
    assert_eq!(gate.leave(2), left(4, false));
    assert_eq!(gate.leave(2), None);
    assert_eq!(gate.leave(1), left(10, true));
    assert_eq!(gate.leave(1), None);
    assert_eq!(gate.summary(), Summary::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn work_of_any_size_does_not_overflow() {
    let terms = reserved(u64::MAX - 1, 50);
    let mut gate = gate(&[ask(1, PREMIUM, u64::MAX - 1)], &terms);
    gate.force(&ask(2, PREMIUM, u64::MAX), &terms, UnixMillis(u64::MAX));
    assert_eq!(gate.arrive(&ask(3, BASIC, 1), &terms, NOW), Arrival::Queued);
    assert_eq!(gate.standing(3, &terms), Standing::Waiting { ahead: Work(u64::MAX) });
    gate.leave(1);
    assert_eq!(gate.after(2, &terms), [3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_summary_tells_tiers_apart() {
    let terms = reserved(10, 0);
    let gate = gate(&[ask(1, PREMIUM, 7), ask(2, BASIC, 3), ask(3, PREMIUM, 2)], &terms);
    let tally = |requests, work| Tally { requests, work: Work(work) };
    let summary = gate.summary();
    assert_eq!((summary.in_flight, summary.queued), (tally(2, 10), tally(1, 2)));
    let basic = TierSummary { tier: BASIC, in_flight: tally(1, 3), queued: tally(0, 0) };
    let premium = TierSummary { tier: PREMIUM, in_flight: tally(1, 7), queued: tally(1, 2) };
    assert_eq!(summary.tiers, [basic, premium]);
}
