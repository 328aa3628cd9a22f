use jsonwebtoken::Algorithm;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::spec::DurationSpec;
use crate::testing;

const START: UnixMillis = UnixMillis(1_700_000_000_000);

fn at(millis: u64) -> UnixMillis {
    UnixMillis(START.0 + millis)
}

/// Timeout 2 s, refresh 300 s, cooldown 2 s, wait 5 s, stale after 1000 s.
fn source() -> RemoteKeys {
    RemoteKeys::new(&RemoteJwksSpec {
        uri: "https://issuer.test/jwks".to_owned(),
        cluster: "issuer".to_owned(),
        timeout: DurationSpec::from_secs(2),
        refresh: DurationSpec::from_secs(300),
        cooldown: DurationSpec::from_secs(2),
        max_wait: DurationSpec::from_secs(5),
        max_stale: DurationSpec::from_secs(1000),
    })
}

fn keys() -> KeySet {
    KeySet::parse(testing::jwks().as_bytes(), &[Algorithm::EdDSA]).unwrap()
}

/// A source whose keys were asked for at the start and came 100 ms later.
fn filled() -> RemoteKeys {
    let mut source = source();
    source.fetch_started(at(0));
    source.fetch_succeeded(keys(), at(100));
    source
}

/// The first moment from `from` on, in milliseconds, at which a fetch is due.
fn due_from(source: &RemoteKeys, from: u64) -> u64 {
    (from..from + 400_000).find(|ms| source.fetch_due(at(*ms))).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_keys_are_fetched_at_once_and_once() {
    let mut source = source();
    assert!(source.fetch_due(at(0)));
    assert!(source.keys(at(0)).is_none() && source.age(at(0)).is_none());
    source.fetch_started(at(0));
    assert!(source.in_flight(at(1)) && !source.fetch_due(at(1)));
    source.fetch_succeeded(keys(), at(100));
    assert_eq!(source.keys(at(100)).unwrap().len(), 1);
    assert_eq!(source.age(at(1100)), Some(Duration::from_secs(1)));
    assert!(!source.in_flight(at(100)));
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_are_fetched_again_a_timeout_before_they_are_due() {
    assert_eq!(due_from(&filled(), 100), 100 + 298_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_key_fetches_as_soon_as_the_cooldown_allows() {
    let mut source = filled();
    source.want_fresher_than(at(500), at(500));
    assert_eq!(due_from(&source, 500), 2100);
    source.fetch_started(at(2100));
    source.fetch_succeeded(keys(), at(2200));
    assert_eq!(due_from(&source, 2200), 2200 + 298_000, "the wish is fulfilled");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_is_unknown_only_if_the_keys_were_asked_for_after_its_token_came() {
    let mut source = filled();
    assert!(source.fetched_after(START.minus(Duration::from_millis(1))));
    // This token came while the keys were on their way: they may be older than its key.
    assert!(!source.fetched_after(at(50)));
    // Nor is it known what came first within a millisecond.
    assert!(!source.fetched_after(at(0)));
    source.want_fresher_than(at(50), at(200));
    source.fetch_started(at(2100));
    assert!(!source.fetched_after(at(50)));
    source.fetch_succeeded(keys(), at(2300));
    assert!(source.fetched_after(at(50)) && source.fetched_after(at(2099)));
    assert!(!source.fetched_after(at(2100)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_that_came_during_a_fetch_outlives_it() {
    let mut source = source();
    source.fetch_started(at(0));
    source.want_fresher_than(at(50), at(50));
    source.fetch_succeeded(keys(), at(100));
    assert_eq!(due_from(&source, 100), 2100);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_for_what_is_there_or_for_a_request_that_gave_up_is_none() {
    let mut source = filled();
    source.want_fresher_than(START.minus(Duration::from_millis(1)), at(200));
    source.want_fresher_than(at(200), at(5200));
    assert_eq!(due_from(&source, 200), 100 + 298_000);
    source.want_fresher_than(at(201), at(5200));
    assert!(source.fetch_due(at(5200)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_flood_of_unknown_keys_fetches_once_a_cooldown() {
    let mut source = filled();
    let mut fetches = 0;
    for ms in (100..20_100).step_by(10) {
        source.want_fresher_than(at(ms), at(ms));
        if source.fetch_due(at(ms)) {
            source.fetch_started(at(ms));
            source.fetch_succeeded(keys(), at(ms));
            fetches += 1;
        }
    }
    assert_eq!(fetches, 9);
}

#[wasm_bindgen_test(unsupported = test)]
fn failures_stretch_the_pause_up_to_eight_cooldowns() {
    let mut source = source();
    let mut now = 0;
    for pause in [4000, 8000, 16_000, 16_000, 16_000] {
        source.fetch_started(at(now));
        source.fetch_failed(at(now + 10));
        assert_eq!(due_from(&source, now + 10), now + 10 + pause);
        now += 10 + pause;
    }
    source.fetch_started(at(now));
    source.fetch_succeeded(keys(), at(now));
    source.want_fresher_than(at(now + 1), at(now + 1));
    assert_eq!(due_from(&source, now), now + 2000, "success forgets the failures");
}

#[wasm_bindgen_test(unsupported = test)]
fn many_failures_do_not_overflow_the_pause() {
    let mut source = source();
    for _ in 0..100 {
        source.fetch_started(at(0));
        source.fetch_failed(at(0));
    }
    assert_eq!(due_from(&source, 0), 16_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn good_keys_outlive_failures_until_they_are_stale() {
    let mut source = filled();
    for second in [300, 400, 500] {
        source.fetch_started(at(second * 1000));
        source.fetch_failed(at(second * 1000 + 10));
    }
    assert!(source.keys(at(100 + 999_999)).is_some());
    assert!(source.keys(at(100 + 1_000_000)).is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lost_answer_does_not_block_for_ever() {
    let mut source = source();
    source.fetch_started(at(0));
    assert!(source.in_flight(at(2999)) && !source.in_flight(at(3000)));
    assert_eq!(due_from(&source, 0), 3000);
    source.fetch_started(at(3000));
    source.fetch_failed(at(3000));
    assert_eq!(due_from(&source, 3000), 3000 + 8000, "the lost answer counts as a failure");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_set_back_does_not_stop_the_fetching() {
    let mut source = filled();
    source.want_fresher_than(at(200), at(200));
    let an_hour_ago = START.minus(Duration::from_secs(3600));
    assert!(source.fetch_due(an_hour_ago));
    assert!(source.keys(an_hour_ago).is_some());
    source.fetch_started(at(5000));
    assert!(!source.in_flight(an_hour_ago));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_waits_no_longer_than_it_may() {
    assert_eq!(source().wait_ends(at(7)), at(5007));
}
