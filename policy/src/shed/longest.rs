//! How long a text may be to pass now.

use super::decide::Request;
use super::gate::Ask;
use super::guard::{Entrance, Guard, Guards};
use super::ladder::{Asked, Rung};
use super::lane::Lane;
use super::rules::ShedRules;
use super::work::Work;
use crate::spec::{Level, WorkUnit};
use crate::time::UnixMillis;

/// Requests like one that is refused, but with a shorter text, which takes as long in proportion.
pub(super) struct Shorter<'a> {
    rules: &'a ShedRules,
    request: &'a Request<'a>,
    level: Level,
    /// By [`Lane::ALL`].
    guards: [Guard; 2],
}

// === impl Shorter ===

impl<'a> Shorter<'a> {
    pub fn new(
        rules: &'a ShedRules,
        guards: &impl Guards,
        request: &'a Request<'a>,
        level: Level,
    ) -> Self {
        Self { rules, request, level, guards: Lane::ALL.map(|it| guards.read(it)) }
    }

    /// The longest text, in characters, with which it would go on now, or wait.
    pub fn passing(&self, now: UnixMillis) -> Option<u64> {
        let tier = self.request.asked.tier;
        let passes = |chars: &u64| self.passes(*chars, now);
        let in_lane = |lane| {
            let by_waiting = self.fitting(lane, self.most(lane)).filter(passes);
            let room = self.guard(lane).room(tier, self.rules, lane);
            by_waiting.or_else(|| self.fitting(lane, room).filter(passes))
        };
        Lane::ALL.into_iter().filter_map(in_lane).max()
    }

    /// The longest text, in characters, with which it would go on if nobody else were there.
    pub fn possible(&self) -> Option<u64> {
        Lane::ALL.into_iter().filter_map(|lane| self.fitting(lane, self.most(lane))).max()
    }

    /// The longest text with which the ladder sends it to this lane, and that is no more work than
    /// `limit`.
    fn fitting(&self, lane: Lane, limit: Work) -> Option<u64> {
        let asked = &self.request.asked;
        let fits =
            |chars: &u64| self.work(*chars) <= limit && self.lane(&asked.cut(*chars)) == Some(lane);
        let bounds = self.rules.ladder.bounds(asked).chain([self.chars_in(limit)]);
        let shorter = bounds.map(|it| it.min(asked.chars.saturating_sub(1)));
        shorter.filter(|it| *it > 0).filter(fits).max()
    }

    fn most(&self, lane: Lane) -> Work {
        self.guard(lane).most(self.request.asked.tier, self.rules, lane)
    }

    fn passes(&self, chars: u64, now: UnixMillis) -> bool {
        let Some(lane) = self.lane(&self.request.asked.cut(chars)) else { return false };
        let ask = Ask { work: self.work(chars), ..self.request.ask() };
        let entrance = self.guard(lane).clone().enter(&ask, self.rules, lane, now);
        matches!(entrance, Entrance::Admitted | Entrance::Waits)
    }

    fn guard(&self, lane: Lane) -> &Guard {
        let [online, batch] = &self.guards;
        match lane {
            Lane::Online => online,
            Lane::Batch => batch,
        }
    }

    /// Where the ladder sends it; `None`: it rejects it.
    fn lane(&self, asked: &Asked<'_>) -> Option<Lane> {
        match self.rules.ladder.first_match(asked, self.level).map(|it| &it.rung) {
            None | Some(Rung::Pass | Rung::Degrade(_)) => Some(Lane::Online),
            Some(Rung::Divert) => Some(Lane::Batch),
            Some(Rung::Reject(_)) => None,
        }
    }

    fn work(&self, chars: u64) -> Work {
        let audio_ms = self.request.asked.cut(chars).speech_ms.saturating_add(self.brought().0);
        self.rules.work_of(chars, audio_ms)
    }

    /// How long a text is that makes so much work.
    fn chars_in(&self, work: Work) -> u64 {
        let asked = &self.request.asked;
        match self.rules.unit() {
            WorkUnit::AudioSeconds => asked.chars_in(work.minus(self.brought()).0),
            WorkUnit::TextChars => work.0,
            WorkUnit::Requests => asked.chars,
        }
    }

    /// The audio that it brings, which no shorter text makes less.
    fn brought(&self) -> Work {
        self.request.work.minus(Work(self.request.asked.speech_ms))
    }
}
