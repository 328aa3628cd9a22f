//! What a gate must come to: its rules word by word, over lists of requests. Nothing is counted
//! ahead, and time is one that only goes forth.

use crate::shed::gate::tests::*;

#[derive(Clone, Debug)]
pub struct One {
    pub id: u64,
    pub tenant: u64,
    pub tier: TierKey,
    pub work: u64,
    dies: u64,
    gives_up: u64,
    is_further: bool,
    pub overtaken: u8,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    seen: u64,
    time: u64,
    pub in_flight: Vec<One>,
    /// By arrival.
    pub queue: Vec<One>,
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

fn known(tier: TierKey, terms: &GateTerms) -> Option<&TierTerms> {
    terms.tiers.iter().find(|it| it.tier == tier)
}

fn reserve(tier: TierKey, terms: &GateTerms) -> u64 {
    known(tier, terms).map_or(0, |it| terms.capacity.0 * u64::from(it.reserve_percent) / 100)
}

impl Model {
    /// Whether the clock stepped under something that is timed.
    pub fn pass(&mut self, terms: &GateTerms, now: u64) -> bool {
        let (gap, behind) = (now.saturating_sub(self.seen), self.seen.saturating_sub(now));
        let longest = millis(terms.lease) / 2;
        self.time += gap.min(longest);
        self.seen = if behind > 1000 { now } else { self.seen.max(now) };
        (behind > 1000 || gap > longest) && !(self.in_flight.is_empty() && self.queue.is_empty())
    }

    pub fn advance(&mut self, terms: &GateTerms, now: u64) -> Advanced {
        let mut advanced = self.expire(terms, now);
        advanced.admitted = self.admit_all(terms);
        advanced.changed |= advanced.admitted > 0;
        advanced
    }

    fn expire(&mut self, terms: &GateTerms, now: u64) -> Advanced {
        let is_step = self.pass(terms, now);
        let time = self.time;
        let all = self.in_flight.len() + self.queue.len();
        self.in_flight.retain(|it| it.dies > time);
        self.queue.retain(|it| it.dies > time);
        let lapsed = all - self.in_flight.len() - self.queue.len();
        let waiting = self.queue.len();
        self.queue.retain(|it| it.gives_up > time);
        let timed_out = waiting - self.queue.len();
        let changed = is_step || lapsed + timed_out > 0;
        Advanced { admitted: 0, lapsed, timed_out, changed }
    }

    pub fn arrive(&mut self, ask: &Ask, terms: &GateTerms, now: u64) -> Arrival {
        self.advance(terms, now);
        let one = self.one(ask, terms);
        if !self.is_feasible(&one, terms) {
            let most = (0..=terms.capacity.0).rev();
            let mut most =
                most.filter(|it| self.is_feasible(&One { work: *it, ..one.clone() }, terms));
            return Arrival::Refused(Full::TooLarge { most: Work(most.next().unwrap_or(0)) });
        }
        let mut with_it = self.clone();
        with_it.queue.push(one.clone());
        if with_it.admit(terms, false).is_some_and(|it| it.id == ask.id) {
            self.queue.push(one);
            self.admit_all(terms);
            return Arrival::Admitted;
        }
        let queue = known(ask.tier, terms).and_then(|it| it.queue);
        let Some(queue) = queue.filter(|_| ask.may_wait && one.gives_up > self.time) else {
            return Arrival::Refused(Full::Capacity);
        };
        let of_tier: Vec<&One> = self.queue.iter().filter(|it| it.tier == ask.tier).collect();
        if of_tier.len() >= queue.max {
            let number = |tenant: u64| of_tier.iter().filter(|it| it.tenant == tenant).count();
            let most = of_tier.iter().map(|it| number(it.tenant)).max().unwrap_or(0);
            if most < number(ask.tenant) + 2 {
                return Arrival::Refused(Full::Queue);
            }
            let tenant = of_tier.iter().map(|it| it.tenant).filter(|it| number(*it) == most).max();
            let newest = of_tier.iter().rfind(|it| Some(it.tenant) == tenant).unwrap().id;
            self.queue.retain(|it| it.id != newest);
        }
        self.queue.push(one);
        // Who waits before it may have less right now, and others more.
        self.admit_all(terms);
        match self.in_flight.iter().any(|it| it.id == ask.id) {
            true => Arrival::Admitted,
            false => Arrival::Queued,
        }
    }

    pub fn force(&mut self, ask: &Ask, terms: &GateTerms, now: u64) {
        self.expire(terms, now);
        let one = self.one(ask, terms);
        self.in_flight.push(one);
    }

    pub fn leave(&mut self, id: u64) {
        self.in_flight.retain(|it| it.id != id);
        self.queue.retain(|it| it.id != id);
    }

    pub fn renew(&mut self, ids: &[u64], terms: &GateTerms, now: u64) {
        self.pass(terms, now);
        for one in
            self.in_flight.iter_mut().chain(&mut self.queue).filter(|it| ids.contains(&it.id))
        {
            one.dies = self.time + millis(terms.lease);
        }
    }

    /// The work in flight and what goes before it.
    pub fn ahead(&self, id: u64, terms: &GateTerms) -> Work {
        let mut model = self.clone();
        while let Some(one) = model.admit(terms, true).filter(|it| it.id != id) {
            model.in_flight.push(one);
        }
        Work(model.in_flight.iter().map(|it| it.work).sum())
    }

    /// What is in flight of a tier.
    pub fn used(&self, tier: TierKey) -> u64 {
        self.in_flight.iter().filter(|it| it.tier == tier).map(|it| it.work).sum()
    }

    /// Whether, with `more` of a tier in flight, the reserves of the others are left.
    pub fn has_room(&self, tier: TierKey, more: u64, terms: &GateTerms) -> bool {
        let others = terms.tiers.iter().map(|it| it.tier).filter(|it| *it != tier);
        let kept: u64 = others.map(|it| reserve(it, terms).saturating_sub(self.used(it))).sum();
        let all: u64 = self.in_flight.iter().map(|it| it.work).sum();
        all + more + kept <= terms.capacity.0
    }

    fn admit_all(&mut self, terms: &GateTerms) -> usize {
        let before = self.in_flight.len();
        while let Some(one) = self.admit(terms, false) {
            self.in_flight.push(One { dies: self.time + millis(terms.lease), ..one });
        }
        self.in_flight.len() - before
    }

    fn one(&self, ask: &Ask, terms: &GateTerms) -> One {
        let Ask { id, tenant, tier, work, until, .. } = *ask;
        let wait = known(tier, terms).and_then(|it| it.queue).map_or(0, |it| millis(it.wait));
        let useful = until.map_or(u64::MAX, |it| it.0.saturating_sub(self.seen));
        One {
            id,
            tenant,
            tier,
            work: work.0,
            dies: self.time + millis(terms.lease),
            gives_up: self.time + wait.min(useful),
            is_further: self.in_flight.iter().chain(&self.queue).any(|it| it.tenant == tenant),
            overtaken: 0,
        }
    }

    fn is_feasible(&self, one: &One, terms: &GateTerms) -> bool {
        Self::default().has_room(one.tier, one.work, terms)
    }

    fn right(&self, one: &One) -> (usize, bool) {
        (self.in_flight.iter().filter(|it| it.tenant == one.tenant).count(), one.is_further)
    }

    fn borrows(&self, one: &One, terms: &GateTerms) -> bool {
        self.used(one.tier) + one.work > reserve(one.tier, terms)
    }

    /// Less than 0: the tier of the first has less in flight by its share.
    fn compare_use(&self, one: &One, other: &One, terms: &GateTerms) -> std::cmp::Ordering {
        let share = |it: &One| known(it.tier, terms).map_or(1, |it| u64::from(it.share));
        (self.used(one.tier) * share(other)).cmp(&(self.used(other.tier) * share(one)))
    }

    /// Takes one from the queue that may go, and says who is overtaken.
    fn admit(&mut self, terms: &GateTerms, is_boundless: bool) -> Option<One> {
        let is_candidate = |it: &&One| is_boundless || self.is_feasible(it, terms);
        let candidates: Vec<&One> = self.queue.iter().filter(is_candidate).collect();
        let place = |one: &One| self.queue.iter().position(|it| it.id == one.id);
        let has_turn = |one: &One| {
            let of_tier = candidates.iter().filter(|it| it.tier == one.tier);
            of_tier.map(|it| self.right(it)).min() == Some(self.right(one))
        };
        let is_due = |it: &One| it.overtaken >= terms.max_overtakes;
        let turns: Vec<&One> = candidates.iter().copied().filter(|it| has_turn(it)).collect();
        let share = |it: &One| known(it.tier, terms).map_or(1, |it| u64::from(it.share));
        let is_before = |one: &One, other: &One| match (is_due(one), is_due(other)) {
            (true, true) => place(one) < place(other),
            (false, false) => {
                let (a, b) = (one.work * share(other), other.work * share(one));
                a < b || (a == b && place(one) < place(other))
            }
            (is_due, _) => is_due,
        };
        // Nobody with the same turn in its tier is before it.
        let heads = turns.iter().copied().filter(|one| {
            let of_tier = turns.iter().filter(|it| it.tier == one.tier && it.id != one.id);
            of_tier.into_iter().all(|it| is_before(one, it))
        });
        let heads: Vec<&One> = heads.collect();
        let goes_first = |one: &One, other: &One| {
            let use_of = || self.compare_use(one, other, terms);
            match (self.borrows(one, terms), self.borrows(other, terms)) {
                (false, true) => true,
                (true, false) => false,
                _ if use_of().is_ne() => use_of().is_lt(),
                _ => is_before(one, other),
            }
        };
        let fits = |it: &One| is_boundless || self.has_room(it.tier, it.work, terms);
        let may_go = |one: &One| {
            let is_kept = heads
                .iter()
                .any(|it| is_due(it) && !fits(it) && it.id != one.id && goes_first(it, one));
            fits(one) && !is_kept
        };
        let going: Vec<&One> = heads.iter().copied().filter(|it| may_go(it)).collect();
        let first = |one: &&One| going.iter().all(|it| it.id == one.id || goes_first(one, it));
        let next = going.iter().copied().find(first)?.clone();
        if !is_boundless {
            assert!(self.has_room(next.tier, next.work, terms));
        }
        let overtaken: Vec<u64> = turns
            .iter()
            .filter(|it| it.id != next.id)
            .filter(|it| {
                let came_before = place(it) < place(&next);
                let has_less = self.compare_use(it, &next, terms);
                match it.tier == next.tier {
                    true => came_before,
                    false => {
                        self.borrows(&next, terms)
                            && (has_less.is_lt() || (has_less.is_eq() && came_before))
                    }
                }
            })
            .map(|it| it.id)
            .collect();
        self.queue.retain(|it| it.id != next.id);
        for one in self.queue.iter_mut().filter(|it| overtaken.contains(&it.id)) {
            one.overtaken += 1;
            assert!(is_boundless || one.overtaken <= terms.max_overtakes, "overtaken too often");
        }
        Some(next)
    }
}
