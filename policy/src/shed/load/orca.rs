//! What a service says of itself: the header or trailer `endpoint-load-metrics`.
//!
//! Open Request Cost Aggregation (ORCA), in the text and JSON forms that Envoy reads
//! (`source/common/orca/orca_parser.cc`). The binary form is for gRPC libraries and is not read.

use serde_json::Value;
use thiserror::Error;

/// The name of a metric: a field of xDS's `OrcaLoadReport`, such as `cpu_utilization`, or one of its maps'
/// entries, such as `named_metrics.queue`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetricName(String);

/// What is no name of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no metric: a field such as `cpu_utilization`, or `named_metrics.` or `utilization.` and a name"
)]
pub struct MetricNameError(String);

/// The most of a header that is read, in bytes.
const LONGEST: usize = 4096;

/// The highest of the `wanted` metrics in the value of `endpoint-load-metrics`, in permille: 0.8 is 800. At
/// most 100,000. `None`: it says none of them, or nothing that can be understood.
pub fn orca(value: &[u8], wanted: &[MetricName]) -> Option<u32> {
    let value = std::str::from_utf8(value.get(..value.len().min(LONGEST))?).ok()?.trim();
    let (format, report) = value.split_once(' ').unwrap_or((value, ""));
    let found: Vec<f64> = match format {
        "TEXT" => text(report, wanted),
        "JSON" => json(report, wanted),
        _ => Vec::new(),
    };
    found.into_iter().filter_map(permille).max()
}

fn text(report: &str, wanted: &[MetricName]) -> Vec<f64> {
    let pairs = report.split(',').filter_map(|pair| pair.split_once('='));
    let wanted = pairs.filter(|(name, _)| wanted.iter().any(|w| w.0 == name.trim()));
    wanted.filter_map(|(_, number)| number.trim().parse().ok()).collect()
}

fn json(report: &str, wanted: &[MetricName]) -> Vec<f64> {
    let Ok(report) = serde_json::from_str::<Value>(report) else { return Vec::new() };
    let find = |name: &MetricName| match name.0.split_once('.') {
        Some((map, key)) => report.get(map)?.get(key)?.as_f64(),
        None => report.get(&name.0)?.as_f64(),
    };
    wanted.iter().filter_map(find).collect()
}

fn permille(number: f64) -> Option<u32> {
    // Not a number fails this, too.
    (number >= 0.0).then(|| (number * 1000.0).round().min(100_000.0) as u32)
}

// === impl MetricName ===

impl TryFrom<String> for MetricName {
    type Error = MetricNameError;

    fn try_from(name: String) -> Result<Self, MetricNameError> {
        let known = match name.split_once('.') {
            Some((map, key)) => {
                matches!(map, "named_metrics" | "utilization" | "request_cost") && !key.is_empty()
            }
            None => !name.is_empty(),
        };
        let legible = name.bytes().all(|b| b.is_ascii_graphic() && b != b',' && b != b'=');
        if known && legible { Ok(Self(name)) } else { Err(MetricNameError(name)) }
    }
}

impl AsRef<str> for MetricName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
