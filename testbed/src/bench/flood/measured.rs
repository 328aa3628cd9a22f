//! What came out of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::mix::{Ask, Tier};
use super::seen::{End, Refusal, Seen};

/// One run against one Envoy.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What stood in front of the service.
    pub name: String,
    /// How long it was flooded; what came after it is told apart.
    pub length: Duration,
    /// All requests.
    pub seen: Vec<Seen>,
    /// How often the GPU's memory ran out.
    pub crashes: u64,
}

/// Requests told apart by tier and length of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// None: all tiers.
    pub tier: Option<Tier>,
    /// Long texts, or short ones; none: both.
    pub long: Option<bool>,
}

/// How many requests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// All of its sound came.
    pub completed: usize,
    /// … of them by another lane.
    pub diverted: usize,
    /// … of them with less than was asked for.
    pub degraded: usize,
    /// Answered that they will not be served.
    pub refused: usize,
    /// Broken off, or no answer of the service's.
    pub failed: usize,
    /// The client gave up.
    pub gave_up: usize,
}

/// How long the first byte took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstByte {
    /// Of half of them it took no longer.
    pub p50: Duration,
    /// Of 99 in a hundred.
    pub p99: Duration,
}

// === impl Class ===

impl Class {
    /// The short texts of a tier.
    pub fn short(tier: Tier) -> Self {
        Self { tier: Some(tier), long: Some(false) }
    }

    /// The long texts of a tier.
    pub fn long(tier: Tier) -> Self {
        Self { tier: Some(tier), long: Some(true) }
    }

    fn has(self, ask: &Ask) -> bool {
        self.tier.is_none_or(|tier| tier == ask.tier)
            && self.long.is_none_or(|long| long == ask.is_long())
    }
}

// === impl Run ===

impl Run {
    fn flood(&self, class: Class) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |it| it.ask.at < self.length && class.has(&it.ask))
    }

    /// Seconds of audio a second that came completely by the end of the flood; by the ordinary lane,
    /// or by that of batches.
    pub fn goodput(&self, batch: bool) -> f64 {
        let sounds = self.seen.iter().filter(|it| it.at <= self.length);
        let sounds = sounds.filter_map(|it| it.end.sound());
        let sounds = sounds.filter(|it| (it.lane.as_deref() == Some("batch")) == batch);
        sounds.map(|it| it.length.as_secs_f64()).fold(0.0, |sum, it| sum + it)
            / self.length.as_secs_f64()
    }

    /// How the flood's requests ended.
    pub fn ends(&self, class: Class) -> Ends {
        let mut ends = Ends::default();
        for it in self.flood(class) {
            match &it.end {
                End::Completed(sound) => {
                    ends.completed += 1;
                    ends.diverted += usize::from(sound.lane.as_deref() == Some("batch"));
                    ends.degraded += usize::from(sound.degraded);
                }
                End::Refused(_) => ends.refused += 1,
                End::Failed => ends.failed += 1,
                End::GaveUp => ends.gave_up += 1,
            }
        }
        ends
    }

    /// Why the flood's requests were refused.
    pub fn refusals(&self) -> BTreeMap<&Refusal, usize> {
        let mut refusals = BTreeMap::new();
        for it in self.flood(Class { tier: None, long: None }) {
            if let End::Refused(refusal) = &it.end {
                *refusals.entry(refusal).or_default() += 1;
            }
        }
        refusals
    }

    /// How long the first byte took of those that got one by the ordinary lane, also if they were
    /// broken off later.
    pub fn first_byte(&self, class: Class) -> Option<FirstByte> {
        let online = self
            .flood(class)
            .filter(|it| it.end.sound().is_none_or(|sound| sound.lane.as_deref() != Some("batch")));
        let mut times: Vec<_> = online.filter_map(|it| it.first_byte).collect();
        times.sort_unstable();
        Some(FirstByte { p50: percentile(&times, 50)?, p99: percentile(&times, 99)? })
    }

    /// When, after the flood, the last request came that was not served, or whose first byte took
    /// longer than `slow`; none if all were served well.
    pub fn recovery(&self, slow: Duration) -> Duration {
        let after = self.seen.iter().filter(|it| it.ask.at >= self.length);
        let unwell = after.filter(|it| {
            it.end.sound().is_none() || it.first_byte.is_none_or(|first_byte| first_byte > slow)
        });
        unwell.map(|it| it.ask.at - self.length).max().unwrap_or_default()
    }

    /// How late requests were sent, of 99 in a hundred: if this is much, it is the driver that was
    /// measured.
    pub fn lateness(&self) -> Duration {
        let mut late: Vec<_> = self.seen.iter().map(|it| it.late).collect();
        late.sort_unstable();
        percentile(&late, 99).unwrap_or_default()
    }
}

/// The nearest rank.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

// === impl Ends ===

impl Ends {
    /// All of them.
    pub fn all(&self) -> usize {
        self.completed + self.refused + self.failed + self.gave_up
    }
}

#[cfg(test)]
mod tests;
