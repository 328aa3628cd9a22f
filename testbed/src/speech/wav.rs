//! The WAV header (Microsoft RIFF, `fmt ` and `data` chunks).

use bytes::Bytes;

/// Length of the header below.
#[cfg(test)]
pub(super) const HEADER_BYTES: usize = 44;

/// A length that is not known yet, as streaming encoders write it.
const UNKNOWN: u32 = u32::MAX;

/// The header of a stream of 16-bit mono samples whose length is not known yet.
pub(crate) fn streaming_header(sample_rate: u32) -> Bytes {
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&UNKNOWN.to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16u32.to_le_bytes());
    for word in [1u16 /* PCM */, 1 /* channel */] {
        header.extend_from_slice(&word.to_le_bytes());
    }
    for word in [sample_rate, sample_rate * 2 /* bytes a second */] {
        header.extend_from_slice(&word.to_le_bytes());
    }
    for word in [2u16 /* bytes a sample */, 16 /* bits a sample */] {
        header.extend_from_slice(&word.to_le_bytes());
    }
    header.extend_from_slice(b"data");
    header.extend_from_slice(&UNKNOWN.to_le_bytes());
    header.into()
}

/// Where the samples begin in a WAV file, once its head has come.
pub(super) fn samples_start(file: &[u8]) -> Option<usize> {
    let mut at = 12;
    loop {
        let name = file.get(at..at + 4)?;
        let length = u32::from_le_bytes(file.get(at + 4..at + 8)?.try_into().ok()?);
        at += 8;
        if name == b"data" {
            return Some(at);
        }
        at += usize::try_from(length).ok()?;
    }
}
