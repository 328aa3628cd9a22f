//! A counter or gauge of a filter, out of Envoy's statistics.

use serde::Deserialize;

/// One series. Its labels stand in the stat's name, `tier=.=premium;.;` before the metric's own (see
/// `voxgate_host`), whatever tags Envoy makes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// The metric's name.
    pub name: String,
    pub value: u64,
    labels: Vec<(String, String)>,
}

/// `GET /stats?format=json`.
#[derive(Deserialize)]
struct Stats {
    stats: Vec<Stat>,
}

/// Histograms come as one entry of another shape.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stat {
    Simple { name: String, value: u64 },
    Other(serde::de::IgnoredAny),
}

// === impl Series ===

impl Series {
    /// All in an answer of Envoy's; `None` if it is none.
    pub fn parse(json: &[u8]) -> Option<Vec<Self>> {
        let Stats { stats } = serde_json::from_slice(json).ok()?;
        let all = stats.into_iter().filter_map(|it| match it {
            Stat::Simple { name, value } => Some(Self::new(&name, value)),
            Stat::Other(_) => None,
        });
        Some(all.collect())
    }

    fn new(stat: &str, value: u64) -> Self {
        let stat = stat.strip_prefix("wasmcustom.").unwrap_or(stat);
        let mut parts: Vec<&str> = stat.split(";.;").collect();
        let name = parts.pop().unwrap_or_default().to_owned();
        let label = |it: &str| {
            let (name, value) = it.split_once("=.=")?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self { name, value, labels: parts.into_iter().filter_map(label).collect() }
    }

    /// The value of a label; empty if it has none.
    pub fn label(&self, name: &str) -> &str {
        let label = self.labels.iter().find(|(it, _)| it == name);
        label.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}
