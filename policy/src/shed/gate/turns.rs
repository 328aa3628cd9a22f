//! Whose turn it is: the rules of [`Gate`](super::Gate).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::entries::{Entry, Waiting};
use super::terms::GateTerms;
use crate::shed::work::{TierKey, Work};

/// What is in flight, as far as it says who goes next.
pub(super) struct Turns {
    capacity: Work,
    used: Work,
    tiers: Vec<Tier>,
    /// Of the tenants that wait, how many of their requests are in flight.
    tenants: BTreeMap<u64, usize>,
    max_overtakes: u8,
}

#[derive(Clone, Copy)]
struct Tier {
    key: TierKey,
    share: u32,
    reserve: Work,
    used: Work,
    /// Who has more work waits until the terms change, and is in nobody's way.
    most: Work,
}

/// A waiting request, as compared with others.
struct Candidate {
    /// In the queue, which is by arrival.
    place: usize,
    work: Work,
    tier: Tier,
    right: Right,
    /// Whether it was overtaken as often as it may be.
    is_due: bool,
}

/// The lesser goes first in a tier, always.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    /// How many requests of the tenant are in flight.
    in_flight: usize,
    is_further: bool,
}

// === impl Turns ===

impl Turns {
    pub fn new(in_flight: &[Entry], queue: &[Waiting], terms: &GateTerms) -> Self {
        let mut turns = Self {
            capacity: terms.capacity,
            used: Work(0),
            tiers: Vec::new(),
            tenants: queue.iter().map(|it| (it.entry.tenant, 0)).collect(),
            max_overtakes: terms.max_overtakes,
        };
        let known = terms.tiers.iter().map(|it| it.tier);
        let waiting = queue.iter().map(|it| it.entry.tier);
        for key in known.chain(waiting) {
            if turns.tier(key).is_none() {
                turns.tiers.push(Tier::new(key, terms));
            }
        }
        for entry in in_flight {
            turns.count(entry);
        }
        turns
    }

    /// The same if there were room for all.
    pub fn boundless(mut self) -> Self {
        self.capacity = Work(u64::MAX);
        self.tiers.iter_mut().for_each(|it| it.most = Work(u64::MAX));
        self
    }

    /// The request that goes now, if one does.
    pub fn next<'a>(&self, queue: &'a [Waiting]) -> Option<&'a Entry> {
        let candidates = self.candidates(queue);
        let place = self.first_to_fit(&heads(&candidates))?.place;
        queue.get(place).map(|it| &it.entry)
    }

    /// Takes it from the queue, in which others are overtaken then.
    pub fn take(&mut self, queue: &mut Vec<Waiting>) -> Option<Entry> {
        let candidates = self.candidates(queue);
        let heads = heads(&candidates);
        let next = self.first_to_fit(&heads)?;
        for it in &candidates {
            let has_turn = heads.iter().any(|head| it.has_turn_with(head));
            if has_turn
                && it.has_better_right_than(next)
                && let Some(waiting) = queue.get_mut(it.place)
            {
                waiting.overtaken = waiting.overtaken.saturating_add(1);
            }
        }
        let entry = queue.remove(next.place).entry;
        self.count(&entry);
        Some(entry)
    }

    /// The first that fits, of heads in their order; past one that is due and does not, nobody. Who
    /// goes into a reserve is before it.
    fn first_to_fit<'a>(&self, heads: &[&'a Candidate]) -> Option<&'a Candidate> {
        let mut heads = heads.iter().copied();
        heads.find(|it| self.fits(it) || it.is_due).filter(|it| self.fits(it))
    }

    fn fits(&self, it: &Candidate) -> bool {
        let others = self.tiers.iter().filter(|tier| tier.key != it.tier.key);
        let kept = others.fold(Work(0), |sum, tier| sum.plus(tier.reserve.minus(tier.used)));
        self.used.plus(it.work).plus(kept) <= self.capacity
    }

    fn candidates(&self, queue: &[Waiting]) -> Vec<Candidate> {
        let places = queue.iter().enumerate();
        places.filter_map(|(place, it)| self.candidate(place, it)).collect()
    }

    /// `None`: it can never be admitted under these terms.
    fn candidate(&self, place: usize, waiting: &Waiting) -> Option<Candidate> {
        let Entry { tenant, tier, work, .. } = waiting.entry;
        Some(Candidate {
            place,
            work,
            tier: *self.tier(tier).filter(|it| work <= it.most)?,
            right: Right {
                in_flight: self.tenants.get(&tenant).copied().unwrap_or_default(),
                is_further: waiting.is_further,
            },
            is_due: waiting.overtaken >= self.max_overtakes,
        })
    }

    fn tier(&self, key: TierKey) -> Option<&Tier> {
        self.tiers.iter().find(|it| it.key == key)
    }

    fn count(&mut self, entry: &Entry) {
        self.used = self.used.plus(entry.work);
        if let Some(tier) = self.tiers.iter_mut().find(|it| it.key == entry.tier) {
            tier.used = tier.used.plus(entry.work);
        }
        if let Some(in_flight) = self.tenants.get_mut(&entry.tenant) {
            *in_flight = in_flight.saturating_add(1);
        }
    }
}

/// The first of each tier, in their order. No other of its tier goes before it, whether it fits or
/// not: if the shortest of those with the same right does not, no other of them does, and who has
/// less right is not to take the room for which it waits.
fn heads(candidates: &[Candidate]) -> Vec<&Candidate> {
    let mut heads: Vec<&Candidate> = Vec::new();
    for candidate in candidates {
        match heads.iter_mut().find(|it| it.tier.key == candidate.tier.key) {
            None => heads.push(candidate),
            Some(head) if candidate.compare_in_tier(head).is_lt() => *head = candidate,
            Some(_) => {}
        }
    }
    heads.sort_by(|one, other| one.compare_heads(other));
    heads
}

// === impl Tier ===

impl Tier {
    fn new(key: TierKey, terms: &GateTerms) -> Self {
        let known = terms.tiers.iter().find(|it| it.tier == key);
        Self {
            key,
            share: known.map_or(1, |it| it.share.max(1)),
            reserve: known.map_or(Work(0), |it| it.reserve(terms.capacity)),
            used: Work(0),
            most: terms.most(key),
        }
    }

    /// Compares amounts of work by the shares of their tiers.
    fn compare(&self, work: Work, other: &Self, other_work: Work) -> Ordering {
        let scaled = |work: Work, share: u32| u128::from(work.0).saturating_mul(u128::from(share));
        scaled(work, other.share).cmp(&scaled(other_work, self.share))
    }

    fn compare_use(&self, other: &Self) -> Ordering {
        self.compare(self.used, other, other.used)
    }
}

// === impl Candidate ===

impl Candidate {
    /// Whether it needs more than its tier's reserve.
    fn borrows(&self) -> bool {
        self.tier.used.plus(self.work) > self.tier.reserve
    }

    fn compare_in_tier(&self, other: &Self) -> Ordering {
        self.right.cmp(&other.right).then_with(|| self.compare_in_turn(other))
    }

    /// The first of one tier with that of another.
    fn compare_heads(&self, other: &Self) -> Ordering {
        let by_use = || self.tier.compare_use(&other.tier);
        let by_reserve = self.borrows().cmp(&other.borrows());
        by_reserve.then_with(by_use).then_with(|| self.compare_in_turn(other))
    }

    /// Among those with the same right: who is due, by arrival; then the shortest, by shares.
    fn compare_in_turn(&self, other: &Self) -> Ordering {
        let by_work = || match self.is_due {
            true => Ordering::Equal,
            false => self.tier.compare(self.work, &other.tier, other.work),
        };
        other.is_due.cmp(&self.is_due).then_with(by_work).then(self.place.cmp(&other.place))
    }

    /// Whether it is its turn in its tier, as it is the head's.
    fn has_turn_with(&self, head: &Self) -> bool {
        self.tier.key == head.tier.key && self.right == head.right
    }

    /// Whether the fair order has it, as it is its turn in its tier, before one that is admitted.
    fn has_better_right_than(&self, admitted: &Self) -> bool {
        let by_arrival = self.place < admitted.place;
        if self.tier.key == admitted.tier.key {
            return by_arrival;
        }
        admitted.borrows()
            && match self.tier.compare_use(&admitted.tier) {
                Ordering::Less => true,
                Ordering::Equal => by_arrival,
                Ordering::Greater => false,
            }
    }
}
