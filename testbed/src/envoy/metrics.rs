//! Counters by name and label, as Prometheus scrapes them.

use super::{Envoy, EnvoyError, POLL};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// One series: its labels, and its value.
pub type Series = (BTreeMap<String, String>, u64);

// === impl Envoy ===

impl Envoy {
    /// Every series of the counter `name`; labels that Envoy adds itself included.
    ///
    /// # Errors
    /// When the admin interface does not answer.
    pub async fn series(&self, name: &str) -> Result<Vec<Series>, EnvoyError> {
        Ok(parse(&self.prometheus().await?, name))
    }

    /// The sum of the series of `name` that have all of `labels`; 0 when there is none.
    ///
    /// # Errors
    /// As [`Envoy::series`].
    pub async fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Result<u64, EnvoyError> {
        let has = |series: &BTreeMap<String, String>| {
            labels.iter().all(|(label, value)| series.get(*label).is_some_and(|it| it == value))
        };
        let series = self.series(name).await?;
        Ok(series.iter().filter(|(labels, _)| has(labels)).map(|(_, value)| value).sum())
    }

    /// Waits until [`Envoy::metric`] is `least` or more.
    ///
    /// # Errors
    /// When it is not so within twenty seconds.
    pub async fn wait_for_metric(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        least: u64,
    ) -> Result<u64, EnvoyError> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let value = self.metric(name, labels).await?;
            if value >= least {
                return Ok(value);
            }
            if Instant::now() >= deadline {
                let metric = format!("{name} {labels:?}");
                return Err(EnvoyError::MetricTooLow { metric, value, least });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// The series of `name` in Prometheus' text format.
fn parse(text: &str, name: &str) -> Vec<Series> {
    static LABEL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(\w+)="([^"]*)""#).expect("valid"));
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    lines
        .filter_map(|line| {
            let (labels, value) = line.rsplit_once(' ')?;
            if !(labels.is_empty() || labels.starts_with('{')) {
                return None; // a longer name
            }
            let labels = LABEL.captures_iter(labels);
            let labels = labels.map(|label| (label[1].to_owned(), label[2].to_owned()));
            Some((labels.collect(), value.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_with_their_labels_and_longer_names_are_not() {
        let text = "# TYPE a counter\na{x=\"1\",y=\"b\"} 3\na{} 4\na_total{x=\"1\"} 5\n";
        let labels = [("x".to_owned(), "1".to_owned()), ("y".to_owned(), "b".to_owned())];
        assert_eq!(parse(text, "a"), [(labels.into(), 3), (BTreeMap::new(), 4)]);
    }
}
