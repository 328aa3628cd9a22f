//! What operators see of quotas.

use serde::Serialize;
use voxgate_host::shared_data::SharedData;
use voxgate_host::{Counter, CounterFamily, Gauge, RequestHeaders};
use voxgate_policy::QuotaPolicy;
use voxgate_policy::quota::store::{LocalStore, StoreError};
use voxgate_policy::quota::{Denial, Ending, Outcome, QuotaRules, Settled};
use voxgate_policy::subject::Subject;

use crate::running::Running;
use crate::shared::Shared;

/// The filter state that carries the quota's decision to access logs; Envoy puts `wasm.` before it.
pub const QUOTA_STATE: &str = "voxgate.quota";

/// What is counted; see `docs/filters/voice-quota.md`.
pub struct Report {
    decisions: CounterFamily,
    reserved: CounterFamily,
    committed: CounterFamily,
    refunded: CounterFamily,
    soft: CounterFamily,
    at_zero: CounterFamily,
    store_errors: CounterFamily,
    store_retries: Counter,
    expired: Counter,
    leases: Gauge,
}

/// What an access log is told.
#[derive(Serialize)]
struct Record<'a> {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    charges: Vec<Charged<'a>>,
}

/// In units of the meter.
#[derive(Serialize)]
struct Charged<'a> {
    rule: &'a str,
    units: u64,
    used: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

// === impl Report ===

impl Report {
    /// The counters that `policy` asks for.
    pub fn new(policy: &QuotaPolicy) -> Self {
        let max = policy.metrics().max_series as usize;
        let family = |name, labels| CounterFamily::new(name, labels, max);
        Self {
            decisions: family(
                "voxgate_quota_decisions_total",
                &["outcome", "rule", "tier", "tenant"],
            ),
            reserved: family("voxgate_quota_reserved_total", &["rule", "meter", "tenant"]),
            committed: family("voxgate_quota_committed_total", &["rule", "meter", "tenant"]),
            refunded: family(
                "voxgate_quota_refunded_total",
                &["rule", "meter", "reason", "tenant"],
            ),
            soft: family("voxgate_quota_soft_total", &["rule", "percent", "tenant"]),
            at_zero: family("voxgate_quota_served_at_zero_total", &["operation", "tier"]),
            store_errors: family("voxgate_quota_store_errors_total", &["error"]),
            store_retries: Counter::new("voxgate_quota_store_retries_total"),
            expired: Counter::new("voxgate_quota_expired_units_total"),
            leases: Gauge::new("voxgate_quota_leases"),
        }
    }

    /// A request goes on with a reservation.
    pub fn granted(
        &self,
        running: &Running,
        request: &mut RequestHeaders<'_>,
        policy: &QuotaPolicy,
    ) {
        let quotas = policy.quotas();
        let tenant = quotas.tenant_label(running.subject.tenant.as_deref());
        let tier = running.subject.tier.as_deref().unwrap_or("none");
        let mut outcome = "granted";
        let mut charges = Vec::new();
        for (share, charge, taken, standing) in running.reservation.charges() {
            let Some(rule) = quotas.get(share.rule) else { continue };
            let meter = rule.meter.counted_in();
            self.reserved.add(&[&rule.name, meter, tenant], taken.units);
            if standing.is_violated {
                outcome = "would_deny";
                self.decisions.increment(&[outcome, &rule.name, tier, tenant]);
            }
            if let Some(limit) = charge.limit
                && let Some(percent) = rule.soft_limit_reached(standing.used, limit)
            {
                self.soft.increment(&[&rule.name, &percent.to_string(), tenant]);
            }
            charges.push(Charged {
                rule: &rule.name,
                units: taken.units.div_ceil(rule.meter.scale()),
                used: standing.used.div_ceil(rule.meter.scale()),
                limit: charge.limit.and_then(|it| it.burst.checked_div(rule.meter.scale())),
            });
        }
        if outcome == "granted" {
            self.decisions.increment(&[outcome, "none", tier, tenant]);
        } else {
            log::info!(
                "quota={outcome} tier={tier} operation={}",
                running.subject.operations.join("+")
            );
        }
        self.record(&Record { outcome, reason: None, rule: None, charges }, request);
    }

    /// A request is answered.
    pub fn denied(
        &self,
        denial: &Denial,
        subject: &Subject,
        request: &mut RequestHeaders<'_>,
        policy: &QuotaPolicy,
    ) {
        let quotas = policy.quotas();
        let tenant = quotas.tenant_label(subject.tenant.as_deref());
        let tier = subject.tier.as_deref().unwrap_or("none");
        let rules = violated(denial, quotas);
        match rules.as_slice() {
            [] => self.decisions.increment(&["denied", denial.reason(), tier, tenant]),
            rules => {
                rules.iter().for_each(|it| self.decisions.increment(&["denied", it, tier, tenant]))
            }
        }
        let rule = denial.rule(quotas);
        let reason = denial.reason();
        log::info!(
            "quota=deny reason={reason} rule={rule} operation={} tier={tier} tenant={:?}",
            subject.operations.join("+"),
            subject.tenant.as_deref().unwrap_or("none"),
        );
        let record = Record {
            outcome: "denied",
            reason: Some(reason),
            rule: Some(rule),
            charges: Vec::new(),
        };
        self.record(&record, request);
    }

    /// A request ended, and its charges are settled so.
    pub fn settled(
        &self,
        running: &Running,
        outcome: &Outcome,
        settled: &[Settled],
        shared: &Shared,
    ) {
        let quotas = shared.policy.quotas();
        let tenant = quotas.tenant_label(running.subject.tenant.as_deref());
        let mut is_charged = false;
        for ((share, _, taken, _), settled) in running.reservation.charges().zip(settled) {
            let Some(rule) = quotas.get(share.rule) else { continue };
            let meter = rule.meter.counted_in();
            is_charged |= settled.kept > 0;
            self.committed.add(&[&rule.name, meter, tenant], settled.kept);
            let given_back = taken.units.saturating_sub(settled.kept);
            let reason = settled.reason.as_str();
            self.refunded.add(&[&rule.name, meter, reason, tenant], given_back);
        }
        let is_served =
            outcome.ending == Ending::Complete && outcome.bytes > 0 && !outcome.is_silent;
        if is_served && running.is_metered && !is_charged && !outcome.is_repeat {
            let tier = running.subject.tier.as_deref().unwrap_or("none");
            self.at_zero.increment(&[&running.subject.operations.join("+"), tier]);
        }
    }

    /// The store could not be had.
    pub fn store_failed(&self, error: StoreError) {
        self.store_errors.increment(&[error.as_str()]);
        log::warn!("quota: {error}");
    }

    /// What requests under way hold: told at once, or a VM that dies would take it along.
    pub fn held(&self, store: &LocalStore<SharedData>) {
        match store.take_held() {
            0 => {}
            change => self.leases.add(change),
        }
    }

    /// What the store counted since last asked.
    pub fn store(&self, store: &LocalStore<SharedData>) {
        self.store_retries.add(store.take_retries());
        self.expired.add(store.take_expired());
        self.held(store);
    }

    fn record(&self, record: &Record<'_>, request: &mut RequestHeaders<'_>) {
        // A struct of strings and numbers cannot fail to serialise.
        let json = serde_json::to_vec(record).unwrap_or_default();
        request.set_filter_state(QUOTA_STATE, &json);
    }
}

fn violated(denial: &Denial, quotas: &QuotaRules) -> Vec<String> {
    match denial {
        Denial::Exceeded(violations) => violations
            .iter()
            .filter_map(|it| quotas.get(it.rule))
            .map(|it| it.name.clone())
            .collect(),
        Denial::Store(_) | Denial::NoSubject | Denial::UnknownTier => Vec::new(),
    }
}
