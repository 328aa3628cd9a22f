//! What all workers change together.

use super::*;
use crate::quota::store::{Cells, Conflict, Version};
use crate::shed::guard::OnTrial;

/// Cells that another worker writes just before this one does, so many times.
struct Contested {
    cells: MemoryCells,
    times: Cell<u32>,
}

impl Cells for Contested {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        self.cells.read(key)
    }

    fn write(&self, key: &str, value: &[u8], version: Version) -> Result<(), Conflict> {
        if let Some(left) = self.times.get().checked_sub(1) {
            self.times.set(left);
            return Err(Conflict);
        }
        self.cells.write(key, value, version)
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_tried_out_takes_nothing() {
    let mut shedding = shedding();
    shedding["capacity"]["tiers"] = json!({"basic": {"queue": {"max": 1, "wait": "5s"}}});
    shedding["ladder"] = json!([{"name": "long", "text_chars": {"above": 900}, "rung": "divert"}]);
    let world = World::new(rules(&shedding));
    world.fill("basic", 600);
    let before = Lane::ALL.map(|it| world.guard(it));
    let try_out = |chars| {
        let (guards, ask) = (world.guards(), world.ask("basic", chars));
        decide(&world.rules, &OnTrial(&guards), &ask, NOW).unwrap().verdict
    };
    for _ in 0..2 {
        assert_eq!(lane_of(&try_out(400)), Some(Lane::Online));
        assert!(matches!(try_out(401), Verdict::Waits(..)));
        assert!(matches!(try_out(901), Verdict::Refused(_)));
    }
    assert_eq!(Lane::ALL.map(|it| world.guard(it)), before);
}

#[wasm_bindgen_test(unsupported = test)]
fn one_who_came_second_decides_anew_and_takes_its_place_once() {
    let world = World::new(rules(&shedding()));
    let cells = Contested { cells: world.cells.clone(), times: Cell::new(63) };
    let guards = SharedGuards::new(&cells, "tts", &world.retries);
    let decision = decide(&world.rules, &guards, &world.ask("basic", 100), NOW).unwrap();
    assert_eq!(lane_of(&decision.verdict), Some(Lane::Online));
    assert_eq!((world.retries.get(), world.in_flight(Lane::Online)), (63, 10_000));
}

#[wasm_bindgen_test(unsupported = test)]
fn one_who_never_gets_at_the_guards_takes_nothing() {
    let world = World::new(climbing(&json!([
        {"name": "long", "text_chars": {"above": 300}, "rung": "divert"},
    ])));
    for chars in [100, 400] {
        let cells = Contested { cells: world.cells.clone(), times: Cell::new(64) };
        let guards = SharedGuards::new(&cells, "tts", &world.retries);
        let ask = world.ask("basic", chars);
        assert_eq!(decide(&world.rules, &guards, &ask, NOW), Err(Contended));
        assert_eq!(Lane::ALL.map(|it| world.in_flight(it)), [0, 0]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn services_and_lanes_have_guards_of_their_own() {
    let world = World::new(rules(&shedding()));
    world.fill("basic", 1000);
    let other = SharedGuards::new(&world.cells, "asr", &world.retries);
    assert_eq!(other.read(Lane::Online), Guard::default());
    assert_eq!(world.guard(Lane::Batch), Guard::default());
    let verdict = decide(&world.rules, &other, &world.ask("basic", 1000), NOW).unwrap().verdict;
    assert_eq!(lane_of(&verdict), Some(Lane::Online));
}

#[wasm_bindgen_test(unsupported = test)]
fn bytes_that_nobody_can_read_are_as_good_as_none() {
    let world = World::new(rules(&shedding()));
    world.fill("basic", 1000);
    let key = "voxgate.shed.1.online.tts";
    let (value, version) = world.cells.read(key);
    assert!(value.is_some_and(|it| !it.is_empty()));
    world.cells.write(key, b"\xff", version).unwrap();
    assert_eq!(world.guard(Lane::Online), Guard::default());
    world.fill("basic", 1000);
}
