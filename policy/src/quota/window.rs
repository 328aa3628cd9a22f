//! The time over which use is added up.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::calendar::{CalendarUnit, Zone};
use crate::time::UnixMillis;

/// The time over which use is added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// A bucket that drains by the limit in each period, evenly: the generic cell rate algorithm in
    /// its form as a continuous-state leaky bucket (ITU-T I.371, Annex A).
    Rolling(Duration),
    /// A unit of the calendar.
    Calendar(CalendarUnit, Zone),
    /// None: what is held counts until it is given back.
    Held,
}

/// How much may be used in a window, in counted units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// In a window.
    pub units: u64,
    /// At once; the same but in a rolling window.
    pub burst: u64,
}

/// A moment of a window. Which day it is in some place takes a while to reckon, so it is reckoned
/// once.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// The window.
    pub window: &'a Window,
    /// The moment.
    pub now: UnixMillis,
    /// The window of the calendar that holds it.
    pub calendar: Option<Range<UnixMillis>>,
}

impl Limit {
    /// More than anybody uses.
    pub(super) const NONE: Self = Self { units: u64::MAX, burst: u64::MAX };
}

impl Window {
    /// A moment of it.
    pub fn at(&self, now: UnixMillis) -> Moment<'_> {
        Moment { window: self, now, calendar: self.calendar(now) }
    }

    /// The period of a rolling window in milliseconds, at least 1.
    pub(super) fn period_millis(&self) -> Option<u64> {
        match self {
            Self::Rolling(period) => {
                Some(u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1))
            }
            Self::Calendar(..) | Self::Held => None,
        }
    }

    /// The window of the calendar that holds `now`.
    pub fn calendar(&self, now: UnixMillis) -> Option<Range<UnixMillis>> {
        match self {
            Self::Calendar(unit, zone) => Some(unit.window(zone, now)),
            Self::Rolling(_) | Self::Held => None,
        }
    }

    /// The length in seconds, for `RateLimit-Policy`; of the calendar's window that holds `now`.
    pub fn seconds(&self, now: UnixMillis) -> Option<u64> {
        match self {
            Self::Rolling(period) => Some(period.as_secs().max(1)),
            Self::Calendar(unit, zone) => {
                let window = unit.window(zone, now);
                Some(window.end.since(window.start).as_secs())
            }
            Self::Held => None,
        }
    }
}
