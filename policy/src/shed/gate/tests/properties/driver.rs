//! Requests of several tenants and tiers, workers that die, clocks that step and policies that are
//! pushed, in any order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::{Model, One};
use crate::shed::gate::tests::*;

#[derive(Clone, Debug)]
enum Event {
    Arrive(Ask),
    Force(Ask),
    /// Of those that ever came, counted from the last.
    Leave(usize),
    /// Whether the caller keeps a gate that did not change.
    Advance {
        keeps: bool,
    },
    /// Of all, each so many.
    Renew(usize),
    Pass(i64),
    Push(GateTerms),
}

/// What is known of a request from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Waits,
    Admitted,
    Gone,
}

struct World {
    gate: Gate,
    model: Model,
    terms: GateTerms,
    now: u64,
    fates: BTreeMap<u64, Fate>,
}

impl World {
    fn new(terms: GateTerms) -> Self {
        let (gate, model) = (Gate::default(), Model::default());
        Self { gate, model, terms, now: NOW.0, fates: BTreeMap::new() }
    }

    fn happen(&mut self, event: &Event) {
        let (terms, now) = (&self.terms.clone(), UnixMillis(self.now));
        let before = self.gate.clone();
        let id = self.fates.len() as u64;
        match event {
            Event::Arrive(ask) => {
                let ask =
                    Ask { id, until: ask.until.map(|it| UnixMillis(self.now + it.0)), ..*ask };
                let arrival = self.gate.arrive(&ask, terms, now);
                assert_eq!(arrival, self.model.arrive(&ask, terms, self.now), "{ask:?}");
                let fate = match arrival {
                    Arrival::Admitted => Fate::Admitted,
                    Arrival::Queued => Fate::Waits,
                    Arrival::Refused(_) => Fate::Gone,
                };
                self.fates.insert(id, fate);
            }
            Event::Force(ask) => {
                let ask = Ask { id, ..*ask };
                self.gate.force(&ask, terms, now);
                self.model.force(&ask, terms, self.now);
                self.fates.insert(id, Fate::Admitted);
            }
            Event::Leave(back) => {
                let id = (self.fates.len().saturating_sub(1 + back)) as u64;
                let left = self.gate.leave(id);
                let fate = self.fates.insert(id, Fate::Gone).unwrap_or(Fate::Gone);
                assert_eq!(
                    left.map(|it| it.was_admitted),
                    match fate {
                        Fate::Waits => Some(false),
                        Fate::Admitted => Some(true),
                        Fate::Gone => None,
                    }
                );
                self.model.leave(id);
            }
            Event::Advance { keeps } => self.advance(*keeps),
            Event::Renew(nth) => {
                let ids: Vec<u64> = self.fates.keys().copied().step_by(*nth).collect();
                let known = |it: &&One| ids.contains(&it.id);
                let is_any =
                    self.model.in_flight.iter().chain(&self.model.queue).any(|it| known(&it));
                assert_eq!(self.gate.renew(&ids, terms, now), is_any);
                self.model.renew(&ids, terms, self.now);
            }
            Event::Pass(millis) => self.now = self.now.saturating_add_signed(*millis),
            Event::Push(terms) => self.terms = terms.clone(),
        }
        if !matches!(event, Event::Force(_) | Event::Push(_)) {
            self.check_room(&before);
        }
        self.check();
    }

    fn advance(&mut self, keeps: bool) {
        let (before, modelled) = (self.gate.clone(), self.model.clone());
        let advanced = self.gate.advance(&self.terms, UnixMillis(self.now));
        assert_eq!(advanced, self.model.advance(&self.terms, self.now));
        if !advanced.changed {
            assert_eq!(
                (before.ids(), before.waiting_ids()),
                (self.gate.ids(), self.gate.waiting_ids())
            );
        }
        let mut again = self.gate.clone();
        assert_eq!(again.advance(&self.terms, UnixMillis(self.now)), Advanced::default());
        if !advanced.changed && !keeps {
            (self.gate, self.model) = (before, modelled);
        }
    }

    /// Of what was admitted, the last had room beside the reserves of other tiers.
    fn check_room(&self, before: &Gate) {
        let before = before.ids();
        let admitted = self.gate.in_flight.iter().filter(|it| !before.contains(&it.id));
        let tiers: Vec<TierKey> = admitted.map(|it| it.tier).collect();
        let has_room = |tier: &TierKey| self.model.has_room(*tier, 0, &self.terms);
        assert!(tiers.is_empty() || tiers.iter().any(has_room), "{:?}", self.gate);
    }

    fn check(&mut self) {
        let kept = postcard::to_allocvec(&self.gate).unwrap();
        assert_eq!(postcard::from_bytes::<Gate>(&kept).unwrap(), self.gate);
        let waiting: Vec<u64> = self.model.queue.iter().map(|it| it.id).collect();
        let mut in_flight: Vec<u64> = self.model.in_flight.iter().map(|it| it.id).collect();
        in_flight.sort_unstable();
        assert_eq!((self.gate.ids(), self.gate.waiting_ids()), (in_flight, waiting));
        self.check_summary();
        for (id, fate) in &mut self.fates {
            let standing = self.gate.standing(*id, &self.terms);
            let next = match standing {
                Standing::Admitted => Fate::Admitted,
                Standing::Waiting { .. } => Fate::Waits,
                Standing::Gone => Fate::Gone,
            };
            let is_possible = match fate {
                Fate::Waits => true,
                Fate::Admitted => next != Fate::Waits,
                Fate::Gone => next == Fate::Gone,
            };
            assert!(is_possible, "{id} was {fate:?}, is {next:?}");
            *fate = next;
            if let Standing::Waiting { ahead } = standing {
                assert_eq!(ahead, self.model.ahead(*id, &self.terms));
            }
        }
    }

    fn check_summary(&self) {
        let tally = |all: &[One], tier: Option<TierKey>| {
            let all = all.iter().filter(|it| tier.is_none_or(|tier| it.tier == tier));
            let works: Vec<u64> = all.map(|it| it.work).collect();
            Tally { requests: works.len(), work: Work(works.iter().sum()) }
        };
        let Summary { in_flight, queued, tiers } = self.gate.summary();
        let Model { in_flight: running, queue, .. } = &self.model;
        assert_eq!((in_flight, queued), (tally(running, None), tally(queue, None)));
        for it in &tiers {
            let of_tier = (tally(running, Some(it.tier)), tally(queue, Some(it.tier)));
            assert_eq!((it.in_flight, it.queued), of_tier);
            assert!(it.in_flight.requests + it.queued.requests > 0);
        }
        let all: usize = tiers.iter().map(|it| it.in_flight.requests + it.queued.requests).sum();
        assert_eq!(all, in_flight.requests + queued.requests);
    }

    /// All leave.
    fn leave_all(&mut self) {
        let ids: Vec<u64> = self.fates.keys().copied().collect();
        for id in ids {
            self.gate.leave(id);
        }
        assert_eq!(self.gate.summary(), Summary::default());
    }

    /// All workers die but one that looks, and keeps what it sees only if it changed.
    fn die(&mut self) {
        let tick = self.terms.lease.as_millis() as u64 / 8;
        // The longest lease, twice: once for who was admitted meanwhile; a wait; and what steps of
        // the clock cost.
        for _ in 0..4 * 20_000 / tick {
            self.now += tick;
            self.advance(false);
        }
        assert_eq!(self.gate.summary(), Summary::default());
    }
}

fn request() -> impl Strategy<Value = Ask> {
    let until = prop::option::weighted(0.2, 0..8000_u64);
    (0..4_u64, 1..5_u32, 0..25_u64, until, prop::bool::weighted(0.9)).prop_map(
        |(tenant, tier, work, until, may_wait)| Ask {
            tenant,
            until: until.map(UnixMillis),
            may_wait,
            ..ask(0, TierKey(tier), work)
        },
    )
}

/// Up to three tiers of the four that requests have.
fn pushed() -> impl Strategy<Value = GateTerms> {
    let queue = prop::option::weighted(0.9, (0..8_usize, 1..20_000_u64));
    let tier = (1..5_u32, 1..4_u32, 0..33_u8, queue);
    let tiers = prop::collection::vec(tier, 1..4);
    (10..60_u64, 3..20_u64, tiers).prop_map(|(capacity, lease, tiers)| {
        let mut tiers: Vec<TierTerms> = tiers
            .into_iter()
            .map(|(key, share, reserve, queue)| {
                let wait = Duration::from_millis;
                let queue = queue.map(|(max, millis)| QueueTerms { max, wait: wait(millis) });
                TierTerms { queue, ..tier_of(key, share, reserve) }
            })
            .collect();
        tiers.sort_by_key(|it| it.tier);
        tiers.dedup_by_key(|it| it.tier);
        let lease = Duration::from_secs(lease);
        GateTerms { lease, max_overtakes: 2, ..terms(capacity, &tiers) }
    })
}

fn tier_of(key: u32, share: u32, reserve: u8) -> TierTerms {
    tier(TierKey(key), share, reserve)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => request().prop_map(Event::Arrive),
        1 => request().prop_map(Event::Force),
        6 => (0..20_usize).prop_map(Event::Leave),
        6 => any::<bool>().prop_map(|keeps| Event::Advance { keeps }),
        2 => (1..4_usize).prop_map(Event::Renew),
        4 => (0..2000_i64).prop_map(Event::Pass),
        1 => (2000..20_000_i64).prop_map(Event::Pass),
        1 => (-900..0_i64).prop_map(Event::Pass),
        1 => (-3_600_000..3_600_000_i64).prop_map(Event::Pass),
        3 => pushed().prop_map(Event::Push),
    ]
}

proptest! {
    #[test]
    fn a_gate_does_what_its_rules_say(
        terms in pushed(),
        events in prop::collection::vec(event(), 1..120),
        all_die in any::<bool>(),
    ) {
        let mut world = World::new(terms);
        for event in &events {
            world.happen(event);
        }
        if all_die { world.die() } else { world.leave_all() }
    }
}
