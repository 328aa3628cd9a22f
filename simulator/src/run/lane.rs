//! One lane's GPU, and what its callers were promised.

use std::collections::BTreeMap;
use std::time::Duration;

use voxgate_policy::facts::AudioMillis;

use crate::model::{Down, Event, Gpu, GpuModel, Happening, Job};

#[derive(Clone, Debug)]
pub(super) struct Server {
    gpu: Gpu,
    /// A first byte within this is in time; `None`: nobody waits for it.
    in_time: Option<Duration>,
    callers: BTreeMap<u64, Caller>,
}

/// What a caller expects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    pub(super) came: Duration,
    pub(super) audio: AudioMillis,
}

#[derive(Clone, Copy, Debug)]
struct Caller {
    promise: Promise,
    began: Option<Duration>,
}

// === impl Server ===

impl Server {
    pub(super) fn new(model: GpuModel, in_time: Option<Duration>) -> Self {
        Self { gpu: Gpu::new(model), in_time, callers: BTreeMap::new() }
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.gpu.next_event()
    }

    pub(super) fn advance(&mut self, at: Duration) -> Vec<Event> {
        self.gpu.advance(at)
    }

    pub(super) fn start(&mut self, job: Job, promise: Promise, at: Duration) -> Result<(), Down> {
        self.gpu.start(job, at)?;
        self.callers.insert(job.id, Caller { promise, began: None });
        Ok(())
    }

    pub(super) fn first_byte(&mut self, id: u64, at: Duration) {
        if let Some(caller) = self.callers.get_mut(&id) {
            caller.began = Some(at);
        }
    }

    pub(super) fn has_begun(&self, id: u64) -> bool {
        self.callers.get(&id).is_some_and(|caller| caller.began.is_some())
    }

    pub(super) fn cancel(&mut self, id: u64, at: Duration) {
        self.gpu.cancel(id, at);
        self.callers.remove(&id);
    }

    /// A job is over. How long its caller waited for the first byte, and whether all was in time.
    pub(super) fn forget(&mut self, id: u64, at: Duration) -> (Duration, bool) {
        let Some(caller) = self.callers.remove(&id) else { return (Duration::ZERO, false) };
        let began = caller.began.unwrap_or(at);
        (began.saturating_sub(caller.promise.came), self.is_in_time(&caller.promise, began, at))
    }

    /// When the first byte of so much audio comes if nothing else is under way.
    pub(super) fn alone(&self, audio: AudioMillis) -> Duration {
        self.gpu.model().first_byte_alone(audio)
    }

    /// Whether `job` would be served in time, and all under way still, if nobody came after it.
    pub(super) fn had_room(&self, job: Job, promise: Promise, at: Duration) -> bool {
        let mut trial = self.clone();
        if !trial.gpu.has_room(&job) || trial.start(job, promise, at).is_err() {
            return false;
        }
        while let Some(next) = trial.next() {
            for Event { at, what } in trial.advance(next) {
                match what {
                    Happening::FirstByte(id) => trial.first_byte(id, at),
                    Happening::Finished(id) if !trial.forget(id, at).1 => return false,
                    Happening::Finished(_) | Happening::Crashed(_) | Happening::Restarted => {}
                }
            }
        }
        true
    }

    fn is_in_time(&self, promise: &Promise, began: Duration, ended: Duration) -> bool {
        let Some(in_time) = self.in_time else { return true };
        let spoken = Duration::from_millis(promise.audio.0);
        began.saturating_sub(promise.came) <= in_time && ended.saturating_sub(began) <= spoken
    }
}
