//! From the `shedding` section as written to the validated one.

mod fed;
mod ladder;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::gate::{MAX_QUEUED, QueueTerms, TierTerms};
use super::load::{MetricName, Thresholds};
use super::rules::{LEAST_CHARS, ShedRules};
use super::work::{TierKey, Work};
use crate::error::{Path, PolicyError};
use crate::operation::OperationNames;
use crate::spec::{CapacitySpec, DeadlineSpec, LoadSpec, SheddingSpec, ThresholdsSpec, WorkUnit};
use crate::tier::{TierId, Tiers};

/// The most rules of one ladder.
pub const MAX_RULES: usize = 64;

/// Every second a worker tells what it has, and each third of a lease it must.
const LEASES: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(600));
const WAITS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(60));
const DWELLS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));
const BUDGETS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(3600));
const MAX_SHARE: u32 = 1000;
const MAX_PERCENT: u32 = 100_000;

impl ShedRules {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &SheddingSpec,
        path: &Path,
        operations: &OperationNames,
        tiers: &Tiers,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let mut compiler = Compiler { operations, tiers, errors };
        let CapacitySpec { unit, limit, batch_limit, most, least, .. } = spec.capacity;
        let place = path.key("capacity");
        let scale = if unit == WorkUnit::AudioSeconds { 1000 } else { 1 };
        let mut work = |units: Option<u64>, key: &str| {
            if units == Some(0) {
                compiler.error(place.key(key), "must be more than 0");
            }
            units.map(|it| Work(it.saturating_mul(scale)))
        };
        let online = work(limit, "limit");
        let batch = work(batch_limit, "batch_limit");
        let most = work(most, "most").unwrap_or(match unit {
            WorkUnit::AudioSeconds => Work(6_000_000),
            WorkUnit::TextChars => Work(6_000_u64.saturating_mul(LEAST_CHARS)),
            WorkUnit::Requests => Work(1000),
        });
        let least = work(least, "least").unwrap_or(match unit {
            WorkUnit::AudioSeconds => Work(1000),
            WorkUnit::TextChars => Work(LEAST_CHARS),
            WorkUnit::Requests => Work(1),
        });
        let is_too_little = |it: &Work| (Work(1)..least).contains(it);
        if [online, batch, Some(most)].iter().flatten().any(is_too_little) {
            compiler.error(place.key("least"), "no request would fit into the capacity");
        }
        let tier_terms = compiler.tiers(&spec.capacity, &place.key("tiers"));
        compiler.within(spec.lease.0, LEASES, &path.key("lease"));
        let load = path.key("load");
        compiler.within(spec.load.dwell.0, DWELLS, &load.key("dwell"));
        let busy = compiler.thresholds(&spec.load.busy, &load.key("busy"));
        let overload = compiler.thresholds(&spec.load.overload, &load.key("overload"));
        compiler.ordered(&spec.load, &load.key("overload"));
        let is_header = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if spec.load.report_header.is_empty() || !spec.load.report_header.bytes().all(is_header) {
            compiler.error(load.key("report_header"), "write the name of a header in lower case");
        }
        let mut report_metrics = Vec::new();
        for (i, name) in spec.load.report_metrics.iter().enumerate() {
            match MetricName::try_from(name.clone()) {
                Ok(name) => report_metrics.push(name),
                Err(error) => {
                    compiler.error(load.key("report_metrics").index(i), error.to_string());
                }
            }
        }
        let (default_budget, budgets) = compiler.budgets(&spec.deadline, &path.key("deadline"));
        let ladder = compiler.ladder(&spec.ladder, &path.key("ladder"));
        Self {
            unit,
            online,
            batch,
            most,
            least,
            tiers: tier_terms,
            lease: spec.lease.0,
            busy,
            overload,
            dwell: spec.load.dwell.0,
            report_header: spec.load.report_header.clone(),
            report_metrics,
            ladder,
            budgets,
            default_budget,
        }
    }
}

struct Compiler<'a> {
    operations: &'a OperationNames,
    tiers: &'a Tiers,
    errors: &'a mut Vec<PolicyError>,
}

// === impl Compiler ===

impl Compiler<'_> {
    fn error(&mut self, path: Path, message: impl Into<String>) {
        self.errors.push(PolicyError::new(path, message));
    }

    fn within(&mut self, length: Duration, (least, most): (Duration, Duration), path: &Path) {
        if !(least..=most).contains(&length) {
            let message = format!("must be between {least:?} and {most:?}");
            self.error(path.clone(), message);
        }
    }

    fn tier(&mut self, name: &str, path: &Path) -> Option<(TierId, TierKey)> {
        match self.tiers.resolve(name, path) {
            Ok(id) => Some((id, TierKey::of(name))),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn tiers(&mut self, spec: &CapacitySpec, path: &Path) -> Vec<TierTerms> {
        let mut terms = Vec::new();
        let mut reserved = 0_u32;
        for (name, share) in &spec.tiers {
            let place = path.key(name);
            let Some((_, tier)) = self.tier(name, &place) else { continue };
            if !(1..=MAX_SHARE).contains(&share.share) {
                self.error(place.key("share"), format!("must be between 1 and {MAX_SHARE}"));
            }
            reserved = reserved.saturating_add(share.reserve.into());
            if let Some(queue) = share.queue {
                let place = place.key("queue");
                if queue.max == 0 {
                    let message = format!("must be between 1 and {MAX_QUEUED}");
                    self.error(place.key("max"), message);
                }
                self.within(queue.wait.0, WAITS, &place.key("wait"));
            }
            terms.push(TierTerms {
                tier,
                share: share.share,
                reserve_percent: share.reserve,
                queue: share.queue.map(|it| QueueTerms { max: it.max as usize, wait: it.wait.0 }),
            });
        }
        let waiting = spec.tiers.values().filter_map(|it| it.queue).map(|it| it.max as usize);
        if waiting.fold(0, usize::saturating_add) > MAX_QUEUED {
            let message =
                format!("more than {MAX_QUEUED} requests may wait, of all tiers together");
            self.error(path.clone(), message);
        }
        let own = |name: &str| spec.tiers.get(name).map_or(0, |it| u32::from(it.reserve));
        let shut_out = self.tiers.names().find(|it| reserved.saturating_sub(own(it)) >= 100);
        if reserved > 100 {
            let message = format!("the tiers' reserves are {reserved} % of the capacity together");
            self.error(path.clone(), message);
        } else if let Some(name) = shut_out.map(str::to_owned) {
            self.error(path.clone(), format!("the reserves leave nothing for tier `{name}`"));
        }
        terms
    }

    fn thresholds(&mut self, spec: &ThresholdsSpec, path: &Path) -> Thresholds {
        let all =
            [(spec.in_use, "in_use"), (spec.first_byte, "first_byte"), (spec.reported, "reported")];
        for (percent, key) in all {
            if !(1..=MAX_PERCENT).contains(&percent) {
                self.error(path.key(key), format!("must be between 1 and {MAX_PERCENT} percent"));
            }
        }
        if spec.first_byte <= 100 {
            self.error(path.key("first_byte"), "100 percent is the baseline itself; write more");
        }
        Thresholds {
            use_percent: spec.in_use,
            first_byte_percent: spec.first_byte,
            reported_percent: spec.reported,
        }
    }

    fn ordered(&mut self, spec: &LoadSpec, path: &Path) {
        let LoadSpec { busy, overload, .. } = spec;
        for (busy, overload, key) in [
            (busy.in_use, overload.in_use, "in_use"),
            (busy.first_byte, overload.first_byte, "first_byte"),
            (busy.reported, overload.reported, "reported"),
        ] {
            if overload < busy {
                self.error(path.key(key), format!("must not be less than `busy`'s, {busy}"));
            }
        }
    }

    fn budgets(
        &mut self,
        spec: &DeadlineSpec,
        path: &Path,
    ) -> (Option<Duration>, Vec<(TierKey, Duration)>) {
        if let Some(default) = spec.default {
            self.within(default.0, BUDGETS, &path.key("default"));
        }
        let mut budgets = Vec::new();
        for (name, budget) in &spec.tiers {
            let place = path.key("tiers").key(name);
            self.within(budget.0, BUDGETS, &place);
            budgets.extend(self.tier(name, &place).map(|(_, tier)| (tier, budget.0)));
        }
        (spec.default.map(|it| it.0), budgets)
    }
}
