//! What the headers of recordings say, for requests ([`facts`](crate::facts)) and for what is
//! delivered ([`response`](crate::response)).
//!
//! A reader of one format is asked about short blocks and answers which one it wants next, so that
//! it keeps no bytes and meets no end of a slice: see [`blocks`].

pub(crate) mod blocks;
pub(crate) mod flac;
pub(crate) mod mpeg;
pub(crate) mod ogg;
pub(crate) mod riff;

/// A format that its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Wav,
    Flac,
    Ogg,
    /// Frames of MPEG audio layer III, perhaps behind an ID3 tag.
    Mpeg,
}

/// Enough to tell a format.
pub(crate) const MAGIC: usize = 12;

// === impl Container ===

impl Container {
    /// By the first [`MAGIC`] bytes, as `file` and FFmpeg tell them.
    pub(crate) fn detect(magic: &[u8]) -> Option<Self> {
        let is_wave = magic.get(8..12) == Some(b"WAVE");
        Some(match magic.get(..4)? {
            b"RIFF" | b"RF64" | b"BW64" if is_wave => Self::Wav,
            b"fLaC" => Self::Flac,
            b"OggS" => Self::Ogg,
            [b'I', b'D', b'3', _] => Self::Mpeg,
            header if mpeg::is_frame(header) => Self::Mpeg,
            _ => return None,
        })
    }
}

/// A little-endian number of up to eight bytes.
pub(crate) fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |value, it| value << 8 | u64::from(*it)))
}

/// A big-endian number of up to eight bytes.
pub(crate) fn be(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |value, it| value << 8 | u64::from(*it)))
}
