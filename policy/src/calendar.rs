//! Calendar windows: the day, week or month of a place, in which a quota is counted.
//!
//! The clocks of a place follow a [`Zone`]. A day begins at its first instant, which is not midnight
//! where the clocks pass over midnight, and lasts 23, 25 or other hours when they change.

mod zone;

pub use zone::{UnknownZone, Zone};

use std::ops::Range;

use jiff_core::Timestamp;
use jiff_core::civil::Date;

use crate::time::UnixMillis;

/// The first instant of the year 9999 in UTC: about where civil dates end.
const FAR: UnixMillis = UnixMillis(253_370_764_800_000);

/// How long a calendar window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday, as ISO 8601 has it.
    Week,
    /// From the first of a month to its last day.
    Month,
}

// === impl CalendarUnit ===

impl CalendarUnit {
    /// The window that holds `now`: the start belongs to it, the end to the next one.
    ///
    /// Windows tile time. The first begins at the epoch, in the midst of its day; the year 9999 and
    /// all after it are the last, whose end is the last instant that can be told.
    ///
    /// ```
    /// use voxgate_policy::calendar::{CalendarUnit, Zone};
    /// use voxgate_policy::time::UnixMillis;
    ///
    /// let zone = Zone::named("Europe/Berlin")?;
    /// let noon = UnixMillis::from_secs(1_806_228_000); // 2027-03-28, the clocks go forward
    /// let day = CalendarUnit::Day.window(&zone, noon);
    /// assert_eq!(day.end.since(day.start).as_secs(), 23 * 3600);
    /// # Ok::<(), voxgate_policy::calendar::UnknownZone>(())
    /// ```
    pub fn window(self, zone: &Zone, now: UnixMillis) -> Range<UnixMillis> {
        // Only past FAR there is a date that cannot be reckoned with.
        self.bounded(zone, now).unwrap_or(FAR..UnixMillis(u64::MAX))
    }

    fn bounded(self, zone: &Zone, now: UnixMillis) -> Option<Range<UnixMillis>> {
        if now >= FAR {
            return None;
        }
        let now = Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?;
        let first = self.first_day(zone.date(now))?;
        Some(start_of(zone, first)?..start_of(zone, self.next(first)?)?)
    }

    /// The first day of the window that `day` is in.
    fn first_day(self, day: Date) -> Option<Date> {
        match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub(day.weekday().to_monday_zero_offset().into()).ok(),
            Self::Month => Some(day.first_of_month()),
        }
    }

    /// The first day of the window after the one that begins on `first`.
    fn next(self, first: Date) -> Option<Date> {
        match self {
            Self::Day => first.tomorrow().ok(),
            Self::Week => first.checked_add(7).ok(),
            Self::Month => first.last_of_month().tomorrow().ok(),
        }
    }
}

/// The first instant of `day` that can be told.
fn start_of(zone: &Zone, day: Date) -> Option<UnixMillis> {
    let start = zone.start_of(day)?.as_millisecond();
    Some(UnixMillis(u64::try_from(start).unwrap_or_default()).min(FAR))
}

#[cfg(test)]
mod tests;
