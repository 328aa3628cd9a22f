//! What is drawn of a timeline.

use std::time::Duration;

use anstream::adapter::strip_str;

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A kilobyte at each of these moments, with so much left to play then.
fn timeline(moments: &[(u64, Option<u64>)]) -> Timeline {
    let moments = moments.iter().map(|(at, level)| Moment {
        at: ms(*at),
        bytes: 1000,
        audio: None,
        level: level.map(ms),
    });
    Timeline { moments: moments.collect(), ..Timeline::default() }
}

const ROWS: Rows = Rows { row: Duration::from_millis(200) };

fn line(timeline: &Timeline, number: u32, now: u64) -> String {
    strip_str(&ROWS.line(timeline, number, ms(now))).to_string()
}

#[test]
fn a_mark_stands_where_its_chunk_came() {
    let timeline = timeline(&[(0, None), (44, None), (199, None), (200, None)]);
    let first = line(&timeline, 0, 1000);
    assert_eq!(first, "  0.00 s ▃·······▃······························▃ 3000 B             ");
    let second = line(&timeline, 1, 1000);
    assert_eq!(second, "  0.20 s ▃······································· 4000 B             ");
}

#[test]
fn time_that_has_not_come_is_blank_and_a_line_is_always_as_wide() {
    let timeline = timeline(&[(0, Some(500)), (50, Some(30_000))]);
    let line = |now| line(&timeline, 0, now);
    assert!(line(10).starts_with("  0.00 s ▃·         "), "{}", line(10));
    let widths = [0, 10, 49, 60, 200].map(|now| line(now).chars().count());
    assert_eq!(widths, [69; 5]);
}

#[test]
fn the_bar_falls_with_time_until_nothing_is_left() {
    let timeline = timeline(&[(100, Some(1000))]);
    let bar = |number, now| line(&timeline, number, now).chars().skip(50).collect::<String>();
    assert_eq!(bar(0, 100), "█████        1.00 s");
    assert_eq!(bar(1, 400), "███▌         0.70 s");
    assert_eq!(bar(9, 2000), "             0.00 s");
}

#[test]
fn a_hole_is_marked_and_told() {
    let mut timeline = timeline(&[(0, Some(50)), (100, Some(50))]);
    timeline.holes.push(Hole { from: ms(50), to: ms(100) });
    timeline.headers = Some(ms(0));
    let first = line(&timeline, 0, 110);
    assert!(first.starts_with("  0.00 s ▃·········××××××××××▃·   "), "{first}");
    let notes = ROWS.notes(&timeline, 0);
    let notes = strip_str(&notes).to_string();
    assert_eq!(notes, "headers 0.0 ms, first byte 0.0 ms, dry 50 ms");
    assert_eq!(ROWS.notes(&timeline, 1), "");
}

#[test]
fn gaps_are_told_by_rank() {
    let one = timeline(&[(0, None)]);
    let timeline = timeline(&[(0, None), (10, None), (30, None), (130, None)]);
    assert_eq!(timeline.gap(50), Some(ms(20)));
    assert_eq!(timeline.gap(99), Some(ms(100)));
    assert_eq!(one.gap(50), None);
}

#[test]
fn lengths_and_sizes_have_a_unit_that_fits() {
    let lengths = [ms(0), Duration::from_micros(9_949), ms(9_999), ms(12_345)];
    assert_eq!(lengths.map(millis), ["0.0 ms", "9.9 ms", "9999 ms", "12.3 s"]);
    assert_eq!([0, 9_999, 10_000, 12_345_678].map(size), ["0 B", "9999 B", "10.0 kB", "12.3 MB"]);
}
