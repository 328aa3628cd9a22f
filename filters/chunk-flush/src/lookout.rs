//! Streams that the timer looks after: those of which something is held, or that may fall silent.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use voxgate_host::{RootHost, StreamHandle, now_micros};
use voxgate_policy::time::UnixMicros;

/// How often the timer looks at most. Envoy's is late by some 4 ms.
const SHORTEST_TICK: Duration = Duration::from_millis(1);

/// How often it looks at least, if a stream is to be looked after at all.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// A tick that comes so much later did not: the clock was set.
const JUMP: Duration = Duration::from_secs(10);

/// Streams that the timer looks after.
#[derive(Default)]
pub struct Lookout {
    watched: RefCell<BTreeMap<u64, Watched>>,
    /// For when the timer is set.
    armed: Cell<Option<UnixMicros>>,
    /// When it looked last, or had nothing to look after.
    looked: Cell<UnixMicros>,
    has_jumped: Cell<bool>,
}

struct Watched {
    stream: StreamHandle,
    /// When, unless something comes before.
    due: UnixMicros,
}

// === impl Lookout ===

impl Lookout {
    /// The timer looks after a stream when it is due; it did not, or not then, before.
    pub fn look_after(&self, id: u64, stream: &StreamHandle, due: UnixMicros, now: UnixMicros) {
        let mut watched = self.watched.borrow_mut();
        if watched.is_empty() {
            self.looked.set(now);
        }
        watched.insert(id, Watched { stream: stream.clone(), due });
        // Set anew by every chunk that comes, the timer would never go off.
        if self.armed.get().is_none_or(|armed| due < armed) {
            self.armed.set(Some(due));
            stream.set_tick_period(until(due, now));
        }
    }

    /// A stream needs no timer any more.
    pub fn forget(&self, id: u64) {
        self.watched.borrow_mut().remove(&id);
    }

    /// Whether, in this tick, the clock has been set, so that no silence is as long as it looks.
    pub fn has_jumped(&self) -> bool {
        self.has_jumped.get()
    }

    /// Looks after those that are due; after all, if the clock has been set.
    pub fn on_tick(&self, host: &mut RootHost<'_>) {
        let now = now_micros();
        let looked = self.looked.replace(now);
        let has_jumped = now < looked || now.since(looked) > JUMP;
        self.has_jumped.set(has_jumped);
        let due: Vec<(u64, StreamHandle)> = {
            let watched = self.watched.borrow();
            let is_due = |it: &Watched| has_jumped || it.due <= now;
            let due = watched.iter().filter(|(_, it)| is_due(it));
            due.map(|(id, it)| (*id, it.stream.clone())).collect()
        };
        for (id, stream) in due {
            // Each says anew when it is due, or takes itself out, unless it is gone.
            if !host.look_after(&stream) {
                self.forget(id);
            }
        }
        self.has_jumped.set(false);
        let soonest = self.watched.borrow().values().map(|it| it.due).min();
        self.armed.set(soonest);
        host.set_tick_period(soonest.map_or(Duration::ZERO, |due| until(due, now)));
    }
}

fn until(due: UnixMicros, now: UnixMicros) -> Duration {
    due.since(now).clamp(SHORTEST_TICK, LONGEST_TICK)
}
