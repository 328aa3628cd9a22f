//! Ogg (RFC 3533) with Opus (RFC 7845), Vorbis (Vorbis I §4.2.2), FLAC (RFC 9639 §10.1) or Speex.

use super::{be, le};

/// A page's header (RFC 3533 §6).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) serial: u64,
    /// Whether a stream begins with it.
    pub(crate) is_beginning: bool,
    /// The position at its end, in samples: [`NO_GRANULE`] if it ends no packet; another negative
    /// one is nonsense.
    pub(crate) granule: i64,
    /// Of the header with its segment table, in bytes.
    pub(crate) header_len: usize,
    /// Of what follows the header, in bytes.
    pub(crate) body_len: u64,
}

/// What a page's header needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parsed {
    Page(Page),
    /// So many bytes, with those that are there.
    More(usize),
    /// Another thing.
    NotAPage,
}

/// What a first packet says of its stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    /// Of positions, in Hz, never 0.
    pub(crate) rate: u32,
    /// Samples to leave out at the beginning.
    pub(crate) pre_skip: u64,
    /// The most bits that a second can have, if the codec has such a bound.
    pub(crate) max_bit_rate: Option<u64>,
}

/// A page's header without its segment table (RFC 3533 §6).
pub(crate) const HEADER: usize = 27;

/// The position of a page that ends no packet.
pub(crate) const NO_GRANULE: i64 = -1;

/// What of a first packet tells its codec and its rate.
const FIRST_PACKET: u64 = 40;

/// RFC 7845 §5.1.
const OPUS_HEAD: &[u8] = b"OpusHead";

/// RFC 6716 §2.1.1: Opus has at most 510 kbit/s.
const OPUS_BIT_RATE: u64 = 510_000;

// === impl Page ===

impl Page {
    /// The page that `block` begins with; of a stream's first page, what tells the codec is there,
    /// too.
    pub(crate) fn parse(block: &[u8]) -> Parsed {
        Self::read(block).unwrap_or(Parsed::NotAPage)
    }

    fn read(block: &[u8]) -> Option<Parsed> {
        if block.get(..5)? != b"OggS\0" {
            return None;
        }
        let flags = *block.get(5)?;
        let segments = usize::from(*block.get(26)?);
        let header_len = HEADER.saturating_add(segments);
        if block.len() < header_len {
            return Some(Parsed::More(header_len));
        }
        let table = block.get(HEADER..header_len)?;
        let body_len = table.iter().fold(0_u64, |sum, it| sum.saturating_add((*it).into()));
        let is_beginning = flags & 2 != 0;
        if is_beginning {
            let packet = usize::try_from(body_len.min(FIRST_PACKET)).ok()?;
            let want = header_len.saturating_add(packet);
            if block.len() < want {
                return Some(Parsed::More(want));
            }
        }
        let granule = le(block, 6, 8)?.cast_signed();
        let serial = le(block, 14, 4)?;
        Some(Parsed::Page(Self { serial, is_beginning, granule, header_len, body_len }))
    }
}

// === impl Codec ===

impl Codec {
    /// By the beginning of a stream's first packet.
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let mut max_bit_rate = None;
        let (rate, pre_skip) = if packet.starts_with(OPUS_HEAD) {
            max_bit_rate = Some(OPUS_BIT_RATE);
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
        let rate = u32::try_from(rate).ok().filter(|it| *it > 0)?;
        Some(Self { rate, pre_skip, max_bit_rate })
    }
}
