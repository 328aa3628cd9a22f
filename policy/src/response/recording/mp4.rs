//! MP4 (ISO/IEC 14496-12), fragmented or not: what counts is how long the samples of the audio track
//! are, or those of the first track where none is audio.
//!
//! Of a fragment (§8.8: `moof`, then `mdat`) they count once its `mdat` is complete, which is also when it
//! can be played; it is what must not be cut. A file that is not in fragments has its length in its
//! header (§8.4.2), and counts by how much of `mdat` came; behind a header that stands last, all of it.
//! Edit lists, which leave out what an encoder adds, are not read.

mod tables;

use self::tables::{Defaults, Track};
use super::super::length::Length;
use super::super::told::Told;
use super::Name;
use crate::audio::be;
use crate::audio::blocks::Next;

/// A file; it begins with its first box.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mp4 {
    /// Where the block stands that is wanted next, or what follows what is passing.
    at: u64,
    /// Where the top-level box ends that is passing.
    top_end: u64,
    top: Top,
    /// The last border: where a fragment or another top-level box begins.
    border: u64,
    /// The track that counts.
    track: Option<Track>,
    /// The one that is being described.
    described: Track,
    defaults: Defaults,
    is_fragmented: bool,
    /// Of the fragment that is passing.
    fragment: Fragment,
    length: Length,
    fragments: u64,
    /// Whether an `mdat` is complete.
    has_samples: bool,
    run: Option<Run>,
    is_lost: bool,
}

/// What of a top-level box matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Top {
    #[default]
    Other,
    Fragment,
    Samples,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fragment {
    /// Whether the `traf` that is being read is that of the track.
    is_track: bool,
    /// Of one sample, in the track's units, unless each says its own.
    duration: u64,
    /// Of all samples so far.
    ticks: u64,
}

/// Samples that say their duration each (§8.8.8).
#[derive(Clone, Copy, Debug)]
struct Run {
    left: u64,
    /// Of one sample's entry, in bytes.
    entry: usize,
}

/// Of a box: its size and its type (§4.2).
const HEADER: usize = 8;

/// Whether these bytes begin with a box that such files begin with. `mdat` and `moov` do so in old ones.
pub(super) fn is_mp4(magic: &[u8]) -> bool {
    matches!(magic.get(4..8), Some(b"ftyp" | b"styp" | b"moof" | b"moov" | b"sidx"))
}

// === impl Mp4 ===

impl Mp4 {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        let next = self.read(block).unwrap_or_else(|| {
            self.is_lost = true;
            Next::Nothing
        });
        if let Next::Block { drop, .. } | Next::Rest { drop } = next {
            self.at = self.at.saturating_add(drop);
        }
        next
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        if let Some(run) = self.run {
            return self.entry(run, block);
        }
        let kind = block.get(4..8)?;
        let (header, size) = match be(block, 0, 4)? {
            1 if block.len() < 16 => return Some(Next::Block { drop: 0, want: 16 }),
            1 => (16, be(block, 8, 8)?),
            size => (HEADER as u64, size),
        };
        if self.at >= self.top_end {
            // It reaches to the end of the file.
            if size == 0 {
                self.begin(kind, u64::MAX);
                return Some(Next::Rest { drop: header });
            }
            self.begin(kind, size);
        }
        if size < header {
            return None;
        }
        let wanted = tables::wanted(kind).min(usize::try_from(size).unwrap_or(usize::MAX));
        if block.len() < wanted {
            return Some(Next::Block { drop: 0, want: wanted });
        }
        let inside = Next::Block { drop: header, want: HEADER };
        Some(match kind {
            b"moov" | b"mdia" | b"moof" => inside,
            b"mvex" => {
                self.is_fragmented = true;
                inside
            }
            b"trak" => {
                self.described = Track::default();
                inside
            }
            b"traf" => {
                self.fragment.is_track = false;
                inside
            }
            b"trun" => self.run(block, size),
            b"mdat" => Next::Block { drop: size, want: HEADER },
            _ => {
                self.note(kind, block);
                Next::Block { drop: size, want: HEADER }
            }
        })
    }

    /// A top-level box begins, and the one before is complete.
    fn begin(&mut self, kind: &[u8], size: u64) {
        self.complete();
        let is_behind_fragment = self.top == Top::Fragment;
        self.top = match kind {
            b"moof" => Top::Fragment,
            b"mdat" => Top::Samples,
            _ => Top::Other,
        };
        if self.top == Top::Fragment {
            self.is_fragmented = true;
            self.fragment = Fragment::default();
        }
        if !is_behind_fragment {
            self.border = self.at;
        }
        self.top_end = self.at.saturating_add(size);
    }

    fn complete(&mut self) {
        if self.top != Top::Samples {
            return;
        }
        let fragment = std::mem::take(&mut self.fragment);
        self.has_samples = true;
        if let Some(track) = self.track {
            self.length.add(fragment.ticks, track.timescale);
            self.fragments = self.fragments.saturating_add(self.is_fragmented.into());
        }
    }

    /// What a box says that has nothing in it.
    fn note(&mut self, kind: &[u8], block: &[u8]) {
        match kind {
            b"trex" => self.defaults.note(block),
            b"tfhd" => {
                let id = be(block, 12, 4).unwrap_or_default();
                let track = self.track.filter(|it| it.id == id);
                self.fragment.is_track = track.is_some();
                if track.is_some() {
                    let own = tables::fragment_duration(block);
                    self.fragment.duration = own.unwrap_or_else(|| self.defaults.of(id));
                }
            }
            _ => {
                self.described.note(kind, block);
                if self.described.is_better(self.track) {
                    self.track = Some(self.described);
                }
            }
        }
    }

    fn run(&mut self, block: &[u8], size: u64) -> Next {
        let all = Next::Block { drop: size, want: HEADER };
        let (true, Some(run)) = (self.fragment.is_track, tables::Run::parse(block)) else {
            return all;
        };
        let held = run.head.saturating_add(run.samples.saturating_mul(run.entry));
        if !run.has_durations {
            let ticks = run.samples.saturating_mul(self.fragment.duration);
            self.fragment.ticks = self.fragment.ticks.saturating_add(ticks);
            return all;
        }
        if run.samples == 0 || held != size {
            return all;
        }
        let entry = usize::try_from(run.entry).unwrap_or(HEADER);
        self.run = Some(Run { left: run.samples, entry });
        Next::Block { drop: run.head, want: entry }
    }

    fn entry(&mut self, run: Run, block: &[u8]) -> Option<Next> {
        self.fragment.ticks = self.fragment.ticks.saturating_add(be(block, 0, 4)?);
        let left = run.left.saturating_sub(1);
        self.run = (left > 0).then_some(Run { left, ..run });
        let want = if left > 0 { run.entry } else { HEADER };
        Some(Next::Block { drop: run.entry as u64, want })
    }

    /// After `came` bytes of it.
    pub(super) fn told(&self, came: u64) -> Told {
        let mut now = *self;
        let is_complete = came >= self.at && self.at >= self.top_end;
        if is_complete {
            now.complete();
            if self.top != Top::Fragment {
                now.border = self.at;
            }
        }
        let is_stream = self.is_lost || self.top == Top::Samples && !self.is_fragmented;
        let tail = if is_stream && !is_complete { 0 } else { came.saturating_sub(now.border) };
        Told::of(Name::Fmp4, now.length(came, is_complete), now.fragments, tail)
    }

    fn length(&self, came: u64, is_complete: bool) -> Option<Length> {
        let Some(track) = self.track else {
            // Its header did not come yet, or comes last.
            let is_begun = self.has_samples || self.top == Top::Samples || self.is_lost;
            return (!is_begun).then_some(Length::default());
        };
        if self.is_fragmented || track.duration == 0 {
            return Some(self.length);
        }
        let samples = match (self.has_samples, self.top) {
            (true, _) => track.duration,
            (false, Top::Samples) if !is_complete => {
                let size = Some(self.top_end).filter(|it| *it < u64::MAX)?;
                let behind = |it: u64| it.saturating_sub(self.border).saturating_sub(HEADER as u64);
                let part = u128::from(track.duration).saturating_mul(behind(came).into());
                let part = part.checked_div(behind(size).into()).unwrap_or_default();
                u64::try_from(part).unwrap_or(u64::MAX).min(track.duration)
            }
            _ => 0,
        };
        Some(Length::default().with(samples, track.timescale))
    }
}
