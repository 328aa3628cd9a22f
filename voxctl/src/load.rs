//! What a proxy's text-shed knows of its services and learned of them, as it stands in Envoy's
//! statistics.

mod client;
mod error;
mod series;

use std::collections::BTreeMap;

use serde::Serialize;
use voxgate_policy::spec::Level;

pub use client::{AdminUrl, Client};
pub use error::{BadAdminUrl, LoadError};
use series::Series;

/// What a proxy knows; documented in docs/voxctl.md.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Of each lane of each service, as it stood at the last tick, at most a second ago.
    pub lanes: Vec<Lane>,
    /// What was decided since Envoy started, the most frequent first.
    pub decisions: Vec<Decided>,
    /// Requests that passed, or places that expire by their lease, because workers got in each other's
    /// way.
    pub contended: u64,
    /// Bodies that should have been changed and could not be.
    pub unchanged: u64,
}

/// One lane of a service. Units are the policy's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// The Envoy cluster; what is neither a letter, a digit nor one of `_.+-` is `_`.
    pub service: String,
    /// `online` or `batch`.
    pub lane: String,
    /// How loaded it is.
    pub load: Level,
    /// What is counted: `audio_seconds`, `text_chars` or `requests`.
    pub unit: &'static str,
    /// In flight.
    pub in_flight: u64,
    /// What may be in flight.
    pub capacity: u64,
    /// Whether that was learned.
    pub is_learned: bool,
    /// In flight when the service broke, if it did lately; else 0.
    pub broke_under: u64,
    /// Requests in flight.
    pub requests: u64,
    /// Requests that wait.
    pub waiting: u64,
    /// First bytes of late, in percent of their baseline.
    pub first_byte_percent: u64,
    /// How long it takes until what is there is done.
    pub drain_ms: u64,
    /// Units finished in a second when there is most to do.
    pub speed: u64,
    /// Requests of the last seconds that the service failed.
    pub failed: u64,
    /// First bytes by size of work, the smallest first.
    pub first_bytes: Vec<FirstByte>,
}

/// How late first bytes of one size of work are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirstByte {
    /// From so many units on, to the next.
    pub from: String,
    /// While the service is quiet.
    pub baseline_ms: u64,
    /// Of late.
    pub recent_ms: u64,
}

/// How often one thing was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// `pass`, `degrade`, `divert`, `reject`, or in shadow mode `would_…`.
    pub outcome: String,
    /// Why it was rejected, or `none`.
    pub reason: String,
    /// The rule of the ladder, or `none`.
    pub rule: String,
    /// The tier, or `none`.
    pub tier: String,
    /// How loaded the online lane was.
    pub load: String,
    /// How often.
    pub count: u64,
}

// === impl Load ===

impl Load {
    /// What series say; `None` if there is no text-shed.
    fn new(series: &[Series]) -> Option<Self> {
        let of = |name: &'static str| series.iter().filter(move |it| it.name == name);
        let sum = |name| of(name).map(|it| it.value).sum();
        // It is there as soon as a configuration is.
        of("voxgate_shed_contended_total").next()?;
        let lanes = of("voxgate_shed_capacity_units").map(|it| Lane::new(it, series)).collect();
        let mut decisions: Vec<Decided> =
            of("voxgate_shed_decisions_total").map(Decided::new).collect();
        decisions.sort_by_key(|it| std::cmp::Reverse(it.count));
        Some(Self {
            lanes,
            decisions,
            contended: sum("voxgate_shed_contended_total"),
            unchanged: sum("voxgate_shed_unchanged_total"),
        })
    }
}

// === impl Lane ===

impl Lane {
    fn new(of: &Series, series: &[Series]) -> Self {
        let (service, lane) = (of.label("service"), of.label("lane"));
        let here = |it: &&Series| it.label("service") == service && it.label("lane") == lane;
        let mine: Vec<&Series> = series.iter().filter(here).collect();
        let gauge = |name: &str| {
            let name = format!("voxgate_shed_{name}");
            mine.iter().find(|it| it.name == name).map(|it| it.value).unwrap_or_default()
        };
        let mut sizes: BTreeMap<u64, FirstByte> = BTreeMap::new();
        for it in &mine {
            let from = it.label("size");
            // What has no room of its own (`other`) is of no size.
            let Some(order) = thousandths(from) else { continue };
            let size = sizes.entry(order).or_insert_with(|| FirstByte {
                from: from.to_owned(),
                baseline_ms: 0,
                recent_ms: 0,
            });
            match it.name.as_str() {
                "voxgate_shed_first_byte_baseline_ms" => size.baseline_ms = it.value,
                "voxgate_shed_first_byte_recent_ms" => size.recent_ms = it.value,
                _ => {}
            }
        }
        Self {
            service: service.to_owned(),
            lane: lane.to_owned(),
            load: match gauge("load_level") {
                0 => Level::Normal,
                1 => Level::Busy,
                _ => Level::Overload,
            },
            unit: match gauge("unit") {
                0 => "audio_seconds",
                1 => "text_chars",
                _ => "requests",
            },
            in_flight: gauge("in_flight_units"),
            capacity: of.value,
            is_learned: gauge("capacity_is_learned") > 0,
            broke_under: gauge("broke_under_units"),
            requests: gauge("in_flight_requests"),
            waiting: gauge("waiting_requests"),
            first_byte_percent: gauge("first_byte_percent"),
            drain_ms: gauge("drain_ms"),
            speed: gauge("speed_units"),
            failed: gauge("failed_requests"),
            first_bytes: sizes.into_values().collect(),
        }
    }
}

/// `8.192` as 8192, to be compared.
fn thousandths(size: &str) -> Option<u64> {
    let (whole, rest) = size.split_once('.').unwrap_or((size, "000"));
    if rest.len() != 3 {
        return None;
    }
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(rest.parse().ok()?)
}

// === impl Decided ===

impl Decided {
    fn new(series: &Series) -> Self {
        let label = |name| series.label(name).to_owned();
        Self {
            outcome: label("outcome"),
            reason: label("reason"),
            rule: label("rule"),
            tier: label("tier"),
            load: label("load"),
            count: series.value,
        }
    }
}
