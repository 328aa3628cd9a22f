//! Arrivals that are made up.

use std::rc::Rc;
use std::time::Duration;

use rand_distr::{Distribution as _, Exp1, LogNormal, StandardUniform};
use rand_pcg::Pcg64Mcg;
use voxgate_policy::facts::AudioMillis;

use super::Arrival;

/// How much is asked for over time, by whom, and which texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// How much is asked for, over time.
    pub shape: Shape,
    /// For how long.
    pub duration: Duration,
    /// Seconds of audio in one that are a load of 1.
    pub speed: f64,
    /// Who asks.
    pub population: Vec<Population>,
    /// Texts as they are usual.
    pub short: Texts,
    /// Long ones.
    pub long: Texts,
    /// Of a hundred texts, how many are long.
    pub long_percent: f64,
}

/// A load over time: 1 is as much audio as the service can make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Always the same.
    Steady(f64),
    /// Calm for a minute, then this, then calm for the last minute.
    Flood(f64),
    /// Days with a peak in the afternoon and hardly anything at night, and every hour or so a burst
    /// of a minute, in which up to three times as much comes. The number is the peak without bursts.
    Days(f64),
}

/// Tenants of a tier who ask alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// The name of their tier.
    pub tier: Rc<str>,
    /// How many they are.
    pub tenants: u32,
    /// How much each asks, against others.
    pub weight: f64,
}

/// Texts of a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Texts {
    /// The median of their lengths, in characters.
    pub chars: f64,
    /// Of the logarithm, its standard deviation.
    pub sigma: f64,
    /// None is longer.
    pub most: f64,
    /// Of the audio, in Hz.
    pub sample_rate: u32,
}

/// Characters spoken in a second.
const CHARS_A_SECOND: f64 = 15.0;

/// What the audio is of its estimate: log-normal, with this deviation of the logarithm.
const SURPRISE: f64 = 0.1;

/// Of the load of a flood, what comes before and after.
const CALM: f64 = 0.3;

/// How long it is calm before and after.
const CALM_FOR: Duration = Duration::from_secs(60);

// === impl Scenario ===

impl Scenario {
    /// Tenants of these tiers, ten each, who ask alike for texts of a sentence or two at 16 kHz; one in a
    /// hundred is an essay. In a flood one in five is, at 32 kHz.
    pub fn new(shape: Shape, duration: Duration, speed: f64, tiers: &[Rc<str>]) -> Self {
        let (long_percent, chars, sample_rate) = match shape {
            Shape::Steady(_) | Shape::Days(_) => (1.0, 1_000.0, 16_000),
            Shape::Flood(_) => (20.0, 2_000.0, 32_000),
        };
        let of = |tier: &Rc<str>| Population { tier: Rc::clone(tier), tenants: 10, weight: 1.0 };
        Self {
            shape,
            duration,
            speed,
            population: tiers.iter().map(of).collect(),
            short: Texts { chars: 60.0, sigma: 0.5, most: 500.0, sample_rate: 16_000 },
            long: Texts { chars, sigma: 0.3, most: 3_000.0, sample_rate },
            long_percent,
        }
    }

    /// The arrivals, in order; the same for the same `seed`.
    pub fn arrivals(&self, seed: u64) -> impl Iterator<Item = Arrival> {
        let mut random = Random(Pcg64Mcg::new(u128::from(seed) | 1 << 64));
        let bursts = self.bursts(&mut random);
        let most = self.most();
        let per_second = most * self.speed / self.mean_seconds();
        let tenants = self.tenants();
        let operation: Rc<str> = "tts.synthesize".into();
        let mut at = 0.0;
        std::iter::from_fn(move || {
            // As often as at the highest load, of which as many are left out as it is lower.
            while at < self.duration.as_secs_f64() {
                at += random.gap() / per_second.max(1e-9);
                if random.unit() * most < self.load(at, &bursts) {
                    let (tenant, tier) = pick(&tenants, random.unit());
                    let texts = if random.unit() * 100.0 < self.long_percent {
                        &self.long
                    } else {
                        &self.short
                    };
                    let chars = random.log_normal(texts.chars, texts.sigma).clamp(1.0, texts.most);
                    let seconds = chars / CHARS_A_SECOND;
                    return Some(Arrival {
                        at: Duration::from_micros((at * 1e6) as u64),
                        tenant,
                        tier,
                        operation: Rc::clone(&operation),
                        chars: chars as u64,
                        estimate: millis(seconds),
                        audio: millis(random.log_normal(seconds, SURPRISE)),
                        sample_rate: texts.sample_rate,
                    });
                }
            }
            None
        })
        .take_while(|arrival| arrival.at < self.duration)
    }

    /// The mean length of the audio of a text, in seconds.
    pub fn mean_seconds(&self) -> f64 {
        let mean = |texts: &Texts| texts.chars * (texts.sigma.powi(2) / 2.0).exp();
        let long = self.long_percent / 100.0;
        (mean(&self.long) * long + mean(&self.short) * (1.0 - long)) / CHARS_A_SECOND
    }

    /// When bursts are, and how many times as much comes then.
    fn bursts(&self, random: &mut Random) -> Vec<(f64, f64, f64)> {
        let mut bursts = Vec::new();
        if let Shape::Days(_) = self.shape {
            let mut at = random.gap() * 3_600.0;
            while at < self.duration.as_secs_f64() {
                bursts.push((at, at + 20.0 + 80.0 * random.unit(), 1.0 + 2.0 * random.unit()));
                at += random.gap() * 3_600.0;
            }
        }
        bursts
    }

    fn most(&self) -> f64 {
        match self.shape {
            Shape::Steady(load) | Shape::Flood(load) => load,
            Shape::Days(peak) => peak * 3.0,
        }
    }

    fn load(&self, at: f64, bursts: &[(f64, f64, f64)]) -> f64 {
        match self.shape {
            Shape::Steady(load) => load,
            Shape::Flood(load) => {
                let calm = CALM_FOR.as_secs_f64();
                let is_calm = at < calm || at > self.duration.as_secs_f64() - calm;
                if is_calm { load.min(CALM) } else { load }
            }
            Shape::Days(peak) => {
                // 4 o'clock is lowest, 16 o'clock highest.
                let phase = (at / 86_400.0 - 4.0 / 24.0) * std::f64::consts::TAU;
                let day = 0.05 + 0.95 * (0.5 - 0.5 * phase.cos());
                let after = bursts.partition_point(|(from, ..)| *from <= at);
                let burst = after.checked_sub(1).and_then(|i| bursts.get(i));
                let times = burst.filter(|(_, to, _)| at < *to).map_or(1.0, |(.., times)| *times);
                peak * day * times
            }
        }
    }

    /// Tenants and their tiers, with the sum of weights up to them.
    fn tenants(&self) -> Vec<(f64, Rc<str>, Rc<str>)> {
        let mut sum = 0.0;
        let mut tenants = Vec::new();
        for (kind, population) in self.population.iter().enumerate() {
            for number in 1..=population.tenants {
                sum += population.weight;
                let name = match population.tenants {
                    1 => format!("{}-{kind}", population.tier),
                    _ => format!("{}-{kind}-{number}", population.tier),
                };
                tenants.push((sum, name.into(), Rc::clone(&population.tier)));
            }
        }
        tenants
    }
}

fn pick(tenants: &[(f64, Rc<str>, Rc<str>)], unit: f64) -> (Rc<str>, Rc<str>) {
    let sum = tenants.last().map_or(0.0, |(sum, ..)| *sum);
    let index = tenants.partition_point(|(below, ..)| *below <= unit * sum);
    let nobody = || ("".into(), "".into());
    let of = |(_, tenant, tier): &(f64, Rc<str>, Rc<str>)| (Rc::clone(tenant), Rc::clone(tier));
    tenants.get(index).map_or_else(nobody, of)
}

fn millis(seconds: f64) -> AudioMillis {
    AudioMillis((seconds * 1000.0).max(1.0) as u64)
}

struct Random(Pcg64Mcg);

// === impl Random ===

impl Random {
    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// Between independent events, of mean 1.
    fn gap(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        // Only a deviation that is not finite is refused.
        LogNormal::new(median.ln(), sigma).map_or(median, |it| it.sample(&mut self.0))
    }
}
