use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, ms};

fn watch(audio: StallAction, events: StallAction) -> StallWatch {
    StallWatch::new(&StallTerms { after: ms(1000), audio, events })
}

/// What is done at each of these moments.
fn acts(watch: &mut StallWatch, kind: Kind, moments: &[f64]) -> Vec<Act> {
    moments.iter().map(|it| watch.check(kind, at(*it))).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_a_stall_before_the_first_byte() {
    let mut it = watch(StallAction::End, StallAction::End);
    assert_eq!(it.due(), None);
    assert_eq!(acts(&mut it, Kind::Audio, &[0.0, 1e9]), [Act::None, Act::None]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_silence_is_counted_once() {
    for kind in [Kind::Audio, Kind::Events, Kind::Other] {
        let mut it = watch(StallAction::Count, StallAction::Count);
        it.arrived(at(0.0));
        let done = acts(&mut it, kind, &[999.0, 1000.0, 1001.0, 2000.0, 9000.0]);
        assert_eq!(done, [Act::None, Act::Count, Act::None, Act::None, Act::None], "{kind:?}");
        it.arrived(at(9100.0));
        assert_eq!(it.due(), Some(at(10_100.0)));
        let done = acts(&mut it, kind, &[10_000.0, 10_100.0, 10_200.0]);
        assert_eq!(done, [Act::None, Act::Count, Act::None], "{kind:?}: another silence");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn events_have_a_rule_of_their_own_and_a_stream_ends_once() {
    for (kind, ends) in [(Kind::Events, true), (Kind::Audio, false), (Kind::Lines, false)] {
        let mut it = watch(StallAction::Count, StallAction::End);
        it.arrived(at(0.0));
        let act = if ends { Act::End } else { Act::Count };
        assert_eq!(acts(&mut it, kind, &[1000.0, 2000.0]), [act, Act::None], "{kind:?}");
        assert_eq!(it.due().is_none(), ends);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_begins_the_silence_anew() {
    let mut it = watch(StallAction::Count, StallAction::Count);
    it.arrived(at(3_600_000.0));
    let done = acts(&mut it, Kind::Audio, &[0.0, 999.0, 1000.0]);
    assert_eq!(done, [Act::None, Act::None, Act::Count]);
}

#[wasm_bindgen_test(unsupported = test)]
fn acts_have_names() {
    let names = [Act::None, Act::Count, Act::End].map(Act::as_str);
    assert_eq!(names, [None, Some("count"), Some("end")]);
}
