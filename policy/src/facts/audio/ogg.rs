//! Ogg (RFC 3533) with Opus (RFC 7845), Vorbis (Vorbis I §4.2.2), FLAC (RFC 9639 §10.1) or Speex.

use super::{AudioInfo, AudioMillis, Next, be, le, millis};

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
    rate: u32,
    /// Samples to leave out at the beginning.
    pre_skip: u64,
    /// The highest position of any page, in samples.
    granule: u64,
    /// Bytes of its pages.
    bytes: u64,
    /// The most bits that a second of it can have, if its codec has such a bound.
    max_bit_rate: Option<u64>,
}

/// A page's header without its segment table (RFC 3533 §6).
pub(super) const HEADER: usize = 27;

/// What of a first packet tells its codec and its rate.
const FIRST_PACKET: u64 = 40;

/// RFC 7845 §5.1.
const OPUS_HEAD: &[u8] = b"OpusHead";

/// RFC 6716 §2.1.1: Opus has at most 510 kbit/s.
const OPUS_BIT_RATE: u64 = 510_000;

/// A page that ends no packet has no position.
const NO_GRANULE: u64 = u64::MAX;

// === impl Ogg ===

impl Ogg {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.read(block).unwrap_or_else(|| {
            self.is_lost = true;
            Next::Nothing
        })
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        if block.get(..5)? != b"OggS\0" {
            return None;
        }
        let flags = *block.get(5)?;
        let segments = usize::from(*block.get(26)?);
        let table_end = HEADER.saturating_add(segments);
        if block.len() < table_end {
            return Some(Next::Block { drop: 0, want: table_end });
        }
        let table = block.get(HEADER..table_end)?;
        let body = table.iter().fold(0_u64, |sum, it| sum.saturating_add((*it).into()));
        let serial = le(block, 14, 4)?;
        let is_beginning = flags & 2 != 0;
        if is_beginning {
            let want = table_end.saturating_add(usize::try_from(body.min(FIRST_PACKET)).ok()?);
            if block.len() < want {
                return Some(Next::Block { drop: 0, want });
            }
            self.begin(serial, block.get(table_end..)?);
        }
        let granule = le(block, 6, 8)?;
        if let Some(stream) = self.stream.as_mut().filter(|it| it.serial == serial) {
            stream.bytes = stream.bytes.saturating_add(body);
            if granule != NO_GRANULE {
                // RFC 3533 §6: a signed number; a negative one is nonsense.
                stream.granule = stream.granule.max(granule & (u64::MAX >> 1));
            }
        }
        Some(Next::Block { drop: body.saturating_add(table_end as u64), want: HEADER })
    }

    fn begin(&mut self, serial: u64, packet: &[u8]) {
        let Some((rate, pre_skip)) = codec(packet) else { return };
        if let Some(stream) = self.stream {
            // Two at once: only one is measured, so the length is not known.
            self.is_lost |= stream.granule == 0;
            self.before.0 = self.before.0.saturating_add(stream.length().0);
        }
        self.sample_rate = self.sample_rate.max(Some(rate));
        let max_bit_rate = packet.starts_with(OPUS_HEAD).then_some(OPUS_BIT_RATE);
        self.stream = Some(Stream { serial, rate, pre_skip, granule: 0, bytes: 0, max_bit_rate });
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
        let told = millis(self.granule.saturating_sub(self.pre_skip), self.rate.into());
        let least = self.max_bit_rate.map(|it| millis(self.bytes.saturating_mul(8), it));
        told.max(least.unwrap_or_default())
    }
}

/// The rate of positions in Hz, and how many samples to leave out.
fn codec(packet: &[u8]) -> Option<(u32, u64)> {
    let (rate, pre_skip) = if packet.starts_with(OPUS_HEAD) {
        // RFC 7845 §4: positions are at 48 kHz whatever the input was.
        (48_000, le(packet, 10, 2)?)
    } else if packet.starts_with(b"\x01vorbis") {
        (le(packet, 12, 4)?, 0)
    } else if packet.starts_with(b"\x7fFLAC") {
        (be(packet, 27, 3)? >> 4, 0)
    } else if packet.starts_with(b"Speex   ") {
        (le(packet, 36, 4)?, 0)
    } else {
        return None;
    };
    u32::try_from(rate).ok().filter(|it| *it > 0).map(|rate| (rate, pre_skip))
}
