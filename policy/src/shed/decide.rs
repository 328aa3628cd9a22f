//! What becomes of a request: the one place where this is decided.

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use super::gate::{Ask, Full};
use super::guard::{Contended, Entrance, Guard, Guards, Unknown};
use super::ladder::{Asked, Degrade, Rung};
use super::lane::Lane;
use super::longest::Shorter;
use super::refusal::{Refusal, Why};
use super::rules::ShedRules;
use super::work::Work;
use crate::spec::{Level, RejectSpec};
use crate::time::UnixMillis;

/// A request that asks for capacity.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Its number, unique among all workers.
    pub id: u64,
    /// What tells its tenant from others; fairness is between these.
    pub tenant: u64,
    /// What the ladder looks at.
    pub asked: Asked<'a>,
    /// What it asks of the service.
    pub work: Work,
    /// By when its first byte is wanted.
    pub deadline: Option<UnixMillis>,
    /// Whether it can be held.
    pub may_wait: bool,
}

/// A place in a lane: given back by [`Guard::leave`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The request's number.
    pub id: u64,
    /// The lane.
    pub lane: Lane,
    /// How much of it is taken.
    pub work: Work,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The rule of the ladder that matched, if one did.
    pub rule: Option<Rc<str>>,
    /// How loaded the online lane was.
    pub level: Level,
    /// What becomes of the request.
    pub verdict: Verdict,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on, changed so.
    Admitted(Place, Option<Rc<Degrade>>),
    /// It waits for capacity, and then goes on, changed so.
    Waits(Place, Option<Rc<Degrade>>),
    /// It is answered.
    Refused(Refusal),
}

/// What the ladder says, and the gate where it may go on.
enum Step {
    Enter(Entrance, Option<Rc<Degrade>>),
    Divert,
    TooLong,
    /// There may be room after so long.
    Busy(Duration),
}

/// Decides on a request.
///
/// # Errors
/// The guards could not be had; nothing is taken.
pub fn decide(
    rules: &ShedRules,
    guards: &impl Guards,
    request: &Request<'_>,
    now: UnixMillis,
) -> Result<Decision, Contended> {
    decide_at(rules, guards, request, |guard| guard.level(rules, Lane::Online, now), now)
}

/// What becomes of a request at a level of load, as far as there is room for it: by a service of which
/// nothing is known, and to which nothing else is under way.
///
/// # Errors
/// None, for nobody else is there.
pub fn foresee(
    rules: &ShedRules,
    request: &Request<'_>,
    level: Level,
    now: UnixMillis,
) -> Result<Decision, Contended> {
    decide_at(rules, &Unknown, request, |_| level, now)
}

fn decide_at(
    rules: &ShedRules,
    guards: &impl Guards,
    request: &Request<'_>,
    level: impl Fn(&mut Guard) -> Level,
    now: UnixMillis,
) -> Result<Decision, Contended> {
    if let Some(late) = request.deadline.filter(|it| *it <= now).map(|it| now.since(it)) {
        let level = guards.read(Lane::Online).load.current();
        let verdict = Verdict::Refused(Refusal::DeadlinePassed { late });
        return Ok(Decision { rule: None, level, verdict });
    }
    let (rule, level, step) = guards.update(Lane::Online, |guard| {
        let level = level(guard);
        let matched = rules.ladder.first_match(&request.asked, level);
        let enter = |guard: &mut Guard, degrade| {
            Step::Enter(guard.enter(&request.ask(), rules, Lane::Online, now), degrade)
        };
        let step = match matched.map(|it| &it.rung) {
            None | Some(Rung::Pass) => enter(guard, None),
            Some(Rung::Degrade(degrade)) => enter(guard, Some(Rc::clone(degrade))),
            Some(Rung::Divert) => Step::Divert,
            Some(Rung::Reject(RejectSpec::TextTooLong)) => Step::TooLong,
            Some(Rung::Reject(RejectSpec::Busy)) => Step::Busy(guard.drain()),
        };
        (matched.map(|it| Rc::clone(&it.name)), level, step)
    })?;
    let shorter = || Shorter::new(rules, guards, request, level);
    let busy_by_rule = |room| Refusal::Busy { why: Why::Rule, lane: Lane::Online, room };
    let verdict = match step {
        Step::Enter(entrance, degrade) => {
            request.verdict(entrance, degrade, Lane::Online, shorter, now)
        }
        Step::Divert => {
            let entrance = guards.update(Lane::Batch, |guard| {
                guard.level(rules, Lane::Batch, now);
                guard.enter(&request.ask(), rules, Lane::Batch, now)
            })?;
            request.verdict(entrance, None, Lane::Batch, shorter, now)
        }
        Step::TooLong => Verdict::Refused(match shorter().passing(now) {
            // Who sends it in parts that do not pass either comes back all the more often.
            None => busy_by_rule(guards.read(Lane::Online).drain()),
            longest => Refusal::TextTooLong {
                why: Why::Rule,
                chars: request.asked.chars,
                longest,
                lane: Lane::Online,
            },
        }),
        Step::Busy(room) => Verdict::Refused(busy_by_rule(room)),
    };
    Ok(Decision { rule, level, verdict })
}

// === impl Request ===

impl Request<'_> {
    fn verdict<'a>(
        &self,
        entrance: Entrance,
        degrade: Option<Rc<Degrade>>,
        lane: Lane,
        shorter: impl Fn() -> Shorter<'a>,
        now: UnixMillis,
    ) -> Verdict {
        let place = Place { id: self.id, lane, work: self.work };
        let refusal = match entrance {
            Entrance::Admitted => return Verdict::Admitted(place, degrade),
            Entrance::Waits => return Verdict::Waits(place, degrade),
            // It would not pass later either.
            Entrance::Full(full @ Full::TooLarge { .. }, _) if self.asked.chars > 0 => {
                let shorter = shorter();
                Refusal::TextTooLong {
                    why: Why::Full(full),
                    chars: self.asked.chars,
                    longest: shorter.passing(now).or_else(|| shorter.possible()),
                    lane,
                }
            }
            Entrance::Full(full, room) => Refusal::Busy { why: Why::Full(full), lane, room },
            Entrance::TooLate(needed) => {
                let left = self.deadline.map_or(needed, |it| it.since(now));
                Refusal::DeadlineUnmet { left, needed, lane }
            }
        };
        Verdict::Refused(refusal)
    }

    /// What it asks of a gate.
    pub fn ask(&self) -> Ask {
        Ask {
            id: self.id,
            tenant: self.tenant,
            tier: self.asked.tier,
            work: self.work,
            until: self.deadline,
            may_wait: self.may_wait,
        }
    }
}
