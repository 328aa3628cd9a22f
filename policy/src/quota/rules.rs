//! The `quotas` section, validated.

use std::time::Duration;

use super::account::CounterKey;
use super::meter::Meter;
use super::window::{Limit, Window};
use crate::body::{BodyPlan, Field};
use crate::names::NamePatterns;
use crate::operation::{OperationId, OperationSet};
use crate::spec::{OnStoreError, QuotaScope, RefundsSpec, WebSocketStreams};
use crate::tier::TierId;
use crate::time::UnixMillis;

/// A rule of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(super) u8);

/// What a caller gets of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Terms {
    /// No limit: the policy says so.
    Unlimited,
    /// In counted units.
    Limited {
        /// In a window, or held.
        units: u64,
        /// At once.
        burst: u64,
    },
}

/// The `quotas` section, validated.
#[derive(Clone, Debug)]
pub struct QuotaRules {
    pub(super) rules: Vec<QuotaRule>,
    /// What becomes of a request while the counters cannot be had.
    pub on_store_error: OnStoreError,
    /// How long a reservation lasts without a sign of life.
    pub lease: Duration,
    /// When a WebSocket holds a unit of `streams`.
    pub websockets: WebSocketStreams,
    /// What is given back.
    pub refund: RefundsSpec,
    /// For how long repeats of a charged request are not charged; `None`: all are.
    pub repeat_window: Option<Duration>,
    /// The path at which use can be asked for.
    pub usage_path: Option<String>,
    /// The scope whose callers may see all tenants' use.
    pub operator_scope: Option<String>,
    pub(super) label_tenants: Vec<String>,
}

/// One limit on one meter.
#[derive(Clone, Debug)]
pub struct QuotaRule {
    /// Its name.
    pub name: String,
    /// What is counted.
    pub meter: Meter,
    /// The operations that count.
    pub operations: OperationSet,
    /// Whether requests count that no rule recognises, and the policy lets pass.
    pub counts_unknown: bool,
    /// Over which time.
    pub window: Window,
    /// Whose use is added up.
    pub scope: QuotaScope,
    /// Percentages that are told, ascending.
    pub soft: Vec<u8>,
    /// Whether a denial is only counted.
    pub is_shadow: bool,
    pub(super) key: CounterKey,
    pub(super) weights: Vec<(NamePatterns, u32)>,
    pub(super) default: Option<Terms>,
    pub(super) tiers: Vec<(TierId, Terms)>,
    pub(super) share: u8,
    /// In counted units.
    pub(super) least: u64,
}

// === impl Terms ===

impl Terms {
    /// The limit, if there is one.
    pub fn limit(self) -> Option<Limit> {
        match self {
            Self::Unlimited => None,
            Self::Limited { units, burst } => Some(Limit { units, burst }),
        }
    }
}

impl From<Limit> for Terms {
    fn from(limit: Limit) -> Self {
        Self::Limited { units: limit.units, burst: limit.burst }
    }
}

// === impl QuotaRules ===

impl QuotaRules {
    /// Whether nothing is limited and nothing can be asked.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.usage_path.is_none()
    }

    /// When a reservation made or renewed now expires. A few moments only, that many share: a counter
    /// then keeps few sums.
    pub fn expiry(&self, now: UnixMillis) -> UnixMillis {
        let quantum = u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX) / 8;
        let expires = now.plus(self.lease).0;
        UnixMillis(expires.checked_next_multiple_of(quantum.max(1)).unwrap_or(expires))
    }

    /// The window of each counter that the rules have.
    pub fn windows(&self) -> Vec<(CounterKey, Window)> {
        self.rules.iter().map(|it| (it.key, it.window.clone())).collect()
    }

    /// A rule.
    pub fn get(&self, id: RuleId) -> Option<&QuotaRule> {
        self.rules.get(usize::from(id.0))
    }

    /// The rule called `name`.
    pub fn named(&self, name: &str) -> Option<(RuleId, &QuotaRule)> {
        self.iter().find(|(_, it)| it.name == name)
    }

    /// All rules, in the order of the policy.
    pub fn iter(&self) -> impl Iterator<Item = (RuleId, &QuotaRule)> {
        (0..u8::MAX).map(RuleId).zip(&self.rules)
    }

    /// The label of a tenant in metrics.
    pub fn tenant_label<'a>(&self, tenant: Option<&'a str>) -> &'a str {
        match tenant {
            None => "none",
            Some(tenant) if self.label_tenants.iter().any(|it| it == tenant) => tenant,
            Some(_) => "other",
        }
    }

    /// Whether what a body says of a request of `operations` counts, so that it must be read to its end.
    pub fn read(&self, operations: OperationSet, plan: &BodyPlan) -> bool {
        let says = |field| plan.body().names(field);
        self.rules.iter().any(|rule| {
            let by_head = rule.counts(operations);
            let by_body = rule.counts(plan.operations_by_body());
            let amount = match rule.meter {
                Meter::BatchLines => plan.takes_batches(),
                // A voice is made whatever else the body says.
                Meter::VoiceCreations | Meter::VoiceSlots
                    if operations.contains(OperationId::VOICE_CREATE) =>
                {
                    false
                }
                meter => meter.fields().iter().any(|it| says(*it)),
            };
            let weight = !rule.weights.is_empty() && says(Field::Model);
            (by_head || by_body) && (amount || weight || !by_head)
        })
    }
}

// === impl QuotaRule ===

impl QuotaRule {
    /// Whether requests that ask for any of these count.
    pub(super) fn counts(&self, operations: OperationSet) -> bool {
        operations.without(self.operations) != operations
    }

    /// What a caller of this tier gets, the tenant's own terms apart. `None` only for callers without
    /// a tier whom a policy on trial lets pass.
    pub fn terms(&self, tier: Option<TierId>) -> Option<Terms> {
        let of_tier = tier.and_then(|id| self.tiers.iter().find(|(it, _)| *it == id));
        of_tier.map(|(_, terms)| *terms).or(self.default)
    }

    /// What a unit counts for these models, in thousandths. If there are more, whose names nobody
    /// kept, any of them may be the dearest.
    pub(super) fn weight(&self, models: &[String], has_more: bool) -> u32 {
        if has_more {
            return self.weights.iter().map(|(_, weight)| *weight).fold(ONE, u32::max);
        }
        let of_model = |model: &String| {
            let fitting = self.weights.iter().filter(|(names, _)| names.contains(model));
            fitting.map(|(_, weight)| *weight).max().unwrap_or(ONE)
        };
        models.iter().map(of_model).max().unwrap_or(ONE)
    }
}

/// A weight of 1.
pub(super) const ONE: u32 = 1000;
