//! What came when, and how much the listener had left to play. Times count from the moment the request
//! was sent.

use std::time::Duration;

/// What came when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The response's headers.
    pub headers: Option<Duration>,
    /// The first audible sample.
    pub ttfa: Option<Duration>,
    /// Parts of the body, in order.
    pub moments: Vec<Moment>,
    /// When the listener heard nothing, in order.
    pub holes: Vec<Hole>,
    /// When nothing more came.
    pub end: Option<Duration>,
}

/// A part of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// When it came.
    pub at: Duration,
    /// What it has.
    pub bytes: u64,
    /// How long all that came by then plays, if that is measured.
    pub audio: Option<Duration>,
    /// What the listener has left to play with it; none before it plays.
    pub level: Option<Duration>,
}

/// A time in which the listener heard nothing, because nothing was left to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// When it ran dry.
    pub from: Duration,
    /// When it played again, or the stream ended.
    pub to: Duration,
}

// === impl Timeline ===

impl Timeline {
    /// When the last of it came, or it ended.
    pub fn length(&self) -> Duration {
        let last = self.moments.last().map(|it| it.at);
        self.end.or(last).or(self.headers).unwrap_or_default()
    }

    /// The parts that came from `from` until before `to`.
    pub fn between(&self, from: Duration, to: Duration) -> &[Moment] {
        let before = |time| self.moments.partition_point(|it| it.at < time);
        let (first, last) = (before(from), before(to));
        &self.moments[first..last.max(first)]
    }

    /// Whether there is something to hear in it.
    pub fn is_played(&self) -> bool {
        self.moments.iter().any(|it| it.level.is_some())
    }

    /// What the listener has left to play, or none if it does not play.
    pub fn level(&self, at: Duration) -> Option<Duration> {
        let before = self.moments.partition_point(|it| it.at <= at);
        let last = self.moments[..before].last()?;
        Some(last.level?.saturating_sub(at - last.at))
    }

    /// Times between parts, in order.
    pub fn gaps(&self) -> impl Iterator<Item = (Moment, Duration)> {
        self.moments.windows(2).map(|it| (it[1], it[1].at - it[0].at))
    }

    /// The gap that so many percent of the gaps do not exceed.
    pub fn gap(&self, percent: usize) -> Option<Duration> {
        let mut gaps: Vec<_> = self.gaps().map(|(_, gap)| gap).collect();
        gaps.sort_unstable();
        let rank = (gaps.len() * percent).div_ceil(100);
        gaps.get(rank.saturating_sub(1)).copied()
    }
}
