mod capacity;
mod deadlines;
mod longest;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod stores;

use std::cell::Cell;

use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::operation::{OperationId, OperationSet};
use crate::policy::ShedPolicy;
use crate::quota::store::MemoryCells;
use crate::shed::guard::{Finish, SharedGuards};
use crate::shed::work::TierKey;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
/// Milliseconds that a character takes to say, here.
const PER_CHAR: u64 = 100;

fn later(ms: u64) -> UnixMillis {
    UnixMillis(NOW.0 + ms)
}

/// With a capacity of 100 s online and 50 s in the batch lane.
fn shedding() -> Value {
    json!({"capacity": {"limit": 100, "batch_limit": 50}})
}

fn rules(shedding: &Value) -> ShedRules {
    let policy = json!({
        "version": 1,
        "tiers": [
            {"name": "premium", "allow": ["*"]},
            {"name": "basic", "allow": ["*"]},
        ],
        "shedding": shedding,
    });
    let policy = ShedPolicy::from_json(policy.to_string().as_bytes()).unwrap();
    policy.rules().unwrap().clone()
}

/// With a ladder.
fn climbing(ladder: &Value) -> ShedRules {
    let mut shedding = shedding();
    shedding["ladder"] = ladder.clone();
    rules(&shedding)
}

/// The workers of a proxy, and the service behind it.
#[derive(Debug)]
struct World {
    rules: ShedRules,
    cells: MemoryCells,
    retries: Cell<u64>,
    next: Cell<u64>,
}

impl World {
    fn new(rules: ShedRules) -> Self {
        let (cells, retries) = (MemoryCells::default(), Cell::new(0));
        Self { rules, cells, retries, next: Cell::new(1) }
    }

    fn guards(&self) -> SharedGuards<'_, MemoryCells> {
        SharedGuards::new(&self.cells, "tts", &self.retries)
    }

    fn guard(&self, lane: Lane) -> Guard {
        self.guards().read(lane)
    }

    /// A text of so many characters, of a tier.
    fn ask(&self, tier: &str, chars: u64) -> Request<'static> {
        let id = self.next.replace(self.next.get() + 1);
        let speech_ms = chars * PER_CHAR;
        Request {
            id,
            tenant: id,
            asked: Asked {
                operations: OperationSet::default().with(OperationId::TTS_SYNTHESIZE),
                tier: TierKey::of(tier),
                chars,
                speech_ms,
                places: None,
            },
            work: self.rules.work_of(chars, speech_ms),
            deadline: None,
            may_wait: true,
        }
    }

    fn decide(&self, request: &Request<'_>, now: UnixMillis) -> Decision {
        decide(&self.rules, &self.guards(), request, now).unwrap()
    }

    /// What becomes of a text of so many characters.
    fn say(&self, chars: u64) -> Verdict {
        self.decide(&self.ask("basic", chars), NOW).verdict
    }

    /// Somebody's request that is admitted.
    fn fill(&self, tier: &str, chars: u64) -> Place {
        match self.decide(&self.ask(tier, chars), NOW).verdict {
            Verdict::Admitted(place, _) => place,
            other => panic!("{other:?}"),
        }
    }

    fn finish(&self, place: Place, now: UnixMillis) {
        let Place { id, lane, work } = place;
        let finish = Finish::Served(Duration::from_secs(1));
        let leave = |it: &mut Guard| it.leave(id, work, finish, &self.rules, lane, now);
        self.guards().update(lane, leave).unwrap();
    }

    /// Lets the service answer requests like this one after so long.
    fn teach(&self, request: &Request<'_>, took: Duration, now: UnixMillis) {
        for lane in Lane::ALL {
            let change = |it: &mut Guard| it.first_byte(request.work, took, &self.rules, lane, now);
            self.guards().update(lane, change).unwrap();
        }
    }

    fn in_flight(&self, lane: Lane) -> u64 {
        self.guard(lane).gate.summary().in_flight.work.0
    }
}

fn lane_of(verdict: &Verdict) -> Option<Lane> {
    match verdict {
        Verdict::Admitted(place, _) => Some(place.lane),
        Verdict::Waits(..) | Verdict::Refused(_) => None,
    }
}

fn refusal(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_no_rule_matches_passes_while_there_is_room() {
    let world = World::new(rules(&shedding()));
    let first = world.ask("basic", 600);
    let decision = world.decide(&first, NOW);
    let place = Place { id: first.id, lane: Lane::Online, work: Work(60_000) };
    assert_eq!(decision.verdict, Verdict::Admitted(place, None));
    assert_eq!((decision.rule, decision.level), (None, Level::Normal));
    assert_eq!(lane_of(&world.say(400)), Some(Lane::Online));
    let full = refusal(world.say(1));
    assert!(matches!(full, Refusal::Busy { why: Why::Full(Full::Capacity), .. }), "{full:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_rule_that_matches_at_the_level_of_the_moment_decides() {
    let world = World::new(climbing(&json!([
        {"name": "short", "text_chars": {"up_to": 100}, "rung": "pass"},
        {"name": "long", "load": ["busy", "overload"], "rung": "divert"},
    ])));
    let decision = world.decide(&world.ask("basic", 700), NOW);
    assert_eq!((decision.rule, decision.level), (None, Level::Normal));
    let decision = world.decide(&world.ask("basic", 101), NOW);
    assert_eq!((decision.rule.as_deref(), decision.level), (Some("long"), Level::Busy));
    assert_eq!(lane_of(&decision.verdict), Some(Lane::Batch));
    let decision = world.decide(&world.ask("basic", 100), NOW);
    assert_eq!(decision.rule.as_deref(), Some("short"));
    assert_eq!(lane_of(&decision.verdict), Some(Lane::Online));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_degraded_goes_on_changed_or_waits_to_do_so() {
    let mut shedding = shedding();
    shedding["capacity"]["tiers"] = json!({"basic": {"queue": {"max": 5, "wait": "5s"}}});
    shedding["ladder"] = json!([
        {"name": "less", "text_chars": {"above": 100}, "rung": "degrade",
         "degrade": {"headers": {"x-quality": "draft"}}},
    ]);
    let world = World::new(rules(&shedding));
    let Verdict::Admitted(_, Some(degrade)) = world.say(900) else { panic!() };
    assert_eq!(degrade.headers["x-quality"], "draft");
    let Verdict::Waits(_, Some(_)) = world.say(150) else { panic!() };
    let Verdict::Admitted(_, None) = world.decide(&world.ask("premium", 50), NOW).verdict else {
        panic!("a short one is not changed")
    };
}

#[wasm_bindgen_test(unsupported = test)]
fn the_batch_lane_has_a_capacity_of_its_own() {
    let world = World::new(climbing(&json!([
        {"name": "long", "text_chars": {"above": 100}, "rung": "divert"},
    ])));
    let place = world.fill("basic", 400);
    assert_eq!(place.lane, Lane::Batch);
    assert_eq!((world.in_flight(Lane::Online), world.in_flight(Lane::Batch)), (0, 40_000));
    let full = refusal(world.say(101));
    assert!(
        matches!(full, Refusal::Busy { why: Why::Full(Full::Capacity), lane: Lane::Batch, .. }),
        "{full:?}"
    );
    assert_eq!(lane_of(&world.say(100)), Some(Lane::Online));
    world.finish(place, NOW);
    assert_eq!(lane_of(&world.say(101)), Some(Lane::Batch));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_says_busy_takes_no_capacity_and_tells_the_drain() {
    let world = World::new(climbing(&json!([
        {"name": "loaded", "load": ["busy", "overload"], "rung": "reject"},
    ])));
    // Ten characters each, a second to do each one alone: 50 such are 50 seconds.
    let first = world.fill("basic", 10);
    world.finish(first, NOW);
    world.fill("basic", 800);
    let before = world.guard(Lane::Online);
    let busy = refusal(world.say(1));
    let drain = Duration::from_secs(80);
    assert_eq!(busy, Refusal::Busy { why: Why::Rule, lane: Lane::Online, room: drain });
    assert_eq!(world.guard(Lane::Online).gate, before.gate);
}

#[wasm_bindgen_test(unsupported = test)]
fn all_counts_come_back_to_zero() {
    let world = World::new(climbing(&json!([
        {"name": "long", "text_chars": {"above": 100}, "rung": "divert"},
        {"name": "busy", "load": ["overload"], "rung": "reject"},
    ])));
    let mut places = Vec::new();
    for chars in (1..=60).map(|n| n * 37 % 160) {
        if let Verdict::Admitted(place, _) = world.say(chars) {
            places.push(place);
        }
    }
    assert!(places.len() > 10, "{}", places.len());
    let all = |lane| places.iter().filter(|it| it.lane == lane).map(|it| it.work.0).sum::<u64>();
    for lane in Lane::ALL {
        assert_eq!(world.in_flight(lane), all(lane), "{lane}");
    }
    places.into_iter().for_each(|it| world.finish(it, later(10)));
    for lane in Lane::ALL {
        assert_eq!(world.guard(lane).gate.summary(), Default::default(), "{lane}");
    }
}
