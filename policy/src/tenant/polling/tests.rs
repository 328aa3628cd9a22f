use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::spec::DurationSpec;

fn at(seconds: u64) -> UnixMillis {
    UnixMillis::from_secs(1_700_000_000 + seconds)
}

/// Timeout 5 s, refresh 30 s.
fn polling(seed: u64) -> Polling {
    let config = TenantSourceSpec {
        uri: "http://tenants.test/".to_owned(),
        cluster: "tenants".to_owned(),
        timeout: DurationSpec::from_secs(5),
        refresh: DurationSpec::from_secs(30),
        max_bytes: 1 << 20,
    };
    Polling::new(&config, seed, at(0))
}

/// The first second from `from` on in which a fetch is due.
fn due_from(polling: &Polling, from: u64) -> u64 {
    (from..from + 1000).find(|it| polling.fetch_due(at(*it))).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_fetch_is_due_at_once_and_one_is_in_flight() {
    let mut polling = polling(0);
    assert!(polling.fetch_due(at(0)) && !polling.has_begun());
    polling.fetch_started(at(0));
    assert!(!polling.fetch_due(at(1)) && polling.has_begun());
}

#[wasm_bindgen_test(unsupported = test)]
fn refreshes_are_spread_by_a_tenth_around_their_time() {
    let mut waits = Vec::new();
    for seed in 0..100 {
        let mut polling = polling(seed);
        for round in 0..3 {
            polling.fetch_started(at(round * 100));
            polling.fetch_succeeded(at(round * 100));
            waits.push(due_from(&polling, round * 100) - round * 100);
        }
    }
    assert!(waits.iter().all(|it| (27..=33).contains(it)), "{waits:?}");
    for wait in 27..=33 {
        assert!(waits.contains(&wait), "{wait} s never came");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn failures_are_followed_by_longer_pauses_up_to_the_refresh() {
    let mut polling = polling(0);
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..7 {
        polling.fetch_started(at(now));
        polling.fetch_failed(at(now));
        let due = due_from(&polling, now);
        pauses.push(due - now);
        now = due;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 30, 30, 30]);
    polling.fetch_started(at(now));
    polling.fetch_succeeded(at(now));
    let due = due_from(&polling, now);
    assert!((27..=33).contains(&(due - now)));
    polling.fetch_started(at(due));
    polling.fetch_failed(at(due));
    assert_eq!(due_from(&polling, due) - due, 2, "the failures are forgotten");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_that_never_comes_is_given_up() {
    let mut polling = polling(0);
    polling.fetch_started(at(0));
    assert_eq!(due_from(&polling, 0), 6);
    polling.fetch_started(at(6));
    assert_eq!(due_from(&polling, 7), 12, "and the one after it too, later than its pause");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_age_counts_from_the_last_good_answer_and_before_it_from_the_start() {
    let mut polling = polling(0);
    assert_eq!(polling.age(at(7)), Duration::from_secs(7));
    polling.fetch_started(at(8));
    polling.fetch_succeeded(at(9));
    polling.fetch_started(at(40));
    polling.fetch_failed(at(41));
    assert_eq!(polling.age(at(50)), Duration::from_secs(41));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_goes_on_with_the_same_document_does_not_ask_again_at_once() {
    let mut before = polling(0);
    before.fetch_started(at(0));
    before.fetch_succeeded(at(0));
    let after = polling(1).resumed(&before);
    assert!(after.has_begun() && !after.fetch_due(at(20)));
    assert_eq!(after.age(at(20)), Duration::from_secs(20));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut polling = polling(0);
    polling.fetch_started(at(5000));
    polling.fetch_succeeded(at(5000));
    assert!(polling.fetch_due(at(100)));
}
