use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn the_level_rises_at_once_with_what_is_in_flight_and_not_with_what_waits() {
    let terms = configured(100_000);
    let mut load = Load::default();
    let mut level = |in_flight, queued| load.level(Work(in_flight), Work(queued), &terms, NOW);
    assert_eq!(level(69_999, 0), Level::Normal);
    assert_eq!(level(70_000, 0), Level::Busy);
    assert_eq!(level(94_000, 0), Level::Busy);
    assert_eq!(level(94_000, 1_000_000), Level::Busy);
    assert_eq!(level(95_000, 0), Level::Overload);
    assert_eq!(load.current(), Level::Overload);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_level_falls_in_steps_and_not_before_it_dwelt() {
    let terms = configured(100_000);
    let mut load = Load::default();
    load.level(Work(100_000), Work(0), &terms, NOW);
    let mut level = |at| load.level(Work(0), Work(0), &terms, later(at));
    assert_eq!(level(1_999), Level::Overload);
    assert_eq!(level(2_000), Level::Busy);
    assert_eq!(level(3_999), Level::Busy);
    assert_eq!(level(4_000), Level::Normal);
}

#[wasm_bindgen_test(unsupported = test)]
fn at_a_threshold_the_level_does_not_flap() {
    let terms = configured(100_000);
    let mut load = Load::default();
    let mut changes = 0;
    let mut last = Level::Normal;
    for at in (0..60_000).step_by(100) {
        let in_flight = if at % 200 == 0 { 69_000 } else { 71_000 };
        let level = load.level(Work(in_flight), Work(0), &terms, later(at));
        changes += i32::from(level != last);
        last = level;
    }
    assert_eq!((changes, last), (1, Level::Busy));
}

#[wasm_bindgen_test(unsupported = test)]
fn late_first_bytes_under_load_make_it_busy_then_overloaded() {
    let terms = configured(1_000_000);
    let mut load = known(&terms);
    serve(&mut load, &terms, 200, Work(100_000), 0, 2_000);
    assert_eq!(load.current(), Level::Busy);
    serve(&mut load, &terms, 500, Work(100_000), 2_000, 4_000);
    assert_eq!(load.current(), Level::Overload);
}

#[wasm_bindgen_test(unsupported = test)]
fn after_overload_it_is_normal_within_ten_seconds() {
    let terms = configured(1_000_000);
    let overloaded = || {
        let mut load = known(&terms);
        serve(&mut load, &terms, 5_000, Work(900_000), 0, 60_000);
        load.reported(2_000, later(60_000));
        for _ in 0..100 {
            load.failed(Failure::Overload, &terms, later(60_000));
        }
        assert_eq!(load.level(Work(990_000), Work(0), &terms, later(60_000)), Level::Overload);
        load
    };
    // With nobody asking any more,
    let mut load = overloaded();
    for at in (60_000..70_000).step_by(500) {
        load.level(Work(0), Work(0), &terms, later(at));
    }
    assert_eq!(load.current(), Level::Normal);
    // and with the usual traffic.
    let mut load = overloaded();
    serve(&mut load, &terms, 100, Work(8_000), 60_000, 70_000);
    assert_eq!(load.current(), Level::Normal);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_quiet_service_never_looks_busy_however_its_first_bytes_vary() {
    let terms = terms();
    let mut load = known(&terms);
    for n in 0..10_000_u64 {
        // 40 ms to 2 s, one request after the other, two now and then.
        let took = 40 + n * 7_919 % 160 + if n % 50 == 0 { 1_800 } else { 0 };
        let in_flight = if n % 20 == 0 { Work(8_000) } else { SHORT };
        load.first_byte(SHORT, millis(took), in_flight, &terms, later(n * 1_000));
        let level = load.level(in_flight, Work(0), &terms, later(n * 1_000));
        assert_eq!(level, Level::Normal, "{n}");
    }
    assert_eq!(load.capacity(&terms), terms.learn_from);
}

/// One in five is answered from a cache, in a twentieth of the time.
#[wasm_bindgen_test(unsupported = test)]
fn answers_from_a_cache_do_not_make_the_others_late() {
    let terms = configured(1_000_000);
    let mut load = known(&terms);
    for n in 0..10_000_u64 {
        let took = if n * 7_919 % 5 == 0 { 5 } else { 100 };
        load.first_byte(SHORT, millis(took), Work(100_000), &terms, later(n * 100));
        let level = load.level(Work(100_000), Work(0), &terms, later(n * 100));
        assert_eq!(level, Level::Normal, "{n}");
    }
}

/// A service that does not stream sends the first byte of a long text later than that of a short one.
#[wasm_bindgen_test(unsupported = test)]
fn long_texts_are_not_late_for_being_long() {
    let terms = configured(10_000_000);
    let mut load = Load::default();
    for n in 0..400 {
        let work = Work([4_000, 20_000, 100_000][n as usize % 3]);
        let took = millis(work.0 / 8);
        let in_flight = if n < 60 { work } else { Work(1_000_000) };
        load.first_byte(work, took, in_flight, &terms, later(n * 100));
        let level = load.level(in_flight, Work(0), &terms, later(n * 100));
        assert_eq!(level, Level::Normal, "{n}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn failures_alone_raise_the_level_but_not_a_single_one() {
    let terms = terms();
    let mut load = known(&terms);
    serve(&mut load, &terms, 100, SHORT, 0, 1_000);
    load.failed(Failure::Overload, &terms, later(1_000));
    assert_eq!(load.level(SHORT, Work(0), &terms, later(1_000)), Level::Normal);
    load.failed(Failure::Overload, &terms, later(1_000));
    assert_eq!(load.level(SHORT, Work(0), &terms, later(1_000)), Level::Busy);
    for _ in 0..20 {
        load.failed(Failure::Broken, &terms, later(1_100));
    }
    assert_eq!(load.level(SHORT, Work(0), &terms, later(1_100)), Level::Overload);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_services_own_word_counts_for_five_seconds() {
    let terms = terms();
    let mut load = Load::default();
    load.reported(799, NOW);
    assert_eq!(load.level(Work(0), Work(0), &terms, NOW), Level::Normal);
    load.reported(950, NOW);
    assert_eq!(load.level(Work(0), Work(0), &terms, NOW), Level::Overload);
    assert_eq!(load.level(Work(0), Work(0), &terms, later(5_000)), Level::Overload);
    assert_eq!(load.level(Work(0), Work(0), &terms, later(5_001)), Level::Busy);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_threshold_of_nothing_is_never_reached() {
    let never = Thresholds { use_percent: 0, first_byte_percent: 0, reported_percent: 0 };
    let terms = LoadTerms { busy: never, overload: never, ..configured(1_000) };
    let mut load = known(&terms);
    load.reported(5_000, NOW);
    assert_eq!(load.level(Work(9_000), Work(9_000), &terms, NOW), Level::Normal);
}

/// A clock that is set back an hour leaves times that are yet to come.
#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let terms = configured(100_000);
    let mut load = known(&terms);
    serve(&mut load, &terms, 5_000, Work(100_000), 0, 3_000);
    load.reported(2_000, later(3_000));
    assert_eq!(load.current(), Level::Overload);
    let hour_before = |at| NOW.minus(Duration::from_secs(3_600)).plus(millis(at));
    assert_eq!(load.level(Work(0), Work(0), &terms, hour_before(0)), Level::Busy);
    assert_eq!(load.level(Work(0), Work(0), &terms, hour_before(2_000)), Level::Normal);
    assert_eq!(load.first_byte_estimate(SHORT, hour_before(0)), None);
}
