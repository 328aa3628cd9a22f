use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, observer, pass};

#[wasm_bindgen_test(unsupported = test)]
fn an_access_log_gets_short_names_and_milliseconds_with_a_decimal() {
    let mut it = observer("audio/pcm");
    pass(&mut it, &[1; 2400], at(0.04));
    pass(&mut it, &[1; 2400], at(30.26));
    pass(&mut it, &[1; 4800], at(180.0));
    it.ended(at(181.0));
    let written: serde_json::Value =
        serde_json::from_str(&it.figures(End::Complete).to_json()).unwrap();
    let mut told = written.clone();
    told.as_object_mut().unwrap().remove("units");
    assert_eq!(
        told,
        json!({
            "end": "complete", "format": "pcm",
            "headers_ms": 20.0, "first_byte_ms": 20.0, "ttfa_ms": 20.0, "last_byte_ms": 200.0,
            "bytes": 9600, "chunks": 3, "smallest": 2400, "largest": 4800,
            "releases": 3, "held": 0, "longest_held_ms": 0.0,
            "gaps": [0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
            "longest_gap_ms": 149.7, "first_gap_ms": 30.2,
            "audio_ms": 200.0, "real_time_permille": 899,
            "underruns": 1, "missing_ms": 49.7, "longest_hole_ms": 49.7, "continuous": true,
        }),
        "{written}"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn no_content_is_told() {
    let mut it = observer("text/event-stream");
    pass(&mut it, b"data: SECRET\n\n", at(1.0));
    assert!(!it.figures(End::Left).to_json().contains("SECRET"));
}

#[wasm_bindgen_test(unsupported = test)]
fn ends_and_continuity_have_names() {
    let names = [End::Complete, End::Failed, End::Left, End::Stalled].map(End::as_str);
    assert_eq!(names, ["complete", "failed", "left", "stalled"]);
    let mut figures = observer("audio/pcm").figures(End::Failed);
    for (continuous, name) in
        [(Some(true), "continuous"), (Some(false), "broken"), (None, "unknown")]
    {
        figures.continuous = continuous;
        assert_eq!(figures.continuity(), name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn no_length_of_time_is_too_long_to_tell() {
    assert_eq!(tenths(Duration::from_micros(12_349)), 12.3);
    assert_eq!(tenths(Duration::from_micros(12_350)), 12.4);
    assert!(tenths(Duration::MAX) > 400_000_000.0);
}
