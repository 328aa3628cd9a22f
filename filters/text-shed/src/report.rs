//! What operators see of shedding.

use std::time::Duration;

use serde::Serialize;
use voxgate_host::{Counter, CounterFamily, GaugeFamily, HistogramFamily, RequestHeaders};
use voxgate_policy::ShedPolicy;
use voxgate_policy::shed::guard::{Contended, Guard};
use voxgate_policy::shed::load::Baseline;
use voxgate_policy::shed::{Lane, Refusal, ShedRules, ladder_rule};
use voxgate_policy::spec::Level;
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

use crate::running::Running;

/// The filter state that carries what was decided to access logs; Envoy puts `wasm.` before it.
pub const SHED_STATE: &str = "voxgate.shed";

/// What is counted; see `docs/filters/text-shed.md`.
pub struct Report {
    decisions: CounterFamily,
    waits: HistogramFamily,
    first_bytes: HistogramFamily,
    unchanged: Counter,
    contended: Counter,
    retries: Counter,
    in_flight: GaugeFamily,
    requests: GaugeFamily,
    waiting: GaugeFamily,
    capacity: GaugeFamily,
    level: GaugeFamily,
    baseline: GaugeFamily,
    drain: GaugeFamily,
    unit: GaugeFamily,
    is_learned: GaugeFamily,
    broke_under: GaugeFamily,
    speed: GaugeFamily,
    failed: GaugeFamily,
    baselines: GaugeFamily,
    recents: GaugeFamily,
}

/// What an access log is told.
#[derive(Serialize)]
struct Record {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    load: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waited_ms: Option<u64>,
}

// === impl Report ===

impl Report {
    /// The metrics that `policy` asks for.
    pub fn new(policy: &ShedPolicy) -> Self {
        let max = policy.metrics().max_series as usize;
        let of_lane = |name| GaugeFamily::new(name, &["service", "lane"], max);
        let of_size = |name| GaugeFamily::new(name, &["service", "lane", "size"], max);
        Self {
            decisions: CounterFamily::new(
                "voxgate_shed_decisions_total",
                &["outcome", "reason", "rule", "tier", "load"],
                max,
            ),
            waits: HistogramFamily::new("voxgate_shed_wait_ms", &["tier", "end"], max),
            first_bytes: HistogramFamily::new("voxgate_shed_first_byte_ms", &["tier", "lane"], max),
            unchanged: Counter::new("voxgate_shed_unchanged_total"),
            contended: Counter::new("voxgate_shed_contended_total"),
            retries: Counter::new("voxgate_shed_retries_total"),
            in_flight: of_lane("voxgate_shed_in_flight_units"),
            requests: of_lane("voxgate_shed_in_flight_requests"),
            waiting: of_lane("voxgate_shed_waiting_requests"),
            capacity: of_lane("voxgate_shed_capacity_units"),
            level: of_lane("voxgate_shed_load_level"),
            baseline: of_lane("voxgate_shed_first_byte_percent"),
            drain: of_lane("voxgate_shed_drain_ms"),
            unit: of_lane("voxgate_shed_unit"),
            is_learned: of_lane("voxgate_shed_capacity_is_learned"),
            broke_under: of_lane("voxgate_shed_broke_under_units"),
            speed: of_lane("voxgate_shed_speed_units"),
            failed: of_lane("voxgate_shed_failed_requests"),
            baselines: of_size("voxgate_shed_first_byte_baseline_ms"),
            recents: of_size("voxgate_shed_first_byte_recent_ms"),
        }
    }

    /// A request goes on.
    pub fn went_on(&self, running: &Running, is_on_trial: bool, request: &mut RequestHeaders<'_>) {
        let outcome = match (&running.degrade, running.place.lane) {
            _ if is_on_trial => "pass",
            (_, Lane::Batch) => "divert",
            (Some(_), Lane::Online) => "degrade",
            (None, Lane::Online) => "pass",
        };
        let tier = tier(&running.subject);
        let rule = running.rule.as_deref();
        self.count(outcome, "none", rule, tier, running.level);
        let waited = running.began.since(running.arrived);
        self.record(
            request,
            &Record {
                outcome,
                reason: None,
                rule: rule.map(ladder_rule),
                load: running.level,
                lane: Some(running.place.lane.as_str()),
                waited_ms: (!waited.is_zero()).then_some(millis(waited)),
            },
        );
    }

    /// A request is answered.
    pub fn refused(
        &self,
        refusal: &Refusal,
        subject: &Subject,
        rule: Option<&str>,
        level: Level,
        request: &mut RequestHeaders<'_>,
    ) {
        let reason = refusal.reason();
        self.count("reject", reason, rule, tier(subject), level);
        let place = refusal.place(rule);
        log::info!(
            "shed=reject reason={reason} rule={} load={} operation={} tier={} tenant={:?}",
            place,
            level.as_str(),
            subject.operations.join("+"),
            tier(subject),
            subject.tenant.as_deref().unwrap_or("none"),
        );
        let lane = refusal.lane().map(Lane::as_str);
        let (outcome, reason, rule) = ("reject", Some(reason), Some(place));
        self.record(request, &Record { outcome, reason, rule, load: level, lane, waited_ms: None });
    }

    /// What would have been decided, in shadow mode.
    pub fn on_trial(
        &self,
        outcome: &'static str,
        reason: &'static str,
        subject: &Subject,
        rule: Option<&str>,
        level: Level,
    ) {
        self.count(outcome, reason, rule, tier(subject), level);
        log::info!(
            "shed={outcome} reason={reason} rule={} load={} operation={} tier={}",
            rule.unwrap_or("none"),
            level.as_str(),
            subject.operations.join("+"),
            tier(subject),
        );
    }

    /// A request waited, and it ended so: `admitted`, `refused` or `left`.
    pub fn waited(&self, subject: &Subject, end: &str, waited: Duration) {
        self.waits.record(&[tier(subject), end], millis(waited));
    }

    /// The first byte of a good answer came, so long after the request went on.
    pub fn first_byte(&self, running: &Running, took: Duration) {
        let labels = [tier(&running.subject), running.place.lane.as_str()];
        self.first_bytes.record(&labels, millis(took));
    }

    /// A body should have been changed, and could not be.
    pub fn unchanged(&self) {
        self.unchanged.add(1);
    }

    /// A guard could not be had: the request passes.
    pub fn contended(&self, error: Contended) {
        self.contended.add(1);
        log::warn!("shedding: {error}");
    }

    /// Changes that were tried again.
    pub fn retries(&self, retries: u64) {
        self.retries.add(retries);
    }

    /// How a lane stands.
    pub fn state(
        &self,
        (service, lane): (&str, Lane),
        guard: &Guard,
        rules: &ShedRules,
        now: UnixMillis,
    ) {
        let labels = [service, lane.as_str()];
        let summary = guard.gate.summary();
        self.in_flight.record(&labels, rules.units(summary.in_flight.work));
        self.requests.record(&labels, summary.in_flight.requests as u64);
        self.waiting.record(&labels, summary.queued.requests as u64);
        self.capacity.record(&labels, rules.units(guard.capacity(rules, lane)));
        self.level.record(&labels, guard.load.current() as u64);
        self.drain.record(&labels, millis(guard.drain()));
        self.unit.record(&labels, rules.unit() as u64);
        self.is_learned.record(&labels, rules.is_learned(lane).into());
        let learned = guard.load.learned(now);
        self.baseline.record(&labels, u64::from(learned.first_byte_permille).div_ceil(10));
        self.broke_under.record(&labels, rules.units(learned.broke_under.unwrap_or_default()));
        self.speed.record(&labels, rules.units(learned.work_per_second));
        self.failed.record(&labels, learned.failed.into());
        for Baseline { from, baseline, recent } in learned.baselines {
            let size = rules.size(from);
            let labels = [service, lane.as_str(), &size];
            self.baselines.record(&labels, millis(baseline));
            self.recents.record(&labels, millis(recent));
        }
    }

    fn count(&self, outcome: &str, reason: &str, rule: Option<&str>, tier: &str, level: Level) {
        let rule = rule.unwrap_or("none");
        self.decisions.increment(&[outcome, reason, rule, tier, level.as_str()]);
    }

    fn record(&self, request: &mut RequestHeaders<'_>, record: &Record) {
        // A struct of strings and numbers cannot fail to serialise.
        let json = serde_json::to_vec(record).unwrap_or_default();
        request.set_filter_state(SHED_STATE, &json);
    }
}

fn tier(subject: &Subject) -> &str {
    subject.tier.as_deref().unwrap_or("none")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
