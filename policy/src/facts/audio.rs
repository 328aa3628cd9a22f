//! Learns the length and the sample rate of a recording from its first bytes and its frames.

mod flac;
mod mp3;
mod ogg;
mod wav;

#[cfg(test)]
mod tests;

use super::AudioMillis;
use crate::audio::blocks::{Blocks, Next, Reader};
use crate::audio::{Container, MAGIC, flac as flac_headers, mpeg, ogg as ogg_headers};
use flac::Flac;
use mp3::Mp3;
use ogg::Ogg;
use wav::Wav;

/// What is known of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AudioInfo {
    /// How long it is at least, as far as it was read.
    pub length: AudioMillis,
    /// Whether its format tells the length, so that it is this if it is complete.
    pub is_length_known: bool,
    /// In Hz.
    pub sample_rate_hz: Option<u32>,
}

/// Reads a recording as it streams. It keeps less than a kilobyte.
#[derive(Clone, Debug)]
pub struct AudioProbe {
    blocks: Blocks,
    recording: Recording,
}

#[derive(Clone, Debug, Default)]
struct Recording {
    format: Option<Format>,
    /// Once no block is wanted any more: how many bytes came since.
    rest: u64,
}

#[derive(Clone, Debug)]
enum Format {
    Wav(Wav),
    Flac(Flac),
    Mp3(Mp3),
    Ogg(Ogg),
}

// === impl AudioProbe ===

impl AudioProbe {
    /// A probe at the beginning of a recording.
    pub fn new() -> Self {
        Self { blocks: Blocks::new(MAGIC), recording: Recording::default() }
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.blocks.feed(bytes, &mut self.recording);
    }

    /// Whether [`Self::feed`] learns from bytes; else [`Self::count`] does.
    pub fn wants_bytes(&self) -> bool {
        !self.blocks.is_rest()
    }

    /// As many bytes came, which nobody wants.
    pub fn count(&mut self, bytes: u64) {
        if self.blocks.is_rest() {
            self.recording.rest = self.recording.rest.saturating_add(bytes);
        }
    }

    /// What is known so far.
    pub fn info(&self) -> AudioInfo {
        let rest = self.recording.rest;
        match &self.recording.format {
            None => AudioInfo::default(),
            Some(Format::Wav(it)) => it.info(rest),
            Some(Format::Flac(it)) => it.info(rest),
            Some(Format::Mp3(it)) => it.info(),
            Some(Format::Ogg(it)) => it.info(),
        }
    }
}

impl Default for AudioProbe {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Recording ===

impl Recording {
    /// The first block tells the format.
    fn begin(&mut self, magic: &[u8]) -> Next {
        let Some(container) = Container::detect(magic) else { return Next::Nothing };
        let (format, next) = match container {
            Container::Wav => (Format::Wav(Wav::default()), Next::Block { drop: 12, want: 8 }),
            Container::Flac => {
                let next = Next::Block { drop: 4, want: flac_headers::HEADER };
                (Format::Flac(Flac::default()), next)
            }
            Container::Ogg => {
                let next = Next::Block { drop: 0, want: ogg_headers::HEADER };
                (Format::Ogg(Ogg::default()), next)
            }
            Container::Mpeg => {
                let mut mp3 = Mp3::default();
                let next = match mpeg::id3_len(magic) {
                    0 => mp3.block(magic),
                    drop => Next::Block { drop, want: 4 },
                };
                (Format::Mp3(mp3), next)
            }
        };
        self.format = Some(format);
        next
    }
}

impl Reader for Recording {
    fn block(&mut self, block: &[u8]) -> Next {
        match &mut self.format {
            None => self.begin(block),
            Some(Format::Wav(it)) => it.block(block),
            Some(Format::Flac(it)) => it.block(block),
            Some(Format::Mp3(it)) => it.block(block),
            Some(Format::Ogg(it)) => it.block(block),
        }
    }

    fn rest(&mut self, bytes: &[u8]) {
        self.rest = self.rest.saturating_add(bytes.len() as u64);
    }
}

/// How long `amount` lasts at `per_second`, rounded up; nothing if there is no rate.
fn millis(amount: u64, per_second: u64) -> AudioMillis {
    let exact = u128::from(amount).saturating_mul(1000);
    let millis = if per_second == 0 { 0 } else { exact.div_ceil(per_second.into()) };
    AudioMillis(u64::try_from(millis).unwrap_or(u64::MAX))
}
