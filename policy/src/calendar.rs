//! Stand-in until the calendar branch is merged.
use crate::time::UnixMillis;
use std::ops::Range;
/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarUnit {
    /// d
    Day,
    /// w
    Week,
    /// m
    Month,
}
/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(());
/// Unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown zone")]
pub struct UnknownZone;
impl Zone {
    /// UTC.
    pub const UTC: Self = Self(());
    /// Named.
    pub fn named(_: &str) -> Result<Self, UnknownZone> {
        Ok(Self(()))
    }
}
impl CalendarUnit {
    /// The window.
    pub fn window(self, _: &Zone, now: UnixMillis) -> Range<UnixMillis> {
        let length = match self {
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
            Self::Month => 30 * 86_400_000_u64,
        };
        let start = now.0.checked_div(length).unwrap_or_default().saturating_mul(length);
        UnixMillis(start)..UnixMillis(start.saturating_add(length))
    }
}
