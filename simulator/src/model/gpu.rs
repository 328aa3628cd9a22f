//! The jobs under way.

use std::time::Duration;

use voxgate_policy::facts::AudioMillis;

use super::{GpuModel, Job, seconds};

/// A GPU at work. Time is counted from its start and only goes forwards: an earlier `now` is taken
/// for the latest.
#[derive(Clone, Debug)]
pub struct Gpu {
    model: GpuModel,
    now: Duration,
    /// When it is back, while it is away.
    back: Option<Duration>,
    jobs: Vec<Running>,
    /// What happened and [`Gpu::advance`] has not told yet.
    untold: Vec<Event>,
}

/// What happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Since the GPU's start.
    pub at: Duration,
    /// What happened then.
    pub what: Happening,
}

/// What happens to jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The first sound of this job left.
    FirstByte(u64),
    /// The last sound of this job left.
    Finished(u64),
    /// Memory ran out: these jobs are lost, and the service is away.
    Crashed(Vec<u64>),
    /// The service is back.
    Restarted,
}

/// The service is away: nobody listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Down {
    /// When it is back, since the GPU's start.
    pub until: Duration,
}

#[derive(Clone, Debug)]
struct Running {
    job: Job,
    memory_mb: f64,
    /// Of the work before the first sound, what is left.
    before: f64,
    /// Of its audio, what is still to be made, in seconds.
    left: f64,
    begun: bool,
}

/// Work so small that it is done: far below what a microsecond does, far above what rounding leaves.
const NOTHING: f64 = 1e-9;

// === impl Gpu ===

impl Gpu {
    /// One without jobs, that starts at 0.
    pub fn new(model: GpuModel) -> Self {
        Self { model, now: Duration::ZERO, back: None, jobs: Vec::new(), untold: Vec::new() }
    }

    /// Begins `job`. If there is no memory for it, that is its end and the others' too: the next
    /// [`Gpu::advance`] tells.
    ///
    /// # Errors
    ///
    /// The service is away.
    pub fn start(&mut self, job: Job, now: Duration) -> Result<(), Down> {
        self.run(now);
        if let Some(until) = self.back {
            return Err(Down { until });
        }
        let memory_mb = self.model.memory_of(&job);
        let before = self.model.before_first_sound(&job);
        let left = seconds(job.audio);
        self.jobs.push(Running { job, memory_mb, before, left, begun: false });
        if self.memory_mb() > self.model.memory_for_jobs() {
            self.crash();
        }
        Ok(())
    }

    /// Ends a job early, as when its client leaves; its memory is free at once. False if it is not
    /// under way (any more).
    pub fn cancel(&mut self, id: u64, now: Duration) -> bool {
        self.run(now);
        let jobs = self.jobs.len();
        self.jobs.retain(|running| running.job.id != id);
        jobs != self.jobs.len()
    }

    /// What happened up to `now` and was not told before, in order.
    pub fn advance(&mut self, now: Duration) -> Vec<Event> {
        self.run(now);
        std::mem::take(&mut self.untold)
    }

    /// When [`Gpu::advance`] has something to tell, if no job starts or is cancelled before.
    pub fn next_event(&self) -> Option<Duration> {
        if self.untold.is_empty() { self.next() } else { Some(self.now) }
    }

    /// How much audio of a job was made by the last [`Gpu::advance`].
    pub fn progress(&self, id: u64) -> Option<AudioMillis> {
        let running = self.jobs.iter().find(|running| running.job.id == id)?;
        let left = (running.left * 1000.0).ceil() as u64;
        Some(AudioMillis(running.job.audio.0.saturating_sub(left)))
    }

    /// Until when it is away, if it is.
    pub fn down(&self) -> Option<Down> {
        self.back.map(|until| Down { until })
    }

    /// How many jobs are under way.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// What they take together, in MB.
    pub fn memory_mb(&self) -> f64 {
        self.jobs.iter().map(|running| running.memory_mb).sum()
    }

    /// Whether `job` would find memory.
    pub fn has_room(&self, job: &Job) -> bool {
        let needed = self.memory_mb() + self.model.memory_of(job);
        self.back.is_none() && needed <= self.model.memory_for_jobs()
    }

    /// What it is a model of.
    pub fn model(&self) -> &GpuModel {
        &self.model
    }

    fn crash(&mut self) {
        let lost = self.jobs.drain(..).map(|running| running.job.id).collect();
        self.tell(Happening::Crashed(lost));
        self.back = Some(self.now + Duration::from_secs_f64(self.model.restart_seconds));
    }

    fn tell(&mut self, what: Happening) {
        self.untold.push(Event { at: self.now, what });
    }

    fn run(&mut self, now: Duration) {
        while let Some(at) = self.next().filter(|at| *at <= now) {
            self.work_until(at);
            self.settle();
        }
        if now > self.now {
            self.work_until(now);
        }
    }

    /// When a job passes from one state to the next, or the service comes back.
    fn next(&self) -> Option<Duration> {
        if self.back.is_some() {
            return self.back;
        }
        let (before, speed) = (self.speed_before(), self.speed());
        let wait = self.jobs.iter().map(|running| {
            if running.before > NOTHING { running.before / before } else { running.left / speed }
        });
        let soonest = wait.min_by(f64::total_cmp)?;
        // Rounded up, so that the work is done by then; a microsecond at least, so that time moves.
        let micros = if soonest <= 0.0 { 0 } else { (soonest * 1e6).ceil().max(1.0) as u64 };
        Some(self.now + Duration::from_micros(micros))
    }

    fn work_until(&mut self, at: Duration) {
        let passed = at.saturating_sub(self.now).as_secs_f64();
        let (before, speed) = (self.speed_before(), self.speed());
        for running in &mut self.jobs {
            if running.before > NOTHING {
                running.before = (running.before - passed * before).max(0.0);
            } else {
                running.left = (running.left - passed * speed).max(0.0);
            }
        }
        self.now = self.now.max(at);
    }

    /// Tells whose state changed by now.
    fn settle(&mut self) {
        if self.back.is_some_and(|back| back <= self.now) {
            self.back = None;
            self.tell(Happening::Restarted);
        }
        let at = self.now;
        let streams = self.model.streams;
        let untold = &mut self.untold;
        self.jobs.retain_mut(|running| {
            let sounding = running.before <= NOTHING;
            let done = sounding && running.left <= NOTHING;
            if !running.begun && (done || (sounding && streams)) {
                running.begun = true;
                untold.push(Event { at, what: Happening::FirstByte(running.job.id) });
            }
            if done {
                untold.push(Event { at, what: Happening::Finished(running.job.id) });
            }
            !done
        });
    }

    /// Work before the first sound done by a job in a second.
    fn speed_before(&self) -> f64 {
        1.0 / (1.0 + self.model.first_byte_growth * self.jobs.len().saturating_sub(1) as f64)
    }

    /// Seconds of audio made by a job in a second.
    fn speed(&self) -> f64 {
        let share = self.model.audio_seconds_per_second / self.jobs.len().max(1) as f64;
        share.min(self.model.per_job_max_speed)
    }
}
