//! What becomes of a request: the one place where this is decided.

use std::rc::Rc;

use super::gate::{Ask, Full};
use super::guard::{Contended, Entrance, Guard, Guards};
use super::ladder::{Asked, Degrade, Rung};
use super::lane::Lane;
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

/// What the ladder says, before capacity was asked for.
enum Step {
    Enter(Entrance, Option<Rc<Degrade>>),
    Divert,
    Reject(RejectSpec),
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
    if let Some(late) = request.deadline.filter(|it| *it <= now).map(|it| now.since(it)) {
        let verdict = Verdict::Refused(Refusal::DeadlinePassed { late });
        return Ok(Decision { rule: None, level: Level::Normal, verdict });
    }
    let (rule, level, step, seen) = guards.update(Lane::Online, |guard| {
        let level = guard.level(rules, Lane::Online, now);
        let matched = rules.ladder.first_match(&request.asked, level);
        let enter = |guard: &mut Guard, degrade| {
            Step::Enter(guard.enter(&request.ask(), rules, Lane::Online, now), degrade)
        };
        let step = match matched.map(|it| &it.rung) {
            None | Some(Rung::Pass) => enter(guard, None),
            Some(Rung::Degrade(degrade)) => enter(guard, Some(Rc::clone(degrade))),
            Some(Rung::Divert) => Step::Divert,
            Some(Rung::Reject(reject)) => Step::Reject(*reject),
        };
        let seen = Seen::of(guard, rules, request);
        (matched.map(|it| Rc::clone(&it.name)), level, step, seen)
    })?;
    let verdict = match step {
        Step::Enter(entrance, degrade) => {
            seen.verdict(entrance, degrade, Lane::Online, level, request, rules, now)
        }
        Step::Divert => {
            let (entrance, seen) = guards.update(Lane::Batch, |guard| {
                guard.level(rules, Lane::Batch, now);
                let entrance = guard.enter(&request.ask(), rules, Lane::Batch, now);
                (entrance, Seen::of(guard, rules, request))
            })?;
            seen.verdict(entrance, None, Lane::Batch, level, request, rules, now)
        }
        Step::Reject(RejectSpec::Busy) => {
            Verdict::Refused(Refusal::Busy { why: Why::Rule, lane: Lane::Online, room: seen.drain })
        }
        Step::Reject(RejectSpec::TextTooLong) => Verdict::Refused(Refusal::TextTooLong {
            chars: request.asked.chars,
            longest: rules.longest(&request.asked, level, seen.most),
            lane: Lane::Online,
        }),
    };
    Ok(Decision { rule, level, verdict })
}

/// What a guard said while it was changed.
struct Seen {
    /// The most work of one request that would go on now.
    most: Work,
    /// How long until what is there is done.
    drain: std::time::Duration,
}

// === impl Seen ===

impl Seen {
    fn of(guard: &Guard, rules: &ShedRules, request: &Request<'_>) -> Self {
        Self {
            most: guard.room(request.asked.tier, rules, Lane::Online),
            drain: guard.drain(),
        }
    }

    fn verdict(
        &self,
        entrance: Entrance,
        degrade: Option<Rc<Degrade>>,
        lane: Lane,
        level: Level,
        request: &Request<'_>,
        rules: &ShedRules,
        now: UnixMillis,
    ) -> Verdict {
        let place = Place { id: request.id, lane, work: request.work };
        match entrance {
            Entrance::Admitted => Verdict::Admitted(place, degrade),
            Entrance::Waits => Verdict::Waits(place, degrade),
            Entrance::Full(Full::TooLarge { most }, _) if request.asked.chars > 0 => {
                Verdict::Refused(Refusal::TextTooLong {
                    chars: request.asked.chars,
                    longest: rules.longest(&request.asked, level, most),
                    lane,
                })
            }
            Entrance::Full(full, room) => {
                Verdict::Refused(Refusal::Busy { why: Why::Full(full), lane, room })
            }
            Entrance::TooLate(needed) => {
                let left = request.deadline.map_or(needed, |it| it.since(now));
                Verdict::Refused(Refusal::DeadlineUnmet { left, needed, lane })
            }
        }
    }
}

// === impl Request ===

impl Request<'_> {
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
