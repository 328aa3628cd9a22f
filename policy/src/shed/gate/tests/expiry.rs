//! Leases, waits, and clocks that step.

use super::*;

const SECOND: u64 = 1000;

/// Looks at the gate each second until `from + seconds`, and says when it changed.
fn watch(gate: &mut Gate, terms: &GateTerms, from: UnixMillis, seconds: u64) -> Vec<u64> {
    let at = |it: &u64| UnixMillis(from.0 + it * SECOND);
    (1..=seconds).filter(|it| gate.advance(terms, at(it)).changed).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_dead_worker_had_in_flight_expires() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    assert_eq!(watch(&mut gate, &terms, NOW, 60), [30]);
    assert_eq!(gate.summary(), Summary::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_dead_worker_had_waiting_expires() {
    let mut terms = basic(10);
    terms.tiers[0].queue = Some(QueueTerms { max: 9, wait: Duration::from_secs(3600) });
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 1)], &terms);
    for second in 1..30 {
        assert!(gate.renew(&[7, 1], &terms, later(second * SECOND)));
        assert!(!gate.advance(&terms, later(second * SECOND)).changed);
    }
    let lapsed = Advanced { lapsed: 1, changed: true, ..Advanced::default() };
    assert_eq!(gate.advance(&terms, later(30 * SECOND)), lapsed);
    assert_eq!((gate.ids(), gate.waiting_ids()), (vec![1], vec![]));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_renewed_stays() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 5), ask(2, BASIC, 5)], &terms);
    for second in (0..300).step_by(10) {
        assert!(gate.renew(&[1], &terms, later(second * SECOND)));
        gate.advance(&terms, later(second * SECOND));
    }
    assert_eq!(gate.ids(), [1]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_expired_cannot_be_renewed() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 5)], &terms);
    watch(&mut gate, &terms, NOW, 30);
    assert!(!gate.renew(&[1], &terms, later(31 * SECOND)));
    assert_eq!(gate.leave(1), None);
    assert_eq!(gate.standing(1, &terms), Standing::Gone);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_worker_that_is_late_may_renew_what_nobody_saw_expire() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 5)], &terms);
    gate.advance(&terms, later(15 * SECOND));
    assert!(gate.renew(&[1], &terms, later(30 * SECOND)));
    assert_eq!(watch(&mut gate, &terms, later(30 * SECOND), 30), [30]);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_waits_as_long_as_its_queue_says() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 1)], &terms);
    assert!(!gate.advance(&terms, later(4999)).changed);
    let timed_out = Advanced { timed_out: 1, changed: true, ..Advanced::default() };
    assert_eq!(gate.advance(&terms, later(5000)), timed_out);
    assert_eq!(gate.standing(2, &terms), Standing::Gone);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_does_not_wait_past_its_deadline() {
    let terms = basic(10);
    let until = |id, millis| Ask { until: Some(later(millis)), ..ask(id, BASIC, 1) };
    let mut gate = gate(&[ask(1, BASIC, 10), until(2, 300), until(3, 9000)], &terms);
    assert_eq!(gate.arrive(&until(4, 0), &terms, NOW), Arrival::Refused(Full::Capacity));
    assert!(!gate.advance(&terms, later(299)).changed);
    gate.advance(&terms, later(300));
    assert_eq!(gate.waiting_ids(), [3]);
    gate.advance(&terms, later(5000));
    assert_eq!(gate.waiting_ids(), [0; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_whose_time_is_up_is_not_admitted_in_the_last_moment() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 1)], &terms);
    gate.leave(1);
    let timed_out = Advanced { timed_out: 1, changed: true, ..Advanced::default() };
    assert_eq!(gate.advance(&terms, later(5000)), timed_out);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_that_expires_makes_room() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    gate.advance(&terms, later(15 * SECOND));
    gate.arrive(&ask(2, BASIC, 10), &terms, later(28 * SECOND));
    let turned = Advanced { admitted: 1, lapsed: 1, timed_out: 0, changed: true };
    assert_eq!(gate.advance(&terms, later(30 * SECOND)), turned);
    assert_eq!(gate.ids(), [2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_arrival_gets_the_room_of_what_expired() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    gate.advance(&terms, later(15 * SECOND));
    let arrival = gate.arrive(&at_once(ask(2, BASIC, 10)), &terms, later(30 * SECOND));
    assert_eq!(arrival, Arrival::Admitted);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lease_begins_anew_when_one_is_admitted() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 10)], &terms);
    gate.advance(&terms, later(4 * SECOND));
    gate.leave(1);
    gate.advance(&terms, later(4 * SECOND));
    assert_eq!(watch(&mut gate, &terms, later(4 * SECOND), 60), [30]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_steps_forth_ends_nothing_in_flight() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    let hour = 3600 * SECOND;
    let step = Advanced { changed: true, ..Advanced::default() };
    assert_eq!(gate.advance(&terms, later(hour)), step);
    assert_eq!(watch(&mut gate, &terms, later(hour), 60), [15]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_steps_back_keeps_nothing_for_ever() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 1)], &terms);
    let past = UnixMillis(NOW.0 - 3600 * SECOND);
    let step = Advanced { changed: true, ..Advanced::default() };
    assert_eq!(gate.advance(&terms, past), step);
    assert_eq!(watch(&mut gate, &terms, past, 60), [5, 30]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_worker_whose_clock_was_read_earlier_does_not_make_time_go_faster() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    for second in 1..30 {
        assert!(!gate.advance(&terms, later(second * SECOND)).changed);
        assert!(!gate.advance(&terms, later((second - 1) * SECOND)).changed);
    }
    assert!(gate.advance(&terms, later(30 * SECOND)).changed);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_did_not_change_need_not_be_kept() {
    let terms = basic(10);
    let before = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 1)], &terms);
    let mut looked = before.clone();
    assert_eq!(looked.advance(&terms, later(4999)), Advanced::default());
    let mut kept = before;
    let at_end = looked.advance(&terms, later(5000));
    assert_eq!(kept.advance(&terms, later(5000)), at_end);
    assert_eq!(kept, looked);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_steps_is_nothing_to_an_empty_gate() {
    let terms = basic(10);
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    gate.leave(1);
    for now in [later(3_600_000), UnixMillis(0), UnixMillis(u64::MAX), NOW] {
        assert_eq!(gate.advance(&terms, now), Advanced::default());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_short_lease_does_not_stop_the_clock() {
    let terms = GateTerms { lease: Duration::ZERO, ..basic(10) };
    let mut gate = gate(&[ask(1, BASIC, 10)], &terms);
    gate.advance(&terms, later(1));
    assert_eq!(gate.ids(), [0; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn endless_durations_are_long_ones() {
    let mut terms = GateTerms { lease: Duration::MAX, ..basic(10) };
    terms.tiers[0].queue = Some(QueueTerms { max: 9, wait: Duration::MAX });
    let mut gate = gate(&[ask(1, BASIC, 10), ask(2, BASIC, 10)], &terms);
    assert!(!gate.advance(&terms, later(86_400_000)).changed);
    gate.advance(&terms, UnixMillis(u64::MAX));
    assert_eq!(gate.summary(), Summary::default());
}
