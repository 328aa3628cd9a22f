//! What came out.

use super::connection::Protocol;
use super::heard::Heard;
use super::pace::Pace;
use std::time::Duration;

/// Streams of one kind, through each case.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// How fast they were made.
    pub pace: Pace,
    /// What the listeners spoke.
    pub protocol: Protocol,
    /// Streams of one case in one round.
    pub streams: usize,
    /// … of which so many at a time.
    pub at_once: usize,
    /// Audible chunks of each.
    pub chunks: u32,
    /// One for each case; the first is the direct connection.
    pub cases: Vec<Measured>,
}

/// What came out for one case.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What stood in between.
    pub name: &'static str,
    /// Each round, in order.
    pub rounds: Vec<Round>,
}

/// The streams of one case in one round.
#[derive(Debug, Clone)]
pub struct Round {
    pub(super) heard: Vec<Heard>,
    /// What Envoy spent, if there is one: processor time, and calls that wrote something.
    pub(super) spent: Option<(Duration, u64)>,
}

// === impl Measured ===

impl Measured {
    /// The median of the rounds.
    pub(super) fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    /// The median of what a round has more than that of `other`.
    pub(super) fn over(&self, other: &Self, of: impl Fn(&Round) -> f64) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        median(pairs.map(|(it, other)| of(it) - of(other)).collect())
    }

    /// The sum of all rounds.
    pub(super) fn sum(&self, of: impl Fn(&Round) -> f64) -> f64 {
        self.rounds.iter().map(of).sum()
    }
}

// === impl Round ===

impl Round {
    /// Milliseconds to the first sound that are not the service's own: of a hundred streams so many
    /// have it as soon.
    pub(super) fn first_sound(&self, percent: usize) -> f64 {
        percentile(self.heard.iter().map(|it| it.first_sound), percent)
    }

    /// … of which the first audible chunk took so many, from when it was made to when it was there.
    pub(super) fn first_chunk(&self, percent: usize) -> f64 {
        percentile(self.heard.iter().filter_map(|it| it.delays.first().copied()), percent)
    }

    /// Milliseconds from when a chunk was made to when it was there.
    pub(super) fn delay(&self, percent: usize) -> f64 {
        percentile(self.heard.iter().flat_map(|it| it.delays.iter().copied()), percent)
    }

    pub(super) fn underruns(&self) -> f64 {
        self.total(|it| f64::from(it.underruns))
    }

    pub(super) fn missing_ms(&self) -> f64 {
        self.total(|it| millis(it.missing))
    }

    /// Per second of audio.
    pub(super) fn frames(&self) -> f64 {
        self.total(|it| it.frames as f64) / self.audio()
    }

    /// Per second of audio.
    pub(super) fn wakes(&self) -> f64 {
        self.total(|it| it.wakes as f64) / self.audio()
    }

    /// Per second of audio.
    pub(super) fn wire_bytes(&self) -> f64 {
        self.total(|it| it.wire_bytes as f64) / self.audio()
    }

    /// Envoy's calls that wrote, to client and service, per second of audio.
    pub(super) fn writes(&self) -> f64 {
        self.spent.map_or(f64::NAN, |(_, writes)| writes as f64) / self.audio()
    }

    /// Milliseconds of Envoy's processor time per second of audio.
    pub(super) fn cpu_ms(&self) -> f64 {
        self.spent.map_or(f64::NAN, |(time, _)| millis(time)) / self.audio()
    }

    /// Microseconds of Envoy's processor time per chunk that the service made.
    pub(super) fn cpu_us_of_chunk(&self) -> f64 {
        let chunks = self.total(|it| it.delays.len() as f64);
        self.spent.map_or(f64::NAN, |(time, _)| millis(time)) * 1000.0 / chunks
    }

    fn audio(&self) -> f64 {
        self.total(|it| it.audio.as_secs_f64())
    }

    fn total(&self, of: impl Fn(&Heard) -> f64) -> f64 {
        self.heard.iter().map(of).sum()
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// In milliseconds; the nearest rank.
fn percentile(of: impl Iterator<Item = Duration>, percent: usize) -> f64 {
    let mut all: Vec<Duration> = of.collect();
    all.sort_unstable();
    let rank = (all.len() * percent).div_ceil(100).max(1);
    all.get(rank - 1).map_or(f64::NAN, |it| millis(*it))
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred = || (1..=100).map(Duration::from_millis);
        assert_eq!(percentile(hundred(), 50), 50.0);
        assert_eq!(percentile(hundred(), 99), 99.0);
        assert_eq!(percentile(hundred().take(3), 99), 3.0);
        assert!(percentile(hundred().take(0), 99).is_nan());
    }
}
