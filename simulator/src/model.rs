//! A GPU that speaks, as far as shedding has to do with it.
//!
//! What it has of the real thing: a job takes memory by the length of its audio and its sample rate,
//! at once and until it ends; the speed is shared by the jobs under way; the first sound comes later the
//! more jobs there are and the longer the text; and when memory runs out the process dies, takes every job with
//! it, and is away while the weights load again.

mod gpu;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use voxgate_policy::facts::AudioMillis;

pub use gpu::{Down, Event, Gpu, Happening};

/// What the GPU can do. The default is a 24 GB card with a model that makes 40 seconds of audio in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GpuModel {
    /// Memory of the card, in MB.
    pub memory_mb: f64,
    /// Of it, what the weights take, in MB.
    pub weights_mb: f64,
    /// What a job takes for each second of its audio at 16 kHz, in MB; in proportion at other rates.
    pub mb_per_audio_second_at_16k: f64,
    /// How long the service is away after its memory ran out, in seconds.
    pub restart_seconds: f64,
    /// Seconds of audio made in a second, by all jobs together.
    pub audio_seconds_per_second: f64,
    /// Seconds of audio made in a second by one job, at most.
    pub per_job_max_speed: f64,
    /// When the first sound comes of a job that is alone, in seconds.
    pub first_byte_seconds: f64,
    /// How much later it comes for each second of audio the job asks for, in seconds.
    pub first_byte_per_audio_second: f64,
    /// How much slower it comes for each other job under way: 0.1 is a tenth.
    pub first_byte_growth: f64,
    /// Whether sound is sent as it is made. If not, the first byte comes with the last.
    pub streams: bool,
}

/// One synthesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The caller's name for it; no two that are under way may share one.
    pub id: u64,
    /// Length of the audio it makes.
    pub audio: AudioMillis,
    /// Of the audio, in Hz.
    pub sample_rate: u32,
}

/// A model that could not be.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ModelError {
    /// A number that must be more than zero, and finite.
    #[error("`{0}` must be more than 0")]
    NotPositive(&'static str),
    /// A number that must not be less than zero, and finite.
    #[error("`{0}` must be 0 or more")]
    Negative(&'static str),
    /// The weights leave no memory.
    #[error("`weights_mb` must be less than `memory_mb`")]
    NoRoom,
}

// === impl GpuModel ===

impl Default for GpuModel {
    fn default() -> Self {
        Self {
            memory_mb: 24_576.0,
            weights_mb: 8_192.0,
            mb_per_audio_second_at_16k: 30.0,
            restart_seconds: 20.0,
            audio_seconds_per_second: 40.0,
            per_job_max_speed: 8.0,
            first_byte_seconds: 0.12,
            first_byte_per_audio_second: 0.002,
            first_byte_growth: 0.05,
            streams: true,
        }
    }
}

impl GpuModel {
    /// Whether there can be such a GPU.
    ///
    /// # Errors
    ///
    /// The first number that is wrong.
    pub fn check(&self) -> Result<(), ModelError> {
        let positive = [
            ("memory_mb", self.memory_mb),
            ("mb_per_audio_second_at_16k", self.mb_per_audio_second_at_16k),
            ("audio_seconds_per_second", self.audio_seconds_per_second),
            ("per_job_max_speed", self.per_job_max_speed),
        ];
        let others = [
            ("weights_mb", self.weights_mb),
            ("restart_seconds", self.restart_seconds),
            ("first_byte_seconds", self.first_byte_seconds),
            ("first_byte_per_audio_second", self.first_byte_per_audio_second),
            ("first_byte_growth", self.first_byte_growth),
        ];
        let sensible = |number: f64| (0.0..=1e9).contains(&number);
        if let Some((name, _)) = positive.iter().find(|(_, n)| !(sensible(*n) && *n >= 1e-6)) {
            return Err(ModelError::NotPositive(name));
        }
        if let Some((name, _)) = others.iter().find(|(_, number)| !sensible(*number)) {
            return Err(ModelError::Negative(name));
        }
        if self.weights_mb >= self.memory_mb { Err(ModelError::NoRoom) } else { Ok(()) }
    }

    /// What `job` takes while it is under way, in MB.
    pub fn memory_of(&self, job: &Job) -> f64 {
        self.mb_per_audio_second_at_16k * seconds(job.audio) * f64::from(job.sample_rate) / 16_000.0
    }

    /// What jobs can take together, in MB.
    pub fn memory_for_jobs(&self) -> f64 {
        self.memory_mb - self.weights_mb
    }

    /// When the first byte of so much audio comes if nothing else is under way.
    pub fn first_byte_alone(&self, audio: AudioMillis) -> Duration {
        let before = self.first_byte_seconds + self.first_byte_per_audio_second * seconds(audio);
        let speed = self.audio_seconds_per_second.min(self.per_job_max_speed);
        let made = if self.streams { 0.0 } else { seconds(audio) / speed };
        Duration::from_secs_f64(before + made)
    }

    /// How much work `job` is before its first sound, in seconds if it is alone.
    fn before_first_sound(&self, job: &Job) -> f64 {
        self.first_byte_seconds + self.first_byte_per_audio_second * seconds(job.audio)
    }
}

fn seconds(audio: AudioMillis) -> f64 {
    audio.0 as f64 / 1000.0
}
