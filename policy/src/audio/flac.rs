//! FLAC (RFC 9639).

use super::be;

/// What the first metadata block says of the stream (§8.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamInfo {
    /// In Hz, never 0.
    pub(crate) sample_rate: u32,
    /// Of all channels, uncompressed.
    pub(crate) bits_per_second: u64,
    /// For each channel; 0 if the encoder did not know.
    pub(crate) samples: u64,
}

/// A metadata block's header (§8.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetadataHeader {
    pub(crate) is_streaminfo: bool,
    pub(crate) is_last: bool,
    /// With the header, in bytes.
    pub(crate) len: u64,
}

/// Of a metadata block's header.
pub(crate) const HEADER: usize = 4;

/// Of the STREAMINFO block, with its header.
pub(crate) const STREAMINFO: usize = 38;

// === impl MetadataHeader ===

impl MetadataHeader {
    pub(crate) fn parse(block: &[u8]) -> Option<Self> {
        let (first, size) = (*block.first()?, be(block, 1, 3)?);
        let len = size.saturating_add(HEADER as u64);
        let is_streaminfo = first & 0x7f == 0 && len == STREAMINFO as u64;
        Some(Self { is_streaminfo, is_last: first & 0x80 != 0, len })
    }
}

// === impl StreamInfo ===

impl StreamInfo {
    /// 20 bits of sample rate, 3 of channels less 1, 5 of bits less 1, 36 of samples; behind the
    /// block's header.
    pub(crate) fn parse(block: &[u8]) -> Option<Self> {
        let packed = be(block, 14, 8)?;
        let sample_rate = u32::try_from(packed >> 44).ok().filter(|it| *it > 0)?;
        let channels = (packed >> 41 & 0x7).saturating_add(1);
        let bits = (packed >> 36 & 0x1f).saturating_add(1);
        Some(Self {
            sample_rate,
            bits_per_second: u64::from(sample_rate).saturating_mul(channels).saturating_mul(bits),
            samples: packed & 0xf_ffff_ffff,
        })
    }
}
