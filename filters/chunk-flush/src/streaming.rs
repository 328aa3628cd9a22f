//! A response as it streams: measured, held where a rule says so, looked after where it falls silent.

use std::rc::Rc;

use voxgate_host::{BodyPart, ChunkFlow, DueFlow, StreamHandle, now_micros};
use voxgate_policy::stream::stall::{Act, StallWatch};
use voxgate_policy::stream::{CoalesceRule, Coalescer, End, Figures, Observer, Step};
use voxgate_policy::time::UnixMicros;

use crate::asked::Asked;
use crate::shared::Shared;

/// A response as it streams.
pub struct Streaming {
    pub asked: Asked,
    pub observer: Observer,
    coalescer: Option<Coalescer>,
    stall: Option<StallWatch>,
    id: u64,
    stream: StreamHandle,
    /// Bytes that came.
    came: u64,
    /// Of those, the bytes that did not go on.
    held: u64,
    /// Whether it was ended for its silence.
    is_stalled: bool,
}

// === impl Streaming ===

impl Streaming {
    pub fn new(
        asked: Asked,
        observer: Observer,
        rule: Option<Rc<CoalesceRule>>,
        stall: Option<StallWatch>,
        (id, stream): (u64, StreamHandle),
    ) -> Self {
        Self {
            asked,
            observer,
            coalescer: rule.map(Coalescer::new),
            stall,
            id,
            stream,
            came: 0,
            held: 0,
            is_stalled: false,
        }
    }

    /// Whether it is more than watched: held, or looked after when it falls silent.
    pub fn is_shaped(&self) -> bool {
        self.coalescer.is_some() || self.stall.is_some()
    }

    /// More of it came. Of a stream that is only watched, all goes on.
    pub fn chunk(&mut self, part: &BodyPart<'_>, shared: &Shared) -> ChunkFlow {
        let now = now_micros();
        part.pieces().for_each(|piece| self.observer.feed(&piece));
        let len = part.len();
        self.observer.arrived(len, now);
        self.came = self.came.saturating_add(len as u64);
        self.held = self.held.saturating_add(len as u64);
        if let Some(stall) = &mut self.stall
            && len > 0
        {
            stall.arrived(now);
        }
        if part.is_last() {
            shared.lookout.forget(self.id);
            self.release(now);
            return ChunkFlow::Release;
        }
        let progress = self.observer.progress();
        let step = match &mut self.coalescer {
            Some(it) => it.chunk(self.held, &progress, self.observer.listener(), now),
            None => Step::Release,
        };
        self.look_after(step, now, shared);
        match step {
            Step::Hold { .. } => ChunkFlow::Hold,
            Step::Release => {
                self.release(now);
                ChunkFlow::Release
            }
        }
    }

    /// The timer went off.
    pub fn due(&mut self, shared: &Shared) -> DueFlow {
        let now = now_micros();
        let progress = self.observer.progress();
        let mut step = Step::Release;
        let mut flow = DueFlow::Hold;
        if let Some(coalescer) = self.coalescer.as_mut().filter(|_| self.held > 0) {
            step = coalescer.due(self.held, &progress, self.observer.listener(), now);
            if step == Step::Release {
                self.release(now);
                flow = DueFlow::Release;
            }
        }
        if let Some(stall) = &mut self.stall {
            if shared.lookout.has_jumped() {
                stall.restart(now);
            }
            let act = stall.check(self.observer.kind(), now);
            shared.report.stalled(&self.asked, act);
            if act == Act::End {
                self.is_stalled = true;
                shared.lookout.forget(self.id);
                return DueFlow::End;
            }
        }
        self.look_after(step, now, shared);
        flow
    }

    /// What became of it.
    pub fn figures(&mut self, end: End) -> Figures {
        self.observer.ended(now_micros());
        self.observer.figures(if self.is_stalled { End::Stalled } else { end })
    }

    /// The timer need not look any more.
    pub fn forget(&self, shared: &Shared) {
        shared.lookout.forget(self.id);
    }

    fn release(&mut self, now: UnixMicros) {
        self.held = 0;
        self.observer.released(self.came, now);
    }

    fn look_after(&self, step: Step, now: UnixMicros, shared: &Shared) {
        let held_until = match step {
            Step::Hold { until } => Some(until),
            Step::Release => None,
        };
        let silent_at = self.stall.as_ref().and_then(StallWatch::due);
        match held_until.into_iter().chain(silent_at).min() {
            Some(due) => shared.lookout.look_after(self.id, &self.stream, due, now),
            None => shared.lookout.forget(self.id),
        }
    }
}
