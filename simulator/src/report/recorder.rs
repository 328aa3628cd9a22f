//! Figures as they come in.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use voxgate_policy::shed::{Lane, Work};
use voxgate_policy::spec::Level;

use super::fairness::fairness;
use super::{Counts, Fate, Percentiles, Record, Report, Slice};
use crate::arrivals::Arrival;

/// How it stands at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds since the start.
    pub at: f64,
    /// Seconds of audio in flight in the online lane.
    pub in_flight: f64,
    /// Its capacity, in seconds of audio, if anybody minds it.
    pub capacity: Option<f64>,
    /// How loaded it is.
    pub level: Level,
    /// Seconds of audio delivered in time, in a second, since the moment before.
    pub goodput: f64,
    /// Crashes of the online lane since the moment before.
    pub crashes: u32,
}

#[derive(Debug)]
pub(crate) struct Recorder {
    slices: BTreeMap<(Rc<str>, bool), Samples>,
    /// What was asked for and delivered, in seconds of audio.
    tenants: BTreeMap<Rc<str>, (f64, f64)>,
    good: f64,
    batch: f64,
    crashes: [u32; 2],
    false_rejections: u64,
    timeline: Vec<Moment>,
    step: Duration,
    due: Duration,
    good_since: f64,
    crashes_since: u32,
}

#[derive(Debug, Default)]
struct Samples {
    counts: Counts,
    first_byte: Vec<f32>,
    alone: Vec<f32>,
    wait: Vec<f32>,
}

/// Moments of a timeline.
const MOMENTS: u32 = 360;

// === impl Recorder ===

impl Recorder {
    pub(crate) fn new(duration: Duration) -> Self {
        Self {
            slices: BTreeMap::new(),
            tenants: BTreeMap::new(),
            good: 0.0,
            batch: 0.0,
            crashes: [0; 2],
            false_rejections: 0,
            timeline: Vec::new(),
            step: duration / MOMENTS,
            due: Duration::ZERO,
            good_since: 0.0,
            crashes_since: 0,
        }
    }

    pub(crate) fn record(&mut self, arrival: &Arrival, record: Record) {
        let seconds = arrival.audio.0 as f64 / 1000.0;
        let key = (Rc::clone(&arrival.tier), arrival.is_long());
        let samples = self.slices.entry(key).or_default();
        samples.counts.add(&record);
        let tenant = self.tenants.entry(Rc::clone(&arrival.tenant)).or_default();
        tenant.0 += seconds;
        match record.fate {
            Fate::Served { first_byte, in_time } => {
                tenant.1 += seconds;
                samples.wait.push(record.waited.as_secs_f32());
                if record.lane == Lane::Batch {
                    self.batch += seconds;
                    return;
                }
                samples.first_byte.push(first_byte.as_secs_f32());
                samples.alone.push(record.alone.as_secs_f32());
                if in_time {
                    self.good += seconds;
                    self.good_since += seconds;
                }
            }
            Fate::Refused { had_room, .. } => self.false_rejections += u64::from(had_room),
            Fate::Lost | Fate::Down | Fate::Left => {}
        }
    }

    pub(crate) fn crashed(&mut self, lane: Lane) {
        if lane == Lane::Online {
            self.crashes_since += 1;
        }
        let [online, batch] = &mut self.crashes;
        *(if lane == Lane::Online { online } else { batch }) += 1;
    }

    /// Whether the timeline wants to know.
    pub(crate) fn is_due(&self, at: Duration) -> bool {
        at >= self.due
    }

    pub(crate) fn note(
        &mut self,
        at: Duration,
        in_flight: Work,
        capacity: Option<Work>,
        level: Level,
    ) {
        let seconds = |work: Work| work.0 as f64 / 1000.0;
        let before = self.timeline.last().map_or(0.0, |moment| moment.at);
        let passed = (at.as_secs_f64() - before).max(1e-6);
        self.timeline.push(Moment {
            at: at.as_secs_f64(),
            in_flight: seconds(in_flight),
            capacity: capacity.map(seconds),
            level,
            goodput: std::mem::take(&mut self.good_since) / passed,
            crashes: std::mem::take(&mut self.crashes_since),
        });
        self.due = at + self.step;
    }

    pub(crate) fn report(self, duration: Duration) -> Report {
        let mut all = Counts::default();
        let mut slices = Vec::new();
        for ((tier, is_long), samples) in self.slices {
            all = all.plus(&samples.counts);
            slices.push(Slice {
                tier: tier.to_string(),
                is_long,
                counts: samples.counts,
                first_byte: Percentiles::of(samples.first_byte),
                first_byte_alone: Percentiles::of(samples.alone),
                wait: Percentiles::of(samples.wait),
            });
        }
        let tenants: Vec<(f64, f64)> = self.tenants.into_values().collect();
        let seconds = duration.as_secs_f64().max(1e-6);
        let [crashes, batch_crashes] = self.crashes;
        Report {
            seconds,
            all,
            slices,
            goodput: self.good / seconds,
            batch_goodput: self.batch / seconds,
            crashes,
            batch_crashes,
            false_rejections: self.false_rejections,
            fairness: fairness(&tenants),
            timeline: self.timeline,
        }
    }
}

// === impl Counts ===

impl Counts {
    fn plus(&self, more: &Self) -> Self {
        Self {
            offered: self.offered + more.offered,
            served: self.served + more.served,
            in_time: self.in_time + more.in_time,
            diverted: self.diverted + more.diverted,
            degraded: self.degraded + more.degraded,
            busy: self.busy + more.busy,
            too_long: self.too_long + more.too_long,
            deadline: self.deadline + more.deadline,
            lost: self.lost + more.lost,
            down: self.down + more.down,
            left: self.left + more.left,
        }
    }
}
