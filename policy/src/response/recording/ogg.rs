//! Ogg: what counts are the positions that pages say at their end, once a page is complete.
//!
//! Positions are those of the last sample that a packet which ends in the page gives (RFC 7845 §4,
//! Vorbis I §A.2, RFC 9639 §10.1), so a stream is as long as its last one. A stream that joins a
//! broadcast begins beyond zero; speech that was made for the request does not, and only the bound
//! of all audio holds for that.

use super::super::length::Length;
use super::super::told::Told;
use super::Name;
use crate::audio::blocks::Next;
use crate::audio::ogg::{Codec, HEADER, Page, Parsed};

/// An Ogg file. Streams that follow each other (chained ones) add up; of streams at the same time
/// the first that is known counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ogg {
    /// Of the streams before.
    before: Length,
    stream: Option<Stream>,
    /// What the page that is passing says, of that stream.
    pending: u64,
    /// Complete pages.
    pages: u64,
    /// Whether it is a page that is passing.
    is_page: bool,
    /// Whether a page came that begins no stream.
    has_begun: bool,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    serial: u64,
    codec: Codec,
    /// The highest position of any complete page, in samples.
    granule: u64,
    has_data: bool,
}

// === impl Ogg ===

impl Ogg {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        // The page before is complete, since the next one begins.
        if let Some(stream) = &mut self.stream {
            stream.granule = stream.granule.max(self.pending);
        }
        self.pending = 0;
        self.pages = self.pages.saturating_add(std::mem::take(&mut self.is_page).into());
        let page = match Page::parse(block) {
            Parsed::Page(page) => page,
            Parsed::More(want) => return Next::Block { drop: 0, want },
            Parsed::NotAPage => return self.resync(block),
        };
        self.is_page = true;
        if page.is_beginning {
            self.begin(page.serial, block.get(page.header_len..).unwrap_or_default());
        } else {
            self.has_begun = true;
        }
        if let Some(stream) = self.stream.as_mut().filter(|it| it.serial == page.serial) {
            stream.has_data |= !page.is_beginning;
            self.pending = u64::try_from(page.granule).unwrap_or_default();
        }
        Next::Block { drop: page.body_len.saturating_add(page.header_len as u64), want: HEADER }
    }

    /// RFC 3533 §6: the capture pattern is there to find the next page.
    fn resync(&mut self, block: &[u8]) -> Next {
        let tail = block.get(1..).unwrap_or_default();
        let next = memchr::memchr(b'O', tail).unwrap_or(tail.len());
        Next::Block { drop: (next as u64).saturating_add(1), want: HEADER }
    }

    fn begin(&mut self, serial: u64, packet: &[u8]) {
        let Some(codec) = Codec::parse(packet) else { return };
        if self.stream.is_some_and(|it| !it.has_data) {
            return;
        }
        self.before = self.with(0);
        self.stream = Some(Stream { serial, codec, granule: 0, has_data: false });
    }

    /// `is_passed` is whether the page that was read last is complete. If no codec of it is known, it is
    /// not measured.
    pub(super) fn told(&self, is_passed: bool, tail: u64) -> Told {
        let is_known = self.stream.is_some() || !self.has_begun;
        let length = self.with(if is_passed { self.pending } else { 0 });
        let units = self.pages.saturating_add((self.is_page && is_passed).into());
        Told::of(Name::Ogg, is_known.then_some(length), units, tail)
    }

    fn with(&self, granule: u64) -> Length {
        let Some(stream) = self.stream else { return self.before };
        let samples = stream.granule.max(granule).saturating_sub(stream.codec.pre_skip);
        self.before.with(samples, stream.codec.rate.into())
    }
}
