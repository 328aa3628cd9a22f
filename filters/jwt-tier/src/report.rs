//! What operators and clients see of a decision.

use voxgate_host::{CounterFamily, RequestHeaders};
use voxgate_policy::Policy;
use voxgate_policy::decide::Audit;
use voxgate_policy::decision::{Decision, Outcome, Record};

/// The filter state that carries the decision to access logs and to later filters; Envoy puts
/// `wasm.` before it.
pub const DECISION_STATE: &str = "voxgate.decision";

/// Counters of one configuration.
pub struct Report {
    decisions: CounterFamily,
}

const IDENTITIES: CounterFamily = CounterFamily::new("voxgate_identities_total", &["source"], 10);
const FETCHES: CounterFamily = CounterFamily::new("voxgate_jwks_fetches_total", &["result"], 10);

// === impl Report ===

impl Report {
    /// The counters that `policy` asks for.
    pub fn new(policy: &Policy) -> Self {
        const LABELS: &[&str] = &["outcome", "reason", "tier", "operation"];
        let max_series = policy.metrics().max_series as usize;
        Self { decisions: CounterFamily::new("voxgate_decisions_total", LABELS, max_series) }
    }

    /// Counts and logs a decision, and leaves it in the filter state.
    pub fn decided(&self, policy: &Policy, decision: &Decision, request: &mut RequestHeaders<'_>) {
        let record = Record::new(decision, policy);
        let or_none = |it: &Option<String>| it.clone().unwrap_or_else(|| "none".to_owned());
        self.decisions.increment(&[
            &record.outcome,
            record.reason,
            &or_none(&record.tier),
            &or_none(&record.operation),
        ]);
        IDENTITIES.increment(&[record.source.unwrap_or("none")]);
        request.set_filter_state(DECISION_STATE, record.to_json().as_bytes());
        if decision.outcome != Outcome::Allow {
            log::info!("{record}");
        }
    }

    /// Counts a fetch of keys.
    pub fn fetched(result: &'static str) {
        FETCHES.increment(&[result]);
    }
}

/// Logs of what a voice was made, if one was.
pub fn audited(audit: &Audit, policy: &Policy) {
    if let Some(record) = audit.record(policy) {
        // The level that Envoy shows unless it is told otherwise: an audit that is not seen is none.
        log::warn!("{record}");
    }
}
