use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, ms, observer, pass};

/// 20 ms of 24 kHz.
const PCM: [u8; 960] = [7; 960];

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_has_all_its_figures() {
    let mut it = observer("audio/pcm");
    for i in 0..50 {
        pass(&mut it, &PCM, at(30.0 + 10.0 * f64::from(i)));
    }
    it.ended(at(521.0));
    let figures = it.figures(End::Complete);
    assert_eq!(figures.headers, ms(20));
    assert_eq!(figures.first_byte, Some(ms(50)));
    assert_eq!(figures.ttfa, Some(ms(50)));
    assert_eq!(figures.first_unit, None, "a sample is none");
    assert_eq!(figures.last_byte, Some(ms(540)));
    assert_eq!((figures.bytes, figures.chunks, figures.releases), (48_000, 50, 50));
    assert_eq!((figures.smallest, figures.largest), (Some(960), Some(960)));
    assert_eq!((figures.held, figures.longest_held), (0, ms(0)));
    assert_eq!(figures.gaps, [0, 0, 49, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((figures.longest_gap, figures.first_gap), (ms(10), Some(ms(30))));
    assert_eq!(figures.audio, Some(ms(1000)));
    assert_eq!(figures.real_time_permille, Some(490));
    assert_eq!((figures.underruns, figures.continuous), (0, Some(true)));
    assert_eq!((figures.format, figures.end), ("pcm", End::Complete));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_held_is_not_heard() {
    let mut it = observer("audio/pcm");
    for i in 0..5 {
        let now = at(10.0 * f64::from(i));
        it.feed(&PCM);
        it.arrived(PCM.len(), now);
    }
    assert_eq!(it.listener().level(at(40.0)), None, "100 ms came, and nothing went on");
    assert_eq!(it.ttfa(), None);
    it.released(4800, at(47.0));
    assert_eq!(it.listener().level(at(47.0)), Some(ms(100)));
    assert_eq!(it.ttfa(), Some(ms(67)));
    let figures = it.figures(End::Left);
    assert_eq!((figures.chunks, figures.releases, figures.held), (5, 1, 5));
    assert_eq!(figures.longest_held, ms(47));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_goes_on_with_a_later_chunk_was_held_and_that_chunk_was_not() {
    let mut it = observer("audio/pcm");
    it.feed(&PCM);
    it.arrived(PCM.len(), at(0.0));
    pass(&mut it, &PCM, at(20.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.held, figures.longest_held), (1, ms(20)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_incomplete_sample_that_stays_behind_takes_nothing_from_the_listener() {
    let mut it = observer("audio/pcm");
    it.feed(&[7; 4801]);
    it.arrived(4801, at(0.0));
    it.released(4801 - it.progress().tail, at(0.0));
    assert_eq!(it.listener().level(at(0.0)), Some(ms(100)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_chunk_is_none() {
    let mut it = observer("audio/pcm");
    it.arrived(0, at(5.0));
    it.released(0, at(5.0));
    let figures = it.figures(End::Failed);
    assert_eq!((figures.chunks, figures.releases), (0, 0));
    assert_eq!((figures.first_byte, figures.last_byte), (None, None));
    assert_eq!(figures.continuous, None, "there was no audio");
    assert_eq!(figures.real_time_permille, None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_is_not_measured_has_its_times_all_the_same() {
    let mut it = observer("video/x-unknown");
    pass(&mut it, b"anything", at(5.0));
    pass(&mut it, b"at all", at(45.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.audio, figures.ttfa, figures.continuous), (None, None, None));
    assert_eq!((figures.longest_gap, figures.bytes), (ms(40), 14));
    assert_eq!(figures.continuity(), "unknown");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_breaks_nothing() {
    let hour = 3_600_000.0;
    let mut it = observer("audio/pcm");
    for i in 0..20 {
        let set_back = if i < 10 { 0.0 } else { hour };
        pass(&mut it, &PCM, at(20.0 * f64::from(i) - set_back));
    }
    it.ended(at(400.0 - hour));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.underruns, figures.audio), (0, Some(ms(400))));
    assert_eq!(figures.longest_gap, ms(20));
    assert_eq!(figures.last_byte, Some(ms(0)));
}
