//! What came out.

use std::time::Duration;

/// Cases that were measured in the same rounds; the first is that without a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What they have in common.
    pub title: String,
    /// Requests of one case in one round.
    pub requests: usize,
    /// One for each case.
    pub measured: Vec<Measured>,
}

/// What came out for one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was done.
    pub name: &'static str,
    /// Envoy's processor time for one request, of each round, in order.
    pub rounds: Vec<Duration>,
    /// Envoy's memory.
    pub memory: Memory,
}

/// The memory of an Envoy, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident at the end.
    pub resident_bytes: u64,
    /// Resident at most, in the rounds that count.
    pub peak_bytes: u64,
    /// The linear memory of all its VMs: one a worker, and two of the main thread.
    pub wasm_bytes: u64,
}

/// Numbers of several rounds: the median, and the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// A quarter of the rounds is below.
    pub low: f64,
    /// Half of them is.
    pub median: f64,
    /// A quarter is above.
    pub high: f64,
}

// === impl Measured ===

impl Measured {
    pub(super) fn none(name: &'static str) -> Self {
        Self { name, rounds: Vec::new(), memory: Memory::default() }
    }

    /// The median of the rounds, in microseconds; not a number if there is none.
    pub fn median(&self) -> f64 {
        Spread::of(self.rounds.iter().map(micros)).median
    }

    /// How many microseconds more than `other` it takes, round by round: what the machine does
    /// besides meets both cases of a round, but not every round.
    pub fn over(&self, other: &Self) -> Spread {
        let pairs = self.rounds.iter().zip(&other.rounds);
        Spread::of(pairs.map(|(it, other)| micros(it) - micros(other)))
    }

    /// The least and the most of the rounds, in microseconds.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let rounds = &self.rounds;
        Some((micros(rounds.iter().min()?), micros(rounds.iter().max()?)))
    }
}

fn micros(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

// === impl Spread ===

impl Spread {
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let quartile = |n| numbers.get(numbers.len() * n / 4).copied().unwrap_or(f64::NAN);
        Self { low: quartile(1), median: quartile(2), high: quartile(3) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rounds: [u64; 4]) -> Measured {
        let rounds = rounds.map(Duration::from_micros).to_vec();
        Measured { rounds, ..Measured::none("") }
    }

    #[test]
    fn a_round_is_compared_with_the_same_round() {
        let (baseline, filter) = (measured([10, 90, 20, 50]), measured([15, 96, 24, 57]));
        assert_eq!(filter.median(), 57.0);
        assert_eq!(filter.over(&baseline), Spread { low: 5.0, median: 6.0, high: 7.0 });
        assert_eq!(filter.bounds(), Some((15.0, 96.0)));
    }
}
