//! Ogg.

use super::{AudioInfo, AudioMillis, millis};
use crate::audio::blocks::Next;
use crate::audio::ogg::{Codec, HEADER, NO_GRANULE, Page, Parsed};

/// An Ogg file. Streams that follow each other (chained ones) add up.
#[derive(Clone, Debug, Default)]
pub(super) struct Ogg {
    stream: Option<Stream>,
    /// The length of the streams before.
    before: AudioMillis,
    sample_rate: Option<u32>,
    is_lost: bool,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    serial: u64,
    codec: Codec,
    /// The highest position of any page, in samples.
    granule: u64,
    /// Bytes of its pages.
    bytes: u64,
}

// === impl Ogg ===

impl Ogg {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        let page = match Page::parse(block) {
            Parsed::Page(page) => page,
            Parsed::More(want) => return Next::Block { drop: 0, want },
            Parsed::NotAPage => {
                self.is_lost = true;
                return Next::Nothing;
            }
        };
        if page.is_beginning {
            self.begin(page.serial, block.get(page.header_len..).unwrap_or_default());
        }
        if let Some(stream) = self.stream.as_mut().filter(|it| it.serial == page.serial) {
            stream.bytes = stream.bytes.saturating_add(page.body_len);
            if page.granule != NO_GRANULE {
                // Without its sign, which would be nonsense.
                stream.granule = stream.granule.max((page.granule & i64::MAX).unsigned_abs());
            }
        }
        Next::Block { drop: page.body_len.saturating_add(page.header_len as u64), want: HEADER }
    }

    fn begin(&mut self, serial: u64, packet: &[u8]) {
        let Some(codec) = Codec::parse(packet) else { return };
        if let Some(stream) = self.stream {
            // Two at once: only one is measured, so the length is not known.
            self.is_lost |= stream.granule == 0;
            self.before.0 = self.before.0.saturating_add(stream.length().0);
        }
        self.sample_rate = self.sample_rate.max(Some(codec.rate));
        self.stream = Some(Stream { serial, codec, granule: 0, bytes: 0 });
    }

    pub(super) fn info(&self) -> AudioInfo {
        let length = self.stream.map(|it| it.length()).unwrap_or_default();
        AudioInfo {
            length: AudioMillis(self.before.0.saturating_add(length.0)),
            is_length_known: self.stream.is_some_and(|it| it.granule > 0) && !self.is_lost,
            sample_rate_hz: self.sample_rate,
        }
    }
}

// === impl Stream ===

impl Stream {
    /// As long as the pages say, and no shorter than so many bytes can be.
    fn length(&self) -> AudioMillis {
        let told = millis(self.granule.saturating_sub(self.codec.pre_skip), self.codec.rate.into());
        let least = self.codec.max_bit_rate.map(|it| millis(self.bytes.saturating_mul(8), it));
        told.max(least.unwrap_or_default())
    }
}
