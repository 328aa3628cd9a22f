use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::response::Format;
use crate::stream::tests::{at, ms};

const BETWEEN: StreamProgress = StreamProgress {
    bytes: 10,
    audio: None,
    audible: None,
    units: 1,
    tail: 0,
    format: Format::Sse,
};

const WITHIN: StreamProgress = StreamProgress { tail: 3, ..BETWEEN };

fn watch(audio: StallAction, events: EventStallAction) -> StallWatch {
    StallWatch::new(&StallTerms { after: ms(1000), audio, events })
}

/// What is done at each of these moments.
fn acts(
    watch: &mut StallWatch,
    kind: Kind,
    progress: &StreamProgress,
    moments: &[f64],
) -> Vec<Act> {
    moments.iter().map(|it| watch.check(kind, progress, 0, at(*it))).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_a_stall_before_the_first_byte() {
    let mut it = watch(StallAction::End, EventStallAction::End);
    assert_eq!(it.due(), None);
    assert_eq!(acts(&mut it, Kind::Audio, &BETWEEN, &[0.0, 1e9]), [Act::None, Act::None]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_silence_is_counted_once() {
    for (kind, progress) in [(Kind::Audio, WITHIN), (Kind::Events, BETWEEN), (Kind::Other, BETWEEN)]
    {
        let mut it = watch(StallAction::Count, EventStallAction::Count);
        it.arrived(at(0.0));
        let done = acts(&mut it, kind, &progress, &[999.0, 1000.0, 1001.0, 2000.0, 9000.0]);
        assert_eq!(done, [Act::None, Act::Count, Act::None, Act::None, Act::None], "{kind:?}");
        it.arrived(at(9100.0));
        assert_eq!(it.due(), Some(at(10_100.0)));
        let done = acts(&mut it, kind, &progress, &[10_000.0, 10_100.0, 10_200.0]);
        assert_eq!(done, [Act::None, Act::Count, Act::None], "{kind:?}: another silence");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn events_are_kept_alive_again_and_again() {
    let mut it = watch(StallAction::Count, EventStallAction::KeepAlive);
    it.arrived(at(0.0));
    let alive = Act::Inject(KEEP_ALIVE);
    let done = acts(&mut it, Kind::Events, &BETWEEN, &[1000.0, 1500.0, 2000.0, 2001.0, 3005.0]);
    assert_eq!(done, [alive, Act::None, alive, Act::None, alive]);
    assert_eq!(it.due(), Some(at(4005.0)));
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_put_into_an_event_or_before_what_is_held() {
    let mut it = watch(StallAction::Count, EventStallAction::KeepAlive);
    it.arrived(at(0.0));
    let done = acts(&mut it, Kind::Events, &WITHIN, &[1000.0, 2000.0, 3000.0]);
    assert_eq!(done, [Act::Count, Act::None, Act::None]);
    it.arrived(at(4000.0));
    assert_eq!(it.check(Kind::Events, &BETWEEN, 5, at(5000.0)), Act::Count);
    assert_eq!(acts(&mut it, Kind::Events, &BETWEEN, &[6000.0]), [Act::Inject(KEEP_ALIVE)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn only_events_get_what_only_clients_of_events_understand() {
    let mut it = watch(StallAction::Count, EventStallAction::KeepAlive);
    it.arrived(at(0.0));
    assert_eq!(acts(&mut it, Kind::Lines, &BETWEEN, &[1000.0, 2000.0]), [Act::Count, Act::None]);
    for (kind, progress, told) in [
        (Kind::Events, BETWEEN, ERROR_EVENT),
        (Kind::Events, WITHIN, b"".as_slice()),
        (Kind::Audio, BETWEEN, b""),
        (Kind::Lines, BETWEEN, b""),
    ] {
        let mut it = watch(StallAction::End, EventStallAction::End);
        it.arrived(at(0.0));
        let done = acts(&mut it, kind, &progress, &[1000.0, 2000.0]);
        assert_eq!(done, [Act::End(told), Act::None], "{kind:?}: it ends once");
        assert_eq!(it.due(), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_begins_the_silence_anew() {
    let mut it = watch(StallAction::Count, EventStallAction::Count);
    it.arrived(at(3_600_000.0));
    let done = acts(&mut it, Kind::Audio, &BETWEEN, &[0.0, 999.0, 1000.0]);
    assert_eq!(done, [Act::None, Act::None, Act::Count]);
}

#[wasm_bindgen_test(unsupported = test)]
fn acts_have_names_and_counting_needs_no_more_than_watching() {
    let names = [Act::None, Act::Count, Act::Inject(b""), Act::End(b"")].map(Act::as_str);
    assert_eq!(names, [None, Some("count"), Some("keep_alive"), Some("end")]);
    for (audio, events, acts) in [
        (StallAction::Count, EventStallAction::Count, false),
        (StallAction::End, EventStallAction::Count, true),
        (StallAction::Count, EventStallAction::KeepAlive, true),
    ] {
        assert_eq!(StallTerms { after: ms(1000), audio, events }.acts(), acts);
    }
}
