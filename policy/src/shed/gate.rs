//! How much of a service's capacity is in use, and who waits for it.

mod answer;
mod clock;
mod entries;
mod terms;
#[cfg(test)]
mod tests;
mod turns;

use serde::{Deserialize, Serialize};

pub use self::answer::{Advanced, Arrival, Full, Left, Standing, Summary, Tally, TierSummary};
use self::clock::{Clock, Passed, Timer};
use self::entries::{Entry, Waiting, displaced};
pub use self::terms::{GateTerms, QueueTerms, TierTerms};
use self::turns::Turns;
use super::work::{TierKey, Work};
use crate::time::UnixMillis;

/// The most requests in flight.
pub const MAX_IN_FLIGHT: usize = 4096;

/// The most requests that wait, of all tiers.
pub const MAX_QUEUED: usize = 512;

/// What is in flight to a service, and what waits. Plain data: callers keep it as bytes.
///
/// # Room
/// A request is admitted if the work in flight, its own, and what is left of the reserves of *other*
/// tiers are together no more than the capacity. So a tier may use what others leave, but never
/// their reserve. Only [`force`](Self::force) and a capacity that shrinks let more be in flight.
///
/// # The fair order
/// Of waiting requests these go first:
/// 1. those that fit into their own tier's reserve: others cannot have that room;
/// 2. those of the tier with the least work in flight by its share;
/// 3. in a tier, those of the tenant with the fewest requests in flight; among those, a tenant's
///    *first* before others' further ones: one is first if no other of its tenant was in flight or
///    waited when it came;
/// 4. those that came first.
///
/// # Overtaking
/// Where a tier's fair order leaves it to who came first, the shortest goes first; so between tiers
/// that are level, by their shares. And if the first of a tier does not fit, the first of another
/// that does may go. A request is *overtaken* if it is its turn in its tier (by 3) and the fair order
/// has it before the one that is admitted. Overtaken `max_overtakes` times it is *due*: it goes
/// before all that the fair order has after it, and if it does not fit yet, room is kept for it.
///
/// Nobody goes before one of its own tier that has more right by 3: room is kept for that at once,
/// even if only the other fits.
///
/// # How long one waits
/// - In its tier it is overtaken at most `max_overtakes` times; and so it is by all tiers together,
///   as long as it is its turn in its own. What else goes before it has more right: into its own
///   reserve; of a tier with less in flight by its share; of a tenant with fewer in flight; a
///   tenant's first if it is not; or of equal right and older.
/// - So a tenant's first, while nothing else of it is in flight, waits in its tier for what is in
///   flight already, for firsts that are older, and for `max_overtakes` others' firsts that are
///   shorter: for none of a tenant that floods the service, whose requests are further ones.
/// - Another tier has more right only into its reserve, or while its own has something in flight.
/// - No longer than its queue's `wait`, and not past its `until`.
/// - One with more work than [`GateTerms::most`], since the capacity shrank, waits for that to
///   change; nobody waits for it.
///
/// # Time
/// A lease or a wait is kept as the time that is left, and what passes between two calls is at most
/// half a lease (at least a second). So a clock that steps forth does not end what is under way, and
/// one that steps back keeps nothing for ever. Workers renew at least every third of a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    clock: Clock,
    in_flight: Vec<Entry>,
    /// By arrival.
    queue: Vec<Waiting>,
}

/// A request that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Names it; no other may have the same.
    pub id: u64,
    /// A hash of its tenant.
    pub tenant: u64,
    /// Its tier.
    pub tier: TierKey,
    /// Its work.
    pub work: Work,
    /// When its client has no more use for it.
    pub until: Option<UnixMillis>,
    /// Whether it may wait, if its tier's requests do.
    pub may_wait: bool,
}

// === impl Gate ===

impl Gate {
    /// A request comes: it goes at once if it fits and nobody who waits goes before it.
    ///
    /// A full queue has room for a tenant that has at least two fewer there than another: the other's
    /// last request is [`Gone`](Standing::Gone).
    ///
    /// Time passes first, as with [`advance`](Self::advance), so others may be admitted, too. A
    /// request that the gate knows already stands as it stood.
    pub fn arrive(&mut self, ask: &Ask, terms: &GateTerms, now: UnixMillis) -> Arrival {
        self.advance(terms, now);
        if self.is_admitted(ask.id) {
            return Arrival::Admitted;
        }
        if self.is_waiting(ask.id) {
            return Arrival::Queued;
        }
        let most = terms.most(ask.tier);
        if ask.work > most {
            return Arrival::Refused(Full::TooLarge { most });
        }
        if self.in_flight.len() >= MAX_IN_FLIGHT {
            return Arrival::Refused(Full::Bound);
        }
        let is_further = self.entries().any(|it| it.tenant == ask.tenant);
        self.queue.push(Waiting::new(ask, is_further, terms, self.clock.now()));
        let next = Turns::new(&self.in_flight, &self.queue, terms).next(&self.queue);
        let is_next = next.is_some_and(|it| it.id == ask.id);
        if !is_next && let Err(full) = self.make_place(ask, terms) {
            self.queue.pop();
            return Arrival::Refused(full);
        }
        self.admit(terms);
        if self.is_admitted(ask.id) { Arrival::Admitted } else { Arrival::Queued }
    }

    /// Counts a request as in flight, over capacity if need be; not if [`MAX_IN_FLIGHT`] are.
    pub fn force(&mut self, ask: &Ask, terms: &GateTerms, now: UnixMillis) {
        self.expire(terms, now);
        self.queue.retain(|it| it.entry.id != ask.id);
        if !self.is_admitted(ask.id) && self.in_flight.len() < MAX_IN_FLIGHT {
            self.in_flight.push(Entry::new(ask, terms));
        }
    }

    /// A request is finished or its client has left, in flight or waiting. [`advance`](Self::advance)
    /// then. `None`: it has expired, or left already.
    pub fn leave(&mut self, id: u64) -> Option<Left> {
        if let Some(place) = self.in_flight.iter().position(|it| it.id == id) {
            let Entry { tier, work, .. } = self.in_flight.swap_remove(place);
            return Some(Left { tier, work, was_admitted: true });
        }
        let place = self.queue.iter().position(|it| it.entry.id == id)?;
        let Entry { tier, work, .. } = self.queue.remove(place).entry;
        Some(Left { tier, work, was_admitted: false })
    }

    /// Lets time pass: leases and waits expire, and who waits is admitted while there is room.
    pub fn advance(&mut self, terms: &GateTerms, now: UnixMillis) -> Advanced {
        let mut advanced = self.expire(terms, now);
        advanced.admitted = self.admit(terms);
        advanced.changed |= advanced.admitted > 0;
        advanced
    }

    /// Where a request stands. To see only whether it waits still, [`is_waiting`](Self::is_waiting)
    /// costs far less.
    pub fn standing(&self, id: u64, terms: &GateTerms) -> Standing {
        if self.is_admitted(id) {
            return Standing::Admitted;
        }
        if !self.is_waiting(id) {
            return Standing::Gone;
        }
        let mut ahead = self.summary().in_flight.work;
        let mut queue = self.queue.clone();
        let mut turns = Turns::new(&self.in_flight, &queue, terms).boundless();
        while let Some(next) = turns.take(&mut queue).filter(|it| it.id != id) {
            ahead = ahead.plus(next.work);
        }
        Standing::Waiting { ahead }
    }

    /// Whether a request waits.
    pub fn is_waiting(&self, id: u64) -> bool {
        self.queue.iter().any(|it| it.entry.id == id)
    }

    /// A worker says which requests it still has, in flight or waiting. Whether any of them is known:
    /// else nothing need be kept.
    pub fn renew(&mut self, ids: &[u64], terms: &GateTerms, now: UnixMillis) -> bool {
        self.pass(terms, now);
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let waiting = self.queue.iter_mut().map(|it| &mut it.entry);
        let known = self.in_flight.iter_mut().chain(waiting);
        let mut is_any = false;
        for entry in known.filter(|it| ids.binary_search(&it.id).is_ok()) {
            entry.lease = Timer::of(terms.lease);
            is_any = true;
        }
        is_any
    }

    /// What is in flight, and what waits.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        self.in_flight.iter().for_each(|it| summary.add(it, true));
        self.queue.iter().for_each(|it| summary.add(&it.entry, false));
        summary.tiers.sort_unstable_by_key(|it| it.tier);
        summary
    }

    /// The most work that a request of a tier could have to fit now, whoever waits.
    pub fn room(&self, tier: TierKey, terms: &GateTerms) -> Work {
        let summary = self.summary();
        let used = |key: TierKey| {
            let tier = summary.tiers.iter().find(|it| it.tier == key);
            tier.map(|it| it.in_flight.work).unwrap_or_default()
        };
        let others = terms.tiers.iter().filter(|it| it.tier != tier);
        let free = terms.capacity.minus(summary.in_flight.work);
        others.fold(free, |left, it| left.minus(it.reserve(terms.capacity).minus(used(it.tier))))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.in_flight.iter().chain(self.queue.iter().map(|it| &it.entry))
    }

    /// Whether a request is in flight.
    pub fn is_admitted(&self, id: u64) -> bool {
        self.in_flight.iter().any(|it| it.id == id)
    }

    /// Whether the last of the queue may stay there.
    fn make_place(&mut self, ask: &Ask, terms: &GateTerms) -> Result<(), Full> {
        let may_wait = self.queue.last().is_some_and(|it| !it.patience.is_over());
        let Some(queue) = terms.queue(ask.tier).filter(|_| may_wait) else {
            return Err(Full::Capacity);
        };
        let of_tier = self.queue.iter().filter(|it| it.entry.tier == ask.tier).count();
        if of_tier > queue.max || self.queue.len() > MAX_QUEUED {
            let place = displaced(&self.queue, ask).ok_or(Full::Queue)?;
            self.queue.remove(place);
        }
        Ok(())
    }

    fn admit(&mut self, terms: &GateTerms) -> usize {
        let before = self.in_flight.len();
        if self.queue.is_empty() {
            return 0;
        }
        let mut turns = Turns::new(&self.in_flight, &self.queue, terms);
        while self.in_flight.len() < MAX_IN_FLIGHT
            && let Some(entry) = turns.take(&mut self.queue)
        {
            self.in_flight.push(Entry { lease: Timer::of(terms.lease), ..entry });
        }
        self.in_flight.len().saturating_sub(before)
    }

    fn expire(&mut self, terms: &GateTerms, now: UnixMillis) -> Advanced {
        let is_step = self.pass(terms, now);
        let lapsed = self.in_flight.extract_if(.., |it| it.lease.is_over()).count();
        let lapsed_waiting = self.queue.extract_if(.., |it| it.entry.lease.is_over()).count();
        let timed_out = self.queue.extract_if(.., |it| it.patience.is_over()).count();
        let lapsed = lapsed.saturating_add(lapsed_waiting);
        let changed = is_step || lapsed > 0 || timed_out > 0;
        Advanced { admitted: 0, lapsed, timed_out, changed }
    }

    /// Whether the clock stepped while there was something to be timed.
    fn pass(&mut self, terms: &GateTerms, now: UnixMillis) -> bool {
        let Passed { elapsed, is_step } = self.clock.pass(now, terms.lease);
        self.in_flight.iter_mut().for_each(|it| it.lease.pass(elapsed));
        for waiting in &mut self.queue {
            waiting.entry.lease.pass(elapsed);
            waiting.patience.pass(elapsed);
        }
        is_step && !(self.in_flight.is_empty() && self.queue.is_empty())
    }
}

// === impl Summary ===

impl Summary {
    fn add(&mut self, entry: &Entry, is_in_flight: bool) {
        let tally = |all: &mut Tally, queued: &mut Tally| match is_in_flight {
            true => all.add(entry.work),
            false => queued.add(entry.work),
        };
        tally(&mut self.in_flight, &mut self.queued);
        match self.tiers.iter_mut().find(|it| it.tier == entry.tier) {
            Some(it) => tally(&mut it.in_flight, &mut it.queued),
            None => {
                let mut it = TierSummary { tier: entry.tier, ..TierSummary::default() };
                tally(&mut it.in_flight, &mut it.queued);
                self.tiers.push(it);
            }
        }
    }
}
