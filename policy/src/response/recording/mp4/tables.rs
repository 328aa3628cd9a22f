//! What single boxes of MP4 say. Each stands in a block with its header of eight bytes; large sizes,
//! which make it sixteen, are for `mdat` only.

use crate::audio::be;

/// A track (ISO/IEC 14496-12 §8.3.2, §8.4.2, §8.4.3).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Track {
    pub(super) id: u64,
    /// Of its units, in a second.
    pub(super) timescale: u64,
    /// In those; 0 if its samples are in fragments.
    pub(super) duration: u64,
    is_audio: bool,
}

/// How long samples are that do not say it (§8.8.3), by track; of more tracks than these, 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults([(u64, u64); 4], usize);

/// A run of samples (§8.8.8).
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) samples: u64,
    /// Before the first sample's entry, in bytes.
    pub(super) head: u64,
    /// Of each, in bytes.
    pub(super) entry: u64,
    /// Whether an entry begins with a duration.
    pub(super) has_durations: bool,
}

/// How much of a box of this type is read, at most.
pub(super) fn wanted(kind: &[u8]) -> usize {
    match kind {
        b"tkhd" => 32,
        b"mdhd" => 40,
        b"hdlr" => 20,
        b"trex" | b"trun" => 24,
        b"tfhd" => 36,
        _ => 0,
    }
}

/// How long the samples of a fragment are, if its `tfhd` says so (§8.8.7).
pub(super) fn fragment_duration(block: &[u8]) -> Option<u64> {
    let flags = be(block, 9, 3)?;
    if flags & 8 == 0 {
        return None;
    }
    let offset = if flags & 1 == 0 { 16_usize } else { 24 };
    let description = if flags & 2 == 0 { 0 } else { 4 };
    be(block, offset.saturating_add(description), 4)
}

// === impl Track ===

impl Track {
    /// What one of its boxes says.
    pub(super) fn note(&mut self, kind: &[u8], block: &[u8]) {
        let is_long = block.get(8).is_some_and(|it| *it == 1);
        match kind {
            b"tkhd" => self.id = be(block, if is_long { 28 } else { 20 }, 4).unwrap_or_default(),
            b"mdhd" => {
                let (scale, duration, len) = if is_long { (28, 32, 8) } else { (20, 24, 4) };
                self.timescale = be(block, scale, 4).unwrap_or_default();
                let unknown = if is_long { u64::MAX } else { u32::MAX.into() };
                self.duration =
                    be(block, duration, len).filter(|it| *it != unknown).unwrap_or_default();
            }
            b"hdlr" => self.is_audio = block.get(16..20) == Some(b"soun"),
            _ => {}
        }
    }

    /// Whether it counts rather than another one; or is that one, of which more is known.
    pub(super) fn is_better(&self, other: Option<Self>) -> bool {
        self.id > 0
            && self.timescale > 0
            && other.is_none_or(|it| it.id == self.id || self.is_audio && !it.is_audio)
    }
}

// === impl Defaults ===

impl Defaults {
    /// What a `trex` says.
    pub(super) fn note(&mut self, block: &[u8]) {
        let (Some(track), Some(duration)) = (be(block, 12, 4), be(block, 20, 4)) else { return };
        if let Some(place) = self.0.get_mut(self.1) {
            *place = (track, duration);
            self.1 = self.1.saturating_add(1);
        }
    }

    pub(super) fn of(&self, track: u64) -> u64 {
        self.0.iter().find(|(it, _)| *it == track).map(|it| it.1).unwrap_or_default()
    }
}

// === impl Run ===

impl Run {
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        let (flags, samples) = (be(block, 9, 3)?, be(block, 12, 4)?);
        let fields = |mask: u64| u64::from((flags & mask).count_ones()).saturating_mul(4);
        Some(Self {
            samples,
            // The data's offset, and the first sample's flags.
            head: fields(0x5).saturating_add(16),
            // Duration, size, flags, composition offset.
            entry: fields(0xf00),
            has_durations: flags & 0x100 != 0,
        })
    }
}
