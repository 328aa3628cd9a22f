//! Learns the length and the sample rate of a recording from its first bytes and its frames.
//!
//! A parser of one format is asked about short blocks and answers which one it wants next, so that
//! it keeps no bytes and meets no end of a slice.

mod flac;
mod mp3;
mod ogg;
mod wav;

#[cfg(test)]
mod tests;

use super::AudioMillis;
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
    format: Option<Format>,
    /// The beginning of the block that is wanted.
    held: Vec<u8>,
    want: usize,
    /// Bytes to come before that block.
    skip: u64,
    /// Once no block is wanted any more: how many bytes came since.
    rest: Option<u64>,
}

#[derive(Clone, Debug)]
enum Format {
    Wav(Wav),
    Flac(Flac),
    Mp3(Mp3),
    Ogg(Ogg),
}

/// What a parser wants after a block; `drop` counts from the block's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A block of `want` bytes.
    Block { drop: u64, want: usize },
    /// Only the number of the bytes that follow.
    Count { drop: u64 },
    /// Nothing: this is not the format.
    Nothing,
}

/// Enough to tell a format.
const MAGIC: usize = 12;

/// Most bytes of a block: an Ogg page's header with its table, and what tells its codec.
const MAX_BLOCK: usize = 322;

// === impl AudioProbe ===

impl AudioProbe {
    /// A probe at the beginning of a recording.
    pub fn new() -> Self {
        Self { format: None, held: Vec::new(), want: MAGIC, skip: 0, rest: None }
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        loop {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip = self.skip.saturating_sub(skipped as u64);
            bytes = bytes.get(skipped..).unwrap_or_default();
            if let Some(rest) = &mut self.rest {
                *rest = rest.saturating_add(bytes.len() as u64);
                return;
            }
            let missing = self.want.saturating_sub(self.held.len());
            let (taken, after) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.held.extend_from_slice(taken);
            bytes = after;
            if self.held.len() < self.want {
                return;
            }
            self.step();
        }
    }

    /// Whether [`Self::feed`] learns from bytes; else [`Self::count`] does.
    pub fn wants_bytes(&self) -> bool {
        self.rest.is_none() || self.skip > 0
    }

    /// As many bytes came, which nobody wants.
    pub fn count(&mut self, bytes: u64) {
        if let Some(rest) = &mut self.rest {
            *rest = rest.saturating_add(bytes);
        }
    }

    /// What is known so far.
    pub fn info(&self) -> AudioInfo {
        let rest = self.rest.unwrap_or_default();
        match &self.format {
            None => AudioInfo::default(),
            Some(Format::Wav(it)) => it.info(rest),
            Some(Format::Flac(it)) => it.info(rest),
            Some(Format::Mp3(it)) => it.info(),
            Some(Format::Ogg(it)) => it.info(),
        }
    }

    /// The wanted block is there.
    fn step(&mut self) {
        let block = self.held.get(..self.want).unwrap_or_default();
        let is_new = self.format.is_none();
        let next = match &mut self.format {
            None => {
                self.format = Format::detect(block);
                match self.format {
                    Some(Format::Wav(_)) => Next::Block { drop: 12, want: 8 },
                    Some(Format::Flac(_)) => Next::Block { drop: 4, want: 4 },
                    Some(Format::Mp3(_)) => Next::Block { drop: mp3::id3_len(block), want: 4 },
                    Some(Format::Ogg(_)) => Next::Block { drop: 0, want: ogg::HEADER },
                    None => Next::Nothing,
                }
            }
            Some(Format::Wav(it)) => it.block(block),
            Some(Format::Flac(it)) => it.block(block),
            Some(Format::Mp3(it)) => it.block(block),
            Some(Format::Ogg(it)) => it.block(block),
        };
        let (drop, want) = match next {
            // What asks for no more than it has would ask for ever.
            Next::Block { drop, want } if is_new || drop > 0 || want.min(MAX_BLOCK) > self.want => {
                (drop, want)
            }
            Next::Count { drop } => {
                self.rest = Some(0);
                (drop, 0)
            }
            Next::Block { .. } | Next::Nothing => {
                self.rest = Some(0);
                (0, 0)
            }
        };
        let held = usize::try_from(drop).unwrap_or(usize::MAX).min(self.held.len());
        self.held.drain(..held);
        self.skip = drop.saturating_sub(held as u64);
        self.want = want.min(MAX_BLOCK);
        if let Some(rest) = &mut self.rest {
            *rest = self.held.len() as u64;
            self.held = Vec::new();
        }
    }
}

impl Default for AudioProbe {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Format ===

impl Format {
    /// By the first [`MAGIC`] bytes, as `file` and FFmpeg tell them.
    fn detect(magic: &[u8]) -> Option<Self> {
        let is_wave = magic.get(8..12) == Some(b"WAVE");
        Some(match magic.get(..4)? {
            b"RIFF" | b"RF64" | b"BW64" if is_wave => Self::Wav(Wav::default()),
            b"fLaC" => Self::Flac(Flac::default()),
            b"OggS" => Self::Ogg(Ogg::default()),
            [b'I', b'D', b'3', _] => Self::Mp3(Mp3::default()),
            header if mp3::is_frame(header) => Self::Mp3(Mp3::default()),
            _ => return None,
        })
    }
}

/// A little-endian number of up to eight bytes.
fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |value, it| value << 8 | u64::from(*it)))
}

/// A big-endian number of up to eight bytes.
fn be(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |value, it| value << 8 | u64::from(*it)))
}

/// How long `amount` lasts at `per_second`, rounded up; nothing if there is no rate.
fn millis(amount: u64, per_second: u64) -> AudioMillis {
    let exact = u128::from(amount).saturating_mul(1000);
    let millis = if per_second == 0 { 0 } else { exact.div_ceil(per_second.into()) };
    AudioMillis(u64::try_from(millis).unwrap_or(u64::MAX))
}
