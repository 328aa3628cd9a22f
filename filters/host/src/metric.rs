//! Counters, gauges and histograms, defined once a VM, with labels that Istio and Prometheus understand.
//!
//! The ABI has no labels, so they stand in the stat's name: `outcome=.=deny;.;reason=.=expired;.;`
//! before the metric's own. Istio's `extraStatTags` and an Envoy `stats_tags` regex
//! `(outcome=\.=(.*?);\.;)` take each out of the name again. Envoy puts `wasmcustom.` in front and,
//! for Prometheus, drops it.

use std::cell::RefCell;
use std::collections::HashMap;

use proxy_wasm::{hostcalls, types::MetricType};

/// Longest label value, in bytes; a longer one is cut.
const MAX_LABEL_BYTES: usize = 64;

/// What stands in every label of the series that takes what does not fit.
const OVERFLOW: &str = "other";

thread_local! {
    /// Every definition makes Envoy remember a new id for good, even of a known name; and a plugin
    /// is configured anew in the same VM. So what is defined belongs to the VM.
    static DEFINED: RefCell<Defined> = RefCell::default();
}

#[derive(Default)]
struct Defined {
    ids: HashMap<String, u32>,
    /// How many series each family has, the overflow not counted. Families are few.
    series: Vec<(&'static str, usize)>,
}

impl Defined {
    fn id(&mut self, kind: MetricType, name: &str) -> Option<u32> {
        if let Some(id) = self.ids.get(name) {
            return Some(*id);
        }
        // Fails for an unknown kind only.
        let id = hostcalls::define_metric(kind, name).ok()?;
        self.ids.insert(name.to_owned(), id);
        Some(id)
    }

    /// The series of these label values, or the overflow if the family is full.
    fn series_id(&mut self, family: &Family, values: &[&str]) -> Option<u32> {
        let name = family.series_name(|index| values.get(index).copied().unwrap_or_default());
        if !self.ids.contains_key(&name) {
            if self.series.iter().all(|(name, _)| *name != family.name) {
                self.series.push((family.name, 0));
            }
            let series = self.series.iter_mut().find(|(name, _)| *name == family.name);
            if let Some((_, count)) = series {
                if *count >= family.max_series {
                    return self.id(family.kind, &family.series_name(|_| OVERFLOW));
                }
                *count = count.saturating_add(1);
            }
        }
        self.id(family.kind, &name)
    }
}

/// Metrics that differ in their labels.
#[derive(Clone, Copy, Debug)]
struct Family {
    kind: MetricType,
    name: &'static str,
    labels: &'static [&'static str],
    max_series: usize,
}

/// Counters that differ in their labels.
#[derive(Clone, Copy, Debug)]
pub struct CounterFamily(Family);

/// Gauges that differ in their labels.
#[derive(Clone, Copy, Debug)]
pub struct GaugeFamily(Family);

/// Histograms that differ in their labels. Envoy's buckets, for Prometheus, are by default made for
/// milliseconds: 0.5 to 3,600,000.
#[derive(Clone, Copy, Debug)]
pub struct HistogramFamily(Family);

// === impl Family ===

impl Family {
    fn id(&self, values: &[&str]) -> Option<u32> {
        DEFINED.with_borrow_mut(|defined| defined.series_id(self, values))
    }

    fn series_name<'a>(&self, value: impl Fn(usize) -> &'a str) -> String {
        let mut name = String::new();
        for (index, label) in self.labels.iter().enumerate() {
            name.push_str(label);
            name.push_str("=.=");
            push_sanitised(&mut name, value(index));
            name.push_str(";.;");
        }
        name.push_str(self.name);
        name
    }
}

// === impl CounterFamily ===

impl CounterFamily {
    /// A family of at most `max_series` counters in each VM, that is, in each worker. What goes past
    /// that is counted in one more, whose labels are all `other`: each series costs memory in every
    /// worker, and a label may come from a client.
    pub const fn new(
        name: &'static str,
        labels: &'static [&'static str],
        max_series: usize,
    ) -> Self {
        Self(Family { kind: MetricType::Counter, name, labels, max_series })
    }

    /// Counts one, with a value for each label in order; a missing one is empty. Anything but
    /// letters, digits and `_.+-` becomes `_`, or a value could end its label.
    pub fn increment(&self, values: &[&str]) {
        self.add(values, 1);
    }

    /// Counts `amount` more, as [`increment`](Self::increment) does one. Zero makes no series.
    pub fn add(&self, values: &[&str], amount: u64) {
        if amount > 0 {
            increment(self.0.id(values), amount);
        }
    }
}

// === impl GaugeFamily ===

impl GaugeFamily {
    /// As [`CounterFamily::new`].
    pub const fn new(
        name: &'static str,
        labels: &'static [&'static str],
        max_series: usize,
    ) -> Self {
        Self(Family { kind: MetricType::Gauge, name, labels, max_series })
    }

    /// Sets the value with these labels. All workers share it: the last to record stays.
    pub fn record(&self, values: &[&str], value: u64) {
        Gauge(self.0.id(values)).record(value);
    }
}

// === impl HistogramFamily ===

impl HistogramFamily {
    /// As [`CounterFamily::new`].
    pub const fn new(
        name: &'static str,
        labels: &'static [&'static str],
        max_series: usize,
    ) -> Self {
        Self(Family { kind: MetricType::Histogram, name, labels, max_series })
    }

    /// Counts a value.
    pub fn record(&self, values: &[&str], value: u64) {
        if let Some(id) = self.0.id(values) {
            let _ = hostcalls::record_metric(id, value);
        }
    }
}

/// Our own values are sound as they are; those of clients may be anything.
fn push_sanitised(name: &mut String, value: &str) {
    if value.len() <= MAX_LABEL_BYTES && value.chars().all(is_sound) {
        name.push_str(value);
    } else {
        let sanitise = |it| if is_sound(it) { it } else { '_' };
        name.extend(value.chars().take(MAX_LABEL_BYTES).map(sanitise));
    }
}

fn is_sound(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '.' | '+' | '-')
}

/// A counter without labels.
#[derive(Clone, Copy, Debug)]
pub struct Counter(Option<u32>);

impl Counter {
    /// The VM's counter of this name.
    pub fn new(name: &'static str) -> Self {
        Self(DEFINED.with_borrow_mut(|defined| defined.id(MetricType::Counter, name)))
    }

    /// Counts `amount` more.
    pub fn add(&self, amount: u64) {
        increment(self.0, amount);
    }
}

/// A value that goes up and down. All workers share it: what each [adds](Self::add) comes together,
/// of what they [record](Self::record) the last stays. Nothing takes back what a VM added that died.
#[derive(Clone, Copy, Debug)]
pub struct Gauge(Option<u32>);

impl Gauge {
    /// The VM's gauge of this name.
    pub fn new(name: &'static str) -> Self {
        Self(DEFINED.with_borrow_mut(|defined| defined.id(MetricType::Gauge, name)))
    }

    /// Sets the value.
    pub fn record(&self, value: u64) {
        if let Some(id) = self.0 {
            let _ = hostcalls::record_metric(id, value);
        }
    }

    /// Adds `change` to the value, atomically; a negative one takes away.
    ///
    /// Whoever takes away must have added before: Envoy does not stop at zero, and a gauge below it
    /// reads as some number near 2⁶⁴.
    pub fn add(&self, change: i64) {
        if let Some(id) = self.0 {
            // The host negates a negative one, and the lowest has no opposite.
            let _ = hostcalls::increment_metric(id, change.max(-i64::MAX));
        }
    }
}

/// Envoy refuses to count zero; it makes no difference. More than its signed offset can hold is
/// counted as the most.
fn increment(id: Option<u32>, amount: u64) {
    if let Some(id) = id
        && amount > 0
    {
        let _ = hostcalls::increment_metric(id, i64::try_from(amount).unwrap_or(i64::MAX));
    }
}
