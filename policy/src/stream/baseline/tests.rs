use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::ms;

const TERMS: SlowTerms = SlowTerms { percent: 300, least: Duration::from_millis(500) };

fn key(model: &str) -> BaselineKey {
    BaselineKey::new("tts.synthesize", model, 100)
}

/// Baselines of 20 streams of a model.
fn usual(ttfa: u64, permille: u32) -> Baselines {
    let mut baselines = Baselines::default();
    for i in 0..20 {
        let slow = baselines.judge(key("a"), Some(ms(ttfa + i % 3)), Some(permille), &TERMS);
        assert_eq!(slow, None, "nothing is usual yet");
    }
    baselines
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_far_beyond_what_is_usual_is_slow() {
    let mut it = usual(200, 300);
    assert_eq!(it.judge(key("a"), Some(ms(602)), None, &TERMS), None);
    let slow = Slow { measure: Measure::FirstAudio, was: 603, usual: 201 };
    assert_eq!(it.judge(key("a"), Some(ms(603)), None, &TERMS), Some(slow));
    assert_eq!(it.judge(key("b"), Some(ms(9000)), None, &TERMS), None, "another model");
    let longer = BaselineKey::new("tts.synthesize", "a", 1000);
    assert_eq!(it.judge(longer, Some(ms(9000)), None, &TERMS), None, "a longer text");
}

#[wasm_bindgen_test(unsupported = test)]
fn no_first_audio_below_the_least_is_slow() {
    let mut it = usual(20, 300);
    assert_eq!(it.judge(key("a"), Some(ms(499)), None, &TERMS), None);
    assert!(it.judge(key("a"), Some(ms(500)), None, &TERMS).is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_made_slower_than_it_plays_is_slow_where_that_is_unusual() {
    let mut it = usual(100, 200);
    assert_eq!(it.judge(key("a"), Some(ms(100)), Some(1000), &TERMS), None, "as fast as it plays");
    let slow = Slow { measure: Measure::RealTime, was: 1001, usual: 200 };
    assert_eq!(it.judge(key("a"), Some(ms(100)), Some(1001), &TERMS), Some(slow));
    let mut it = usual(100, 1200);
    assert_eq!(it.judge(key("a"), Some(ms(100)), Some(1400), &TERMS), None, "it always is");
}

#[wasm_bindgen_test(unsupported = test)]
fn slow_streams_become_usual_only_once_they_are_the_most() {
    let mut it = usual(200, 300);
    let slow = (0..60).map(|_| it.judge(key("a"), Some(ms(2000)), None, &TERMS).is_some());
    let slow: Vec<bool> = slow.collect();
    let lasted = slow.iter().take_while(|it| **it).count();
    assert!((12..=22).contains(&lasted), "{lasted}");
    assert!(slow.iter().skip(lasted).all(|it| !it), "then they are");
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_slow_or_remembered_where_the_policy_says_never() {
    let mut it = Baselines::default();
    let never = SlowTerms { percent: 0, ..TERMS };
    for _ in 0..40 {
        assert_eq!(it.judge(key("a"), Some(ms(1)), None, &never), None);
    }
    assert!(it.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_clients_name_takes_bounded_memory() {
    let mut it = usual(200, 300);
    for i in 0..1000 {
        it.judge(key(&format!("{i:0>9999}")), Some(ms(1)), None, &TERMS);
        it.judge(key("a"), Some(ms(200)), None, &TERMS);
    }
    assert_eq!(it.len(), 2, "names that are alike for as long as they are read are one");
    for i in 0..1000 {
        it.judge(key(&i.to_string()), Some(ms(1)), None, &TERMS);
        it.judge(key("a"), Some(ms(200)), None, &TERMS);
    }
    assert_eq!(it.len(), MAX_BASELINES);
    assert!(it.judge(key("a"), Some(ms(900)), None, &TERMS).is_some(), "what is used is kept");
}

#[wasm_bindgen_test(unsupported = test)]
fn lengths_are_told_apart_by_powers_of_four() {
    let size = |chars| BaselineKey::new("", "", chars).size;
    let sizes: Vec<u8> = [0, 1, 3, 4, 15, 16, 63, 64, 255, 256, u64::MAX].map(size).to_vec();
    assert_eq!(sizes, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 32]);
}
