//! What a request would cost, by the code of the filter voice-quota. What was used already only a
//! proxy knows.

use serde::Serialize;
use voxgate_policy::Policy;
use voxgate_policy::calendar::CalendarUnit;
use voxgate_policy::decision::Decision;
use voxgate_policy::quota::{AccountId, Charge, Limit, Share, Units, Window};
use voxgate_policy::request::RequestHead;
use voxgate_policy::subject::Subject;

use super::Surroundings;

/// What a request takes of one limit; amounts are in units of the meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The rule.
    pub rule: String,
    /// The meter.
    pub meter: &'static str,
    /// Whose use is added up: `tenant`, `user`, `service`, or `anonymous` for callers without a
    /// tenant.
    pub scope: &'static str,
    /// What is taken before the request goes on; fewer if fewer are left of an estimate.
    pub units: u64,
    /// Whether that is an estimate, settled by what the answer delivers.
    pub is_estimate: bool,
    /// In a window, or held at a time; `None` if unlimited.
    pub limit: Option<u64>,
    /// At once.
    pub burst: Option<u64>,
    /// Over which time, as `10s`, `a month, Europe/Berlin`; `None` for what is held.
    pub window: Option<String>,
    /// Whether a denial is only counted.
    pub shadow: bool,
}

/// What the request of `head` takes, if it passes.
pub(super) fn costs(
    decision: &Decision,
    head: &RequestHead,
    policy: &Policy,
    surroundings: &Surroundings,
) -> Vec<Cost> {
    let subject = Subject::new(decision, head, policy);
    if subject.is_exempt || subject.asks_usage {
        return Vec::new();
    }
    let terms = subject.tenant.as_deref().and_then(|it| surroundings.terms(policy, it));
    let demand = policy.quotas().demand(&subject, policy, terms);
    let is_on_trial = policy.is_shadowed(voxgate_policy::spec::ShadowSection::Quotas);
    let mut costs = Vec::new();
    for account in &demand.accounts {
        for (charge, share) in account.charges.iter().zip(&account.shares) {
            costs.extend(Cost::new(&account.id, charge, share, policy, is_on_trial));
        }
    }
    costs
}

// === impl Cost ===

impl Cost {
    fn new(
        id: &AccountId,
        charge: &Charge,
        share: &Share,
        policy: &Policy,
        is_on_trial: bool,
    ) -> Option<Self> {
        let rule = policy.quotas().get(share.rule)?;
        let scale = rule.meter.scale();
        let (units, is_estimate) = match charge.units {
            Units::Exact(units) => (units, false),
            Units::Estimate { units, most } => (units.min(most), true),
        };
        let whole = |of: fn(Limit) -> u64| charge.limit.map(|it| of(it) / scale);
        Some(Self {
            rule: rule.name.clone(),
            meter: rule.meter.as_str(),
            scope: match id {
                AccountId::User(_) => "user",
                AccountId::Tenant(_) => "tenant",
                AccountId::Anonymous => "anonymous",
                AccountId::Service => "service",
            },
            units: units.div_ceil(scale),
            is_estimate,
            limit: whole(|it| it.units),
            burst: whole(|it| it.burst),
            window: window(&charge.window),
            shadow: charge.is_shadow || is_on_trial,
        })
    }

    /// As a line for people.
    pub fn line(&self) -> String {
        let about = if self.is_estimate { "about " } else { "" };
        let mut line = format!("{about}{} {}", self.units, self.meter);
        match self.limit {
            None => line += ", unlimited",
            Some(limit) => line += &format!(" of {limit}"),
        }
        match &self.window {
            Some(window) => line += &format!(" in {window}"),
            None => line += " at the same time",
        }
        if self.burst != self.limit
            && let Some(burst) = self.burst
        {
            line += &format!(", {burst} at once");
        }
        if self.burst.is_some_and(|it| self.units > it) {
            line += ", more than there ever are: 429";
        }
        if self.scope != "tenant" {
            line += &format!(" ({})", self.scope);
        }
        if self.shadow {
            line += " (shadow)";
        }
        line
    }
}

fn window(window: &Window) -> Option<String> {
    match window {
        Window::Rolling(period) => Some(humantime::format_duration(*period).to_string()),
        Window::Calendar(unit, zone) => {
            let unit = match unit {
                CalendarUnit::Day => "day",
                CalendarUnit::Week => "week",
                CalendarUnit::Month => "month",
            };
            Some(format!("a {unit}, {}", zone.name()))
        }
        Window::Held => None,
    }
}
