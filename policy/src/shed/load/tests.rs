mod capacity;
mod levels;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod words;

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

const NOW: UnixMillis = UnixMillis(20_775 * 86_400_000);

/// A text of four seconds of audio.
const SHORT: Work = Work(4_000);

fn terms() -> LoadTerms {
    LoadTerms {
        capacity: None,
        learn_from: Work(400_000),
        least: Work(4_000),
        most: Work(4_000_000),
        busy: Thresholds { use_percent: 70, first_byte_percent: 150, reported_percent: 80 },
        overload: Thresholds { use_percent: 95, first_byte_percent: 300, reported_percent: 95 },
        dwell: Duration::from_secs(2),
    }
}

fn configured(capacity: u64) -> LoadTerms {
    LoadTerms { capacity: Some(Work(capacity)), ..terms() }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn later(ms: u64) -> UnixMillis {
    NOW.plus(millis(ms))
}

/// A service that was used a while, one request after the other, each first byte after 100 ms.
fn known(terms: &LoadTerms) -> Load {
    let mut load = Load::default();
    for n in 0..150 {
        let now = NOW.minus(Duration::from_secs(200 - n));
        load.first_byte(SHORT, millis(100), SHORT, terms, now);
        load.finished(SHORT, millis(500), terms, now);
        load.level(SHORT, Work(0), terms, now);
    }
    load
}

/// First bytes of `took` from `from` to `to` (ms), one in 50 ms, while `in_flight` is under way.
fn serve(load: &mut Load, terms: &LoadTerms, took: u64, in_flight: Work, from: u64, to: u64) {
    for at in (from..to).step_by(50) {
        load.first_byte(SHORT, millis(took), in_flight, terms, later(at));
        load.level(in_flight, Work(0), terms, later(at));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_first_byte_is_estimated_by_those_of_its_size() {
    let terms = terms();
    let mut load = known(&terms);
    let long = Work(200_000);
    load.first_byte(SHORT, millis(100), SHORT, &terms, NOW);
    load.first_byte(long, millis(900), long, &terms, NOW);
    assert_eq!(load.first_byte_estimate(SHORT, NOW), Some(millis(100)));
    assert_eq!(load.first_byte_estimate(long, NOW), Some(millis(900)));
    assert_eq!(load.first_byte_estimate(Work(50_000), NOW), None);
}

/// An estimate that turns requests away brings no samples: it must end by itself.
#[wasm_bindgen_test(unsupported = test)]
fn an_old_estimate_is_none() {
    let terms = terms();
    let mut load = known(&terms);
    load.first_byte(SHORT, millis(9_000), SHORT, &terms, NOW);
    assert!(load.first_byte_estimate(SHORT, later(5_000)).is_some());
    assert_eq!(load.first_byte_estimate(SHORT, later(5_001)), None);
    // The probe tells what is so now, whatever was before.
    load.first_byte(SHORT, millis(100), SHORT, &terms, later(6_000));
    assert_eq!(load.first_byte_estimate(SHORT, later(6_000)), Some(millis(100)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_queue_drains_at_the_speed_of_busy_times() {
    let terms = terms();
    let mut load = Load::default();
    assert_eq!(load.drain(Work(40_000)), Duration::from_secs(1));
    // Ten a second, each half a second long: 40 seconds of audio in one.
    for at in (0..20_000).step_by(100) {
        load.finished(SHORT, millis(500), &terms, later(at));
    }
    let drain = load.drain(Work(400_000));
    assert!((millis(9_500)..millis(10_500)).contains(&drain), "{drain:?}");
    // Hours of one request in five seconds do not make it slower than one request is.
    for n in 0..2_000 {
        load.finished(SHORT, millis(500), &terms, later(20_000 + n * 5_000));
    }
    let drain = load.drain(Work(400_000));
    assert!(drain < Duration::from_secs(55), "{drain:?}");
    assert_eq!(load.drain(Work(u64::MAX)), Duration::from_secs(600));
}

#[wasm_bindgen_test(unsupported = test)]
fn operators_are_told_what_was_learned() {
    let terms = terms();
    let load = known(&terms);
    let learned = load.learned(NOW);
    let baseline = Baseline { from: Work(3_072), baseline: millis(100), recent: millis(100) };
    assert_eq!(learned.baselines, [baseline]);
    assert_eq!((learned.first_byte_permille, learned.failed), (1000, 0));
    assert_eq!((learned.capacity, learned.broke_under), (None, None));
    assert_eq!(learned.work_per_second, Work(8_000));
}

#[wasm_bindgen_test(unsupported = test)]
fn it_is_kept_in_few_bytes() {
    let terms = terms();
    let mut load = known(&terms);
    for size in 0..20 {
        load.first_byte(Work(1000 << size), millis(200), Work(9_000), &terms, NOW);
    }
    load.failed(Failure::Broken, &terms, NOW);
    load.reported(800, NOW);
    let bytes = postcard::to_allocvec(&load).unwrap();
    assert!(bytes.len() < 700, "{}", bytes.len());
    assert_eq!(postcard::from_bytes::<Load>(&bytes).unwrap(), load);
}
