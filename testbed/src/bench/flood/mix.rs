//! Who asks for what, and when: the same for the same seed.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Of a hundred texts, so many are long.
const LONG_PERCENT: u32 = 20;

/// Of a hundred long texts, so many are asked for at 32 kHz, which takes twice the memory.
const HIGH_RATE_PERCENT: u32 = 25;

/// What ordinary requests ask for, in Hz.
const RATE: u32 = 16_000;

const SHORT_CHARS: std::ops::RangeInclusive<usize> = 20..=80;
const LONG_CHARS: std::ops::RangeInclusive<usize> = 400..=900;

/// What the texts are made of.
const SENTENCE: &str = "The ship left the harbour at dawn, and nobody on the pier said a word. ";

/// A tenant's tier, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Of a hundred requests 20, from 4 tenants.
    Premium,
    /// 30, from 12 tenants.
    Standard,
    /// 50, from 40 tenants.
    Basic,
}

/// One request as it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Since the beginning of the run.
    pub at: Duration,
    /// The tenant's tier.
    pub tier: Tier,
    /// Its number among the tier's tenants.
    pub tenant: usize,
    /// Of the text.
    pub chars: usize,
    /// In Hz.
    pub sample_rate: u32,
}

/// Requests one after another, as a Poisson process.
#[derive(Debug)]
pub struct Mix {
    random: ChaCha8Rng,
    at: Duration,
}

// === impl Tier ===

impl Tier {
    /// All of them, best first.
    pub const ALL: [Self; 3] = [Self::Premium, Self::Standard, Self::Basic];

    /// As policies have it; `tts.` before it is its scope.
    pub fn name(self) -> &'static str {
        match self {
            Self::Premium => "premium",
            Self::Standard => "standard",
            Self::Basic => "basic",
        }
    }

    /// How many tenants it has.
    pub fn tenants(self) -> usize {
        match self {
            Self::Premium => 4,
            Self::Standard => 12,
            Self::Basic => 40,
        }
    }
}

// === impl Ask ===

impl Ask {
    /// Whether its text is a long one.
    pub fn is_long(&self) -> bool {
        self.chars >= *LONG_CHARS.start()
    }

    /// The body for `/tts`.
    pub fn body(&self) -> Value {
        json!({
            "text": SENTENCE.chars().cycle().take(self.chars).collect::<String>(),
            "sample_rate": self.sample_rate,
            "response_format": "pcm",
            "stream": true,
        })
    }
}

// === impl Mix ===

impl Mix {
    /// From the beginning.
    pub fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), at: Duration::ZERO }
    }

    /// The next request, if so many come in a second.
    pub fn next(&mut self, per_second: f64) -> Ask {
        // A time between events of a Poisson process: exponential, by its inverse distribution.
        let unit: f64 = self.random.random_range(0.0..1.0);
        self.at += Duration::from_secs_f64(-(1.0 - unit).ln() / per_second);
        let tier = match self.random.random_range(0..100) {
            0..20 => Tier::Premium,
            20..50 => Tier::Standard,
            _ => Tier::Basic,
        };
        let tenant = self.random.random_range(0..tier.tenants());
        let long = self.random.random_ratio(LONG_PERCENT, 100);
        let chars = self.random.random_range(if long { LONG_CHARS } else { SHORT_CHARS });
        let high = long && self.random.random_ratio(HIGH_RATE_PERCENT, 100);
        Ask { at: self.at, tier, tenant, chars, sample_rate: if high { 2 * RATE } else { RATE } }
    }

    /// All requests of so long a time, from where the last ended.
    pub fn during(&mut self, length: Duration, per_second: f64) -> Vec<Ask> {
        let end = self.at + length;
        let asks = std::iter::from_fn(|| {
            let ask = self.next(per_second);
            (ask.at < end).then_some(ask)
        });
        let asks = asks.collect();
        self.at = end;
        asks
    }

    /// A text's mean length, in characters.
    pub fn mean_chars() -> f64 {
        let middle =
            |range: std::ops::RangeInclusive<usize>| (range.start() + range.end()) as f64 / 2.0;
        let long = f64::from(LONG_PERCENT) / 100.0;
        (1.0 - long) * middle(SHORT_CHARS) + long * middle(LONG_CHARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_same_seed_is_the_same_flood() {
        let flood = |seed| Mix::new(seed).during(HOUR, 2.0);
        assert_eq!(flood(1), flood(1));
        assert_ne!(flood(1), flood(2));
    }

    #[test]
    fn a_mix_has_the_rate_and_the_shares_that_it_says() {
        let asks = Mix::new(1).during(HOUR, 20.0);
        let share = |wanted: &dyn Fn(&Ask) -> bool| {
            asks.iter().filter(|ask| wanted(ask)).count() as f64 / asks.len() as f64
        };
        let near = |found: f64, wanted: f64| (found - wanted).abs() < 0.02 * wanted.max(0.5);
        assert!(near(asks.len() as f64, 72_000.0), "{}", asks.len());
        for (tier, wanted) in Tier::ALL.into_iter().zip([0.2, 0.3, 0.5]) {
            assert!(near(share(&|ask| ask.tier == tier), wanted), "{tier:?}");
        }
        assert!(near(share(&Ask::is_long), 0.2));
        assert!(near(share(&|ask| ask.sample_rate == 32_000), 0.05));
        let chars = asks.iter().map(|ask| ask.chars as f64).sum::<f64>() / asks.len() as f64;
        assert!(near(chars, Mix::mean_chars()), "{chars}");
    }

    #[test]
    fn a_second_phase_begins_where_the_first_ended() {
        let mut mix = Mix::new(1);
        let first = mix.during(HOUR, 1.0);
        let second = mix.during(HOUR, 1.0);
        assert!(first.iter().all(|ask| ask.at < HOUR));
        assert!(second.iter().all(|ask| (HOUR..2 * HOUR).contains(&ask.at)));
        assert!(second[0].at < HOUR + Duration::from_secs(60));
    }
}
