//! A GPU behind the service, which does fall over: the model of `voxgate-simulator`, driven by the
//! real clock.
//!
//! Each synthesis is one of its jobs. An answer begins with the job's first sound and comes as fast as
//! the model makes it; a client that leaves ends its job. When memory runs out, every connection is
//! reset, and each new one, until the model has restarted.

use super::received::locked;
use crate::server::Door;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::HeaderValue;
use serde::Serialize;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use voxgate_policy::facts::AudioMillis;
use voxgate_simulator::model::{Down, Gpu, GpuModel, Happening, Job};

/// How often a job's sound is looked for.
const CHUNK: Duration = Duration::from_millis(100);

/// How much of it leaves with the first sound: the model says when that is, and at that moment it has
/// made nothing yet.
const FIRST: AudioMillis = AudioMillis(10);

/// The card, its clock, and who waits for it.
#[derive(Debug)]
pub(super) struct Card {
    began: Instant,
    door: Door,
    /// Something was started or ended, so that what comes next may come sooner.
    changed: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    gpu: Gpu,
    stages: HashMap<u64, watch::Sender<Stage>>,
    last_id: u64,
    crashes: u64,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Silent,
    Sounding,
    Finished,
}

/// What a GPU behind a service does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GpuStatus {
    /// Jobs under way.
    pub jobs: usize,
    /// What they take together, in MB.
    pub memory_mb: f64,
    /// Whether it is away after a crash.
    pub down: bool,
    /// How often its memory ran out.
    pub crashes: u64,
}

/// A job under way; dropping it ends the job.
#[derive(Debug)]
pub(super) struct Running {
    card: Arc<Card>,
    id: u64,
    audio: AudioMillis,
    sample_rate: u32,
    stage: watch::Receiver<Stage>,
    sent_bytes: usize,
}

/// The job is lost: the GPU fell over.
#[derive(Debug)]
pub(super) struct Lost;

/// Keeps the card going; dropping it stops the card.
#[derive(Debug)]
pub(super) struct Clockwork(JoinHandle<()>);

// === impl Card ===

impl Card {
    /// A card whose crashes shut `door`.
    pub fn start(model: GpuModel, door: Door) -> (Arc<Self>, Clockwork) {
        let state = State { gpu: Gpu::new(model), stages: HashMap::new(), last_id: 0, crashes: 0 };
        let card = Arc::new(Self {
            began: Instant::now(),
            door,
            changed: Arc::default(),
            state: Mutex::new(state),
        });
        let clockwork = Clockwork(tokio::spawn(Arc::clone(&card).keep_going()));
        (card, clockwork)
    }

    /// Begins a job. If there is no memory for it, that is the end of all of them.
    pub fn begin(self: &Arc<Self>, audio: AudioMillis, sample_rate: u32) -> Result<Running, Lost> {
        let mut state = locked(&self.state);
        state.last_id += 1;
        let id = state.last_id;
        let (stage, told) = watch::channel(Stage::Silent);
        state.stages.insert(id, stage);
        let started = state.gpu.start(Job { id, audio, sample_rate }, self.began.elapsed());
        self.tell(&mut state);
        drop(state);
        self.changed.notify_one();
        let running =
            Running { card: Arc::clone(self), id, audio, sample_rate, stage: told, sent_bytes: 0 };
        started.map(|()| running).map_err(|Down { .. }| Lost)
    }

    pub fn status(&self) -> GpuStatus {
        let mut state = locked(&self.state);
        self.tell(&mut state);
        GpuStatus {
            jobs: state.gpu.jobs(),
            memory_mb: state.gpu.memory_mb(),
            down: state.gpu.down().is_some(),
            crashes: state.crashes,
        }
    }

    /// What the service says of its load (ORCA, native HTTP): of memory what is taken, and of its speed
    /// what the jobs under way could use, which is more than 1 when they slow each other down.
    pub fn load_report(&self) -> HeaderValue {
        let state = locked(&self.state);
        let model = state.gpu.model();
        let memory = (model.weights_mb + state.gpu.memory_mb()) / model.memory_mb;
        let wanted = state.gpu.jobs() as f64 * model.per_job_max_speed;
        let speed = wanted / model.audio_seconds_per_second;
        let report = format!("TEXT application_utilization={speed:.3},mem_utilization={memory:.3}");
        HeaderValue::try_from(report).expect("visible ASCII")
    }

    async fn keep_going(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = locked(&self.state);
                self.tell(&mut state);
                state.gpu.next_event()
            };
            let changed = self.changed.notified();
            match next {
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until((self.began + at).into()) => {}
                    () = changed => {}
                },
                None => changed.await,
            }
        }
    }

    /// Tells jobs, and the door, what happened up to now.
    fn tell(&self, state: &mut State) {
        for event in state.gpu.advance(self.began.elapsed()) {
            match event.what {
                Happening::FirstByte(id) => state.reach(id, Stage::Sounding),
                Happening::Finished(id) => {
                    state.reach(id, Stage::Finished);
                    state.stages.remove(&id);
                }
                Happening::Crashed(_) => {
                    state.crashes += 1;
                    state.stages.clear();
                    self.door.shut();
                }
                Happening::Restarted => self.door.open(),
            }
        }
    }
}

// === impl State ===

impl State {
    fn reach(&self, id: u64, stage: Stage) {
        if let Some(told) = self.stages.get(&id) {
            told.send_replace(stage);
        }
    }
}

// === impl Running ===

impl Running {
    /// Waits for the first sound.
    pub async fn first_sound(&mut self) -> Result<(), Lost> {
        self.stage.wait_for(|stage| *stage != Stage::Silent).await.map(|_| ()).map_err(|_| Lost)
    }

    /// The sound as it is made: a hum of 16-bit mono samples.
    pub fn sound(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::unfold(Some(self), |running| async move {
            let mut running = running?;
            match running.more().await {
                Ok(None) => None,
                Ok(Some(chunk)) => Some((Ok(chunk), Some(running))),
                // The connection is reset anyway; this makes sure that the answer is not complete.
                Err(Lost) => Some((Err(io::Error::other("the GPU fell over")), None)),
            }
        })
    }

    async fn more(&mut self) -> Result<Option<Bytes>, Lost> {
        let all = bytes_of(self.audio, self.sample_rate);
        loop {
            let made = self.made()?;
            if made > self.sent_bytes {
                let chunk = hum(self.sent_bytes, made);
                self.sent_bytes = made;
                return Ok(Some(chunk));
            }
            if made == all {
                return Ok(None);
            }
            let finished = self.stage.wait_for(|stage| *stage == Stage::Finished);
            // Whether it came to its end or was lost, the next look tells.
            let _ = tokio::time::timeout(CHUNK, finished).await;
        }
    }

    /// How many bytes there are by now.
    fn made(&self) -> Result<usize, Lost> {
        let mut state = locked(&self.card.state);
        self.card.tell(&mut state);
        if *self.stage.borrow() == Stage::Finished {
            return Ok(bytes_of(self.audio, self.sample_rate));
        }
        let progress = state.gpu.progress(self.id).ok_or(Lost)?;
        Ok(bytes_of(progress.max(FIRST.min(self.audio)), self.sample_rate))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = locked(&self.card.state);
        if state.gpu.cancel(self.id, self.card.began.elapsed()) {
            state.stages.remove(&self.id);
            self.card.changed.notify_one();
        }
    }
}

fn bytes_of(audio: AudioMillis, sample_rate: u32) -> usize {
    let samples = audio.0 * u64::from(sample_rate) / 1000;
    usize::try_from(samples * 2).unwrap_or(usize::MAX)
}

/// The bytes from here to there of a hum: what it sounds like is nobody's concern here, and tones as
/// [`super::Engine::Formants`] makes them would take the processor from what is measured.
fn hum(from: usize, to: usize) -> Bytes {
    (from..to).map(|at| if at % 256 < 128 { 0x02 } else { 0xfd }).collect()
}

// === impl Clockwork ===

impl Drop for Clockwork {
    fn drop(&mut self) {
        self.0.abort();
    }
}
