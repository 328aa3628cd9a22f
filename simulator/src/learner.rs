//! Other ways to learn a capacity, to compare what is shipped with. None of them is in a filter.
//!
//! They are told what [`Load`](voxgate_policy::shed::load::Load) is told, and their capacity is put in the
//! place of a configured one.

use std::time::Duration;

use voxgate_policy::shed::Work;

/// A way to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Additive increase, multiplicative decrease: Netflix concurrency-limits' `AIMDLimit`. A first byte
    /// after more than a second, or a failure, takes a tenth.
    Aimd,
    /// Netflix concurrency-limits' `Gradient2Limit` on first bytes: short against long average.
    Gradient2,
    /// Envoy's `adaptive_concurrency`, in essence: a gradient of the least whole request time to the 90th
    /// percentile of late.
    WholeRequest,
}

/// One that learned so far. Work in ms of audio.
#[derive(Clone, Debug)]
pub struct Learner {
    method: Method,
    limit: f64,
    long: f64,
    short: f64,
    least: f64,
    window: Vec<f64>,
}

/// What is added at a step: a short request.
const UNIT: f64 = 4_000.0;

const MOST: f64 = 6_000_000.0;

// === impl Learner ===

impl Learner {
    /// One that begins with this guess.
    pub fn new(method: Method, first_guess: Work) -> Self {
        let limit = first_guess.0 as f64;
        Self { method, limit, long: 0.0, short: 0.0, least: f64::INFINITY, window: Vec::new() }
    }

    /// What it learned.
    pub fn capacity(&self) -> Work {
        Work(self.limit as u64)
    }

    /// A first byte came.
    pub fn first_byte(&mut self, took: Duration, in_flight: Work) {
        let took = took.as_secs_f64();
        match self.method {
            Method::Aimd if took > 1.0 => self.set(self.limit * 0.9),
            Method::Aimd if in_flight.0 as f64 * 2.0 >= self.limit => self.set(self.limit + UNIT),
            Method::Gradient2 => {
                self.long = ewma(self.long, took, 600.0);
                self.short = ewma(self.short, took, 10.0);
                if self.long / self.short > 2.0 {
                    self.long *= 0.95;
                }
                let gradient = (1.5 * self.long / self.short).clamp(0.5, 1.0);
                if in_flight.0 as f64 >= self.limit / 2.0 {
                    let aim = self.limit * gradient + 4.0 * UNIT;
                    self.set(self.limit * 0.8 + aim * 0.2);
                }
            }
            Method::Aimd | Method::WholeRequest => {}
        }
    }

    /// A request was served.
    pub fn finished(&mut self, took: Duration) {
        if self.method != Method::WholeRequest {
            return;
        }
        self.window.push(took.as_secs_f64());
        self.least = self.least.min(took.as_secs_f64());
        if self.window.len() >= 50 {
            self.window.sort_by(f64::total_cmp);
            let p90 = self.window[self.window.len() * 9 / 10];
            self.window.clear();
            let gradient = (self.least * 1.25 / p90).clamp(0.5, 2.0);
            self.set(self.limit * gradient + (self.limit / UNIT).sqrt() * UNIT);
        }
    }

    /// A request failed.
    pub fn failed(&mut self) {
        if self.method == Method::Aimd {
            self.set(self.limit * 0.9);
        }
    }

    fn set(&mut self, limit: f64) {
        self.limit = limit.clamp(UNIT, MOST);
    }
}

fn ewma(mean: f64, sample: f64, samples: f64) -> f64 {
    if mean == 0.0 { sample } else { mean + (sample - mean) * 2.0 / (samples + 1.0) }
}
