use super::*;

/// A service whose first bytes are late by a tenth for each further short request in flight, asked for all
/// that its capacity lets through.
fn flood(load: &mut Load, terms: &LoadTerms, from: u64, to: u64) {
    for at in (from..to).step_by(50) {
        let in_flight = load.capacity(terms);
        let others = in_flight.0 / SHORT.0 - 1;
        load.first_byte(SHORT, millis(100 + 10 * others), in_flight, terms, later(at));
        load.level(in_flight, Work(0), terms, later(at));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn capacity_goes_to_where_first_bytes_are_as_late_as_busy_says() {
    for first_guess in [8_000, 24_000, 400_000] {
        let terms = LoadTerms { learn_from: Work(first_guess), ..terms() };
        let mut load = known(&terms);
        flood(&mut load, &terms, 0, 30_000);
        // Half as late again: with five others, and no sixth.
        let capacity = load.capacity(&terms).0;
        assert!((17_000..28_000).contains(&capacity), "from {first_guess}: {capacity}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn capacity_that_is_not_used_does_not_rise() {
    let terms = terms();
    let mut load = known(&terms);
    serve(&mut load, &terms, 100, Work(200_000), 0, 60_000);
    assert_eq!(load.capacity(&terms), terms.learn_from);
}

/// Late first bytes were those of many short texts; at night a long one must not be too long for that.
#[wasm_bindgen_test(unsupported = test)]
fn what_late_first_bytes_taught_is_forgotten_in_a_calm_time() {
    let terms = terms();
    let mut load = known(&terms);
    flood(&mut load, &terms, 0, 30_000);
    let learned = load.capacity(&terms);
    assert!(learned < Work(28_000));
    // Nobody asks; only the proxy looks.
    for at in (30_000..59_000).step_by(1_000) {
        load.level(Work(0), Work(0), &terms, later(at));
        assert_eq!(load.capacity(&terms), learned);
    }
    load.level(Work(0), Work(0), &terms, later(61_000));
    assert_eq!(load.capacity(&terms), terms.learn_from);
}

/// One reset is no crash and lowers nothing, but it is no calm either.
#[wasm_bindgen_test(unsupported = test)]
fn what_late_first_bytes_taught_is_not_forgotten_within_five_seconds_of_a_failure() {
    let terms = terms();
    let mut load = known(&terms);
    flood(&mut load, &terms, 0, 30_000);
    let learned = load.capacity(&terms);
    load.failed(Failure::Broken, &terms, later(61_000));
    load.level(Work(0), Work(0), &terms, later(66_000));
    assert_eq!(load.capacity(&terms), learned);
    load.level(Work(0), Work(0), &terms, later(66_001));
    assert_eq!(load.capacity(&terms), terms.learn_from);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_late_first_bytes_taught_is_not_forgotten_while_it_holds_anybody_back() {
    let terms = terms();
    let mut load = known(&terms);
    flood(&mut load, &terms, 0, 600_000);
    assert!(load.capacity(&terms) < Work(28_000));
}

/// A baseline that is learned in a flood would be that of a flood.
#[wasm_bindgen_test(unsupported = test)]
fn a_flood_from_the_first_requests_on_is_not_taken_for_the_ordinary() {
    let terms = terms();
    let mut load = Load::default();
    // It begins with the first few, as always.
    for (at, others) in (0..6).zip(0..) {
        let in_flight = Work(SHORT.0 * (others + 1));
        load.first_byte(SHORT, millis(100 + 10 * others), in_flight, &terms, later(at * 50));
    }
    flood(&mut load, &terms, 300, 60_000);
    assert!(load.capacity(&terms) < Work(36_000), "{:?}", load.capacity(&terms));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_size_that_is_heard_first_while_all_is_late_is_not_late_by_nature() {
    let terms = configured(1_000_000);
    let mut load = known(&terms);
    for at in (0..2_000).step_by(50) {
        load.first_byte(SHORT, millis(400), Work(500_000), &terms, later(at));
        load.first_byte(Work(50_000), millis(800), Work(500_000), &terms, later(at));
    }
    let baseline = load.learned(later(2_000)).baselines[1].baseline;
    assert!((millis(200)..millis(600)).contains(&baseline), "{baseline:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn one_request_alone_is_not_too_long_for_a_learned_capacity() {
    let terms = terms();
    let mut load = known(&terms);
    let long = Work(900_000);
    assert_eq!(load.capacity_for(long, Work(0), &terms), long);
    assert_eq!(load.capacity_for(long, Work(1), &terms), terms.learn_from);
    assert_eq!(load.capacity_for(long, Work(0), &configured(1_000)), Work(1_000));
    serve(&mut load, &terms, 100, Work(299_000), 0, 1_000);
    for _ in 0..30 {
        load.failed(Failure::Broken, &terms, later(1_000));
    }
    assert_eq!(load.capacity_for(long, Work(0), &terms), load.capacity(&terms));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_configured_capacity_is_what_was_configured() {
    let terms = configured(100_000);
    let mut load = known(&terms);
    serve(&mut load, &terms, 9_000, Work(100_000), 0, 60_000);
    load.failed(Failure::Overload, &terms, later(60_000));
    assert_eq!(load.capacity(&terms), Work(100_000));
}

#[wasm_bindgen_test(unsupported = test)]
fn capacity_falls_when_the_service_says_that_it_is_too_busy() {
    let terms = terms();
    for failure in [Failure::Overload, Failure::TimedOut] {
        let mut load = known(&terms);
        serve(&mut load, &terms, 100, Work(200_000), 0, 1_000);
        load.failed(failure, &terms, later(1_000));
        assert_eq!(load.capacity(&terms), Work(175_000), "{failure:?}");
        // A hundred at the same moment are one sign.
        for _ in 0..100 {
            load.failed(failure, &terms, later(1_100));
        }
        assert_eq!(load.capacity(&terms), Work(175_000), "{failure:?}");
    }
}

/// Memory gives no warning: first bytes are in time until all is lost.
#[wasm_bindgen_test(unsupported = test)]
fn capacity_stays_below_what_the_service_broke_under() {
    let terms = terms();
    let mut load = known(&terms);
    serve(&mut load, &terms, 100, Work(299_000), 0, 1_000);
    for _ in 0..30 {
        load.failed(Failure::Broken, &terms, later(1_000));
    }
    let after = load.capacity(&terms);
    assert!(after <= Work(225_000), "{after:?}");
    // While it restarts every connection is refused: that says no more.
    for at in (1_100..21_000).step_by(100) {
        load.level(SHORT, Work(0), &terms, later(at));
        load.failed(Failure::Broken, &terms, later(at));
    }
    assert_eq!(load.capacity(&terms), after);
    // Half an hour of a flood does not lift it above.
    for minute in 1..30 {
        let full = load.capacity(&terms);
        serve(&mut load, &terms, 100, full, minute * 60_000, minute * 60_000 + 50_000);
        assert!(load.capacity(&terms) <= Work(225_000), "{:?}", load.capacity(&terms));
    }
    assert_eq!(load.learned(NOW).broke_under, Some(Work(299_000)));
    let full = load.capacity(&terms);
    serve(&mut load, &terms, 100, full, 3_700_000, 3_760_000);
    assert!(load.capacity(&terms) > Work(225_000), "{:?}", load.capacity(&terms));
}

/// Long texts at a high rate take more memory than as many seconds of short ones.
#[wasm_bindgen_test(unsupported = test)]
fn a_service_that_breaks_twice_under_less_than_it_carried_is_believed() {
    let terms = terms();
    let mut load = known(&terms);
    serve(&mut load, &terms, 100, Work(299_000), 0, 10_000);
    for (crash, capacity) in [(60_000, 400_000), (90_000, 90_000)] {
        serve(&mut load, &terms, 100, Work(120_000), crash, crash + 5_000);
        for _ in 0..5 {
            load.failed(Failure::Broken, &terms, later(crash + 5_000));
        }
        assert_eq!(load.capacity(&terms), Work(capacity));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_restart_in_a_quiet_hour_costs_no_capacity() {
    let terms = terms();
    let mut load = known(&terms);
    serve(&mut load, &terms, 100, Work(299_000), 0, 10_000);
    let restart = |load: &mut Load, from: u64| {
        serve(load, &terms, 100, Work(8_000), from, from + 5_000);
        for _ in 0..5 {
            load.failed(Failure::Broken, &terms, later(from + 5_000));
            load.failed(Failure::Overload, &terms, later(from + 5_000));
        }
    };
    for minute in 1..5 {
        restart(&mut load, minute * 60_000);
    }
    assert_eq!(load.capacity(&terms), terms.learn_from);
}

/// It looks the same as a service that is only started: nobody was ever served.
#[wasm_bindgen_test(unsupported = test)]
fn a_service_that_starts_is_not_overloaded() {
    let terms = terms();
    let mut load = Load::default();
    let before = load.capacity(&terms);
    for at in 0..60 {
        load.level(Work(20_000), Work(0), &terms, later(at * 1_000));
        load.failed(Failure::Broken, &terms, later(at * 1_000));
        load.failed(Failure::Broken, &terms, later(at * 1_000));
        load.failed(Failure::Overload, &terms, later(at * 1_000));
    }
    assert_eq!(load.capacity(&terms), before);
}

/// Another, slower model behind the same name: the baseline follows, when it is heard alone.
#[wasm_bindgen_test(unsupported = test)]
fn a_service_that_became_slower_is_believed() {
    let terms = terms();
    let mut load = known(&terms);
    serve(&mut load, &terms, 400, Work(40_000), 0, 2_000);
    assert_eq!(load.current(), Level::Overload);
    serve(&mut load, &terms, 400, SHORT, 2_000, 12_000);
    serve(&mut load, &terms, 400, Work(40_000), 12_000, 20_000);
    assert_eq!(load.current(), Level::Normal);
}

/// Ten minutes of flood must not pass for the ordinary.
#[wasm_bindgen_test(unsupported = test)]
fn a_flood_does_not_become_the_baseline() {
    let terms = configured(1_000_000);
    let mut load = known(&terms);
    serve(&mut load, &terms, 400, Work(900_000), 0, 600_000);
    let baseline = load.learned(later(600_000)).baselines[0].baseline;
    assert!(baseline < millis(115), "{baseline:?}");
}
