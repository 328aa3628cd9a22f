#[cfg(not(target_arch = "wasm32"))]
mod properties;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, ms, terms};

/// A listener that gathers 100 ms.
fn listener() -> Listener {
    Listener::new(&terms(100, 100))
}

fn holes(listener: &Listener) -> (u32, Duration, Duration) {
    (listener.underruns(), listener.missing(), listener.longest_hole())
}

#[wasm_bindgen_test(unsupported = test)]
fn it_begins_once_it_has_gathered_enough() {
    let mut it = listener();
    it.heard(ms(60), at(0.0));
    assert_eq!((it.level(at(500.0)), it.dry_at()), (None, None), "60 of 100 ms");
    it.heard(ms(100), at(500.0));
    assert_eq!(it.level(at(500.0)), Some(ms(100)));
    assert_eq!(it.level(at(540.0)), Some(ms(60)));
    assert_eq!(it.level(at(700.0)), Some(ms(0)));
    assert_eq!(it.dry_at(), Some(at(600.0)));
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_start_it_begins_with_the_first_sample() {
    let mut it = Listener::new(&terms(0, 100));
    it.heard(ms(0), at(0.0));
    assert_eq!(it.level(at(0.0)), None, "a header is no sample");
    it.heard(ms(20), at(5.0));
    assert_eq!(it.level(at(5.0)), Some(ms(20)));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_ends_before_it_has_enough_is_played() {
    let mut it = listener();
    it.heard(ms(60), at(0.0));
    it.ended(at(10.0));
    assert_eq!(it.level(at(30.0)), Some(ms(40)));
    assert_eq!(holes(&it), (0, ms(0), ms(0)));
    let mut nothing = listener();
    nothing.ended(at(10.0));
    assert_eq!(nothing.level(at(10.0)), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn holes_are_counted_once_more_comes() {
    let mut it = listener();
    it.heard(ms(100), at(0.0));
    assert_eq!(it.level(at(130.0)), Some(ms(0)));
    assert_eq!(holes(&it), (0, ms(0), ms(0)), "it may have been the end");
    it.heard(ms(150), at(130.0));
    assert_eq!(holes(&it), (1, ms(30), ms(30)));
    assert_eq!(it.dry_at(), Some(at(180.0)), "it plays on at once");
    it.heard(ms(200), at(290.0));
    assert_eq!(holes(&it), (2, ms(140), ms(110)));
    assert!(!it.is_continuous());
    it.heard(ms(300), at(340.0));
    assert_eq!(holes(&it).0, 2, "just in time");
}

#[wasm_bindgen_test(unsupported = test)]
fn running_dry_at_the_end_is_no_underrun() {
    let mut it = listener();
    it.heard(ms(100), at(0.0));
    it.ended(at(900.0));
    assert_eq!(holes(&it), (0, ms(0), ms(0)));
    assert!(it.is_continuous());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_brings_no_audio_changes_nothing() {
    let mut it = listener();
    it.heard(ms(100), at(0.0));
    it.heard(ms(100), at(150.0));
    it.heard(ms(90), at(160.0));
    assert_eq!(holes(&it), (0, ms(0), ms(0)), "a comment, or half a frame");
    it.heard(ms(120), at(170.0));
    assert_eq!(holes(&it), (1, ms(70), ms(70)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_stands_still() {
    let hour = 3_600_000.0;
    let mut it = listener();
    it.heard(ms(200), at(0.0));
    assert_eq!(it.level(at(50.0 - hour)), Some(ms(200)), "as when it was told last");
    it.heard(ms(220), at(50.0 - hour));
    assert_eq!(it.level(at(50.0 - hour)), Some(ms(220)));
    assert_eq!(it.level(at(150.0 - hour)), Some(ms(120)));
    it.heard(ms(240), at(280.0 - hour));
    assert_eq!(holes(&it), (1, ms(10), ms(10)));
}

#[wasm_bindgen_test(unsupported = test)]
fn no_length_and_no_time_overflows() {
    let mut it = listener();
    it.heard(Duration::MAX, UnixMicros(u64::MAX));
    it.heard(Duration::MAX, UnixMicros(0));
    it.ended(UnixMicros(u64::MAX));
    assert_eq!(it.underruns(), 0);
}
