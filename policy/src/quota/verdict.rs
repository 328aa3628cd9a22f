//! What came of a demand.

use super::account::Standing;
use super::demand::AccountDemand;
use super::reservation::Reservation;
use super::rules::{QuotaRule, RuleId};
use super::window::Limit;

/// What came of a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was taken.
    Granted(Reservation),
    /// None of it was, for these reasons.
    Denied(Vec<Violation>),
}

/// A rule under which there is not enough left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: RuleId,
    /// Its limit, in counted units.
    pub limit: Limit,
    /// How it stands.
    pub standing: Standing,
}

// === impl Violation ===

impl Violation {
    /// Units that are left.
    pub fn remaining(&self) -> u64 {
        self.limit.burst.saturating_sub(self.standing.used)
    }

    /// Seconds until it is worth retrying, rounded up; `None` if time alone does not help: the
    /// request is larger than the limit, or units are held until somebody gives them back.
    pub fn retry_after(&self) -> Option<u64> {
        self.standing.millis.map(|it| it.div_ceil(1000).max(1))
    }
}

impl QuotaRule {
    /// The highest of the rule's soft limits that `used` of `limit` has reached, in percent.
    pub fn soft_limit_reached(&self, used: u64, limit: Limit) -> Option<u8> {
        let has_reached = |percent: &&u8| {
            let hundredths = u128::from(limit.burst).saturating_mul(u128::from(**percent));
            u128::from(used).saturating_mul(100) >= hundredths
        };
        self.soft.iter().rev().find(has_reached).copied()
    }
}

impl AccountDemand {
    /// The charges that `standings` find violated, and that are enforced.
    pub(super) fn violations(&self, standings: &[Standing]) -> Vec<Violation> {
        let each = self.charges.iter().zip(&self.shares).zip(standings);
        each.filter(|((charge, _), standing)| standing.is_violated && !charge.is_shadow)
            .filter_map(|((charge, share), standing)| {
                Some(Violation { rule: share.rule, limit: charge.limit?, standing: *standing })
            })
            .collect()
    }
}

impl Violation {
    /// What was compared, in words.
    pub(super) fn detail(&self, rule: &QuotaRule) -> String {
        let scale = rule.meter.scale();
        let whole = |units: u64| units.checked_div(scale).unwrap_or_default();
        let (limit, left) = (whole(self.limit.burst), whole(self.remaining()));
        let asked = self.standing.asked.div_ceil(scale);
        let (name, meter) = (&rule.name, rule.meter);
        let ask = format!("{left} of {limit} {meter} are left, and the request takes {asked}");
        match (self.standing.asked > self.limit.burst, self.retry_after()) {
            (true, _) => format!("Quota {name}: {ask}, more than there ever are."),
            (false, Some(seconds)) => format!("Quota {name}: {ask}; it may fit in {seconds} s."),
            (false, None) => format!("Quota {name}: {ask}; one must be given back first."),
        }
    }
}
