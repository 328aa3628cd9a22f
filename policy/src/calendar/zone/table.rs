//! The table that `build.rs` makes, and the words it is written in.

use jiff_core::civil::Weekday;
use jiff_core::tz::posix::{Day, DayTime, Dst, Rule, TimeZone, TransitionCivilTime};
use jiff_core::tz::{Abbreviation, Offset};

/// A rule and the zones that follow it.
pub struct Regular {
    pub rule: TimeZone,
    /// With spaces between: without a pointer and a length for each it is half as large.
    pub names: &'static str,
}

/// A zone that follows no yearly rule.
pub struct Irregular {
    pub name: &'static str,
    /// The zone of fixed offset that has its standard time.
    pub instead: &'static str,
}

pub static UTC: TimeZone = fixed(0);

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// What the time is called in the zone; nobody asks.
const NAMELESS: Abbreviation = Abbreviation::statik("");

const fn fixed(seconds: i32) -> TimeZone {
    let std_offset = Offset::constant_seconds(seconds);
    TimeZone { std_abbrev: NAMELESS, std_offset, dst: None }
}

/// Standard time, except from `start` to `end`, which may be in the next year.
const fn seasonal(standard: i32, other: i32, start: DayTime, end: DayTime) -> TimeZone {
    let (std_offset, offset) =
        (Offset::constant_seconds(standard), Offset::constant_seconds(other));
    let dst = Dst { abbrev: NAMELESS, offset, rule: Rule { start, end } };
    TimeZone { std_abbrev: NAMELESS, std_offset, dst: Some(dst) }
}

/// `second` seconds after the beginning of a day, by the time before the change; week 5 is the last.
const fn change(month: i8, week: i8, weekday: Weekday, second: i32) -> DayTime {
    let date = Day::WeekdayOfMonth { month, week, weekday };
    DayTime { date, time: TransitionCivilTime { second } }
}
