//! `content-encoding: gzip` (RFC 1952), decoded within a bound.

mod crc;
mod header;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use self::crc::Crc32;
use self::header::Header;
use super::{BodyError, Malformed};

/// How far back DEFLATE refers (RFC 1951 §2), in bytes; as much is handed out at once.
const WINDOW_BYTES: usize = 32 * 1024;

/// Decodes a body, in 43 KB of memory: the window and the tables of `miniz_oxide`.
///
/// It must be one member: some servers decode those that follow, some skip them.
pub struct Gzip {
    state: State,
    inflate: Box<DecompressorOxide>,
    window: Box<[u8]>,
    /// Where the next byte goes in the window.
    position: usize,
    crc: Crc32,
    /// Bytes handed out.
    decoded: u64,
    max_decoded_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header(Header),
    Deflate,
    /// The CRC and the length, least significant byte first, as far as they came.
    Trailer {
        value: u64,
        bytes: u32,
    },
    Complete,
}

// === impl Gzip ===

impl Gzip {
    /// A decoder of one body that may become `max_decoded_bytes` large.
    pub fn new(max_decoded_bytes: u64) -> Self {
        Self {
            state: State::Header(Header::default()),
            inflate: Box::default(),
            window: vec![0; WINDOW_BYTES].into_boxed_slice(),
            position: 0,
            crc: Crc32::default(),
            decoded: 0,
            max_decoded_bytes,
        }
    }

    /// More of the body as it came; `decoded` gets slices of at most 32 KB of what it stands for.
    ///
    /// # Errors
    /// What is wrong with it, [`Malformed::DecodedTooLarge`] after exactly as much as is allowed was
    /// handed out, or the error of `decoded`. Nothing can be fed after one.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        decoded: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        while let Some((first, rest)) = bytes.split_first() {
            match self.state {
                State::Header(header) => {
                    self.state = match header.next(*first) {
                        Err(_) => return Err(self.error(Malformed::GzipHeader)),
                        Ok(Some(header)) => State::Header(header),
                        Ok(None) => State::Deflate,
                    };
                    bytes = rest;
                }
                State::Deflate => {
                    let used = self.inflate(bytes, decoded)?;
                    bytes = bytes.get(used..).unwrap_or_default();
                }
                State::Trailer { value, bytes: len } => {
                    self.trailer(value, len, *first)?;
                    bytes = rest;
                }
                State::Complete => return Err(self.error(Malformed::AfterGzip)),
            }
        }
        Ok(())
    }

    /// The body has ended. One of no bytes stands for one of no bytes.
    ///
    /// # Errors
    /// [`Malformed::Truncated`]
    pub fn finish(
        &mut self,
        _: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        match self.state {
            State::Complete => Ok(()),
            State::Header(header) if header == Header::default() => Ok(()),
            _ => Err(self.error(Malformed::Truncated)),
        }
    }

    /// Decodes until the end or until `bytes` are used up; says how many were used.
    fn inflate(
        &mut self,
        bytes: &[u8],
        decoded: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<usize, BodyError> {
        let mut used = 0_usize;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let (status, more) = self.inflate_window(rest, decoded)?;
            used = used.saturating_add(more);
            match status {
                // Also without more bytes: a copy may have been too long for the window.
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => return Ok(used),
                TINFLStatus::Done => {
                    self.state = State::Trailer { value: 0, bytes: 0 };
                    return Ok(used);
                }
                _ => return Err(self.error(Malformed::Deflate)),
            }
        }
    }

    /// … or until the window is full.
    fn inflate_window(
        &mut self,
        bytes: &[u8],
        decoded: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<(TINFLStatus, usize), BodyError> {
        // Until the window was full once, nothing behind the position is text to refer to.
        let flags = if self.decoded < WINDOW_BYTES as u64 {
            TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        } else {
            TINFL_FLAG_HAS_MORE_INPUT
        };
        let (status, used, written) =
            decompress(&mut self.inflate, bytes, &mut self.window, self.position, flags);
        let end = self.position.saturating_add(written);
        let allowed = self.max_decoded_bytes.saturating_sub(self.decoded);
        let kept = usize::try_from(allowed).unwrap_or(usize::MAX).min(written);
        let piece = self.window.get(self.position..self.position.saturating_add(kept));
        let piece = piece.unwrap_or_default();
        self.crc.update(piece);
        self.decoded = self.decoded.saturating_add(kept as u64);
        if !piece.is_empty() {
            decoded(piece)?;
        }
        if kept < written {
            return Err(self.error(Malformed::DecodedTooLarge));
        }
        self.position = end % WINDOW_BYTES;
        Ok((status, used))
    }

    fn trailer(&mut self, value: u64, bytes: u32, byte: u8) -> Result<(), BodyError> {
        let value = value | u64::from(byte).wrapping_shl(bytes.saturating_mul(8));
        let bytes = bytes.saturating_add(1);
        self.state = State::Trailer { value, bytes };
        if u64::from(bytes) == u64::from(u64::BITS / 8) {
            // RFC 1952 §2.3.1: the length modulo 2³².
            let length = self.decoded & u64::from(u32::MAX);
            if value != u64::from(self.crc.value()) | length.wrapping_shl(32) {
                return Err(self.error(Malformed::GzipTrailer));
            }
            self.state = State::Complete;
        }
        Ok(())
    }

    fn error(&self, what: Malformed) -> BodyError {
        BodyError { what, offset: self.decoded }
    }
}

impl std::fmt::Debug for Gzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gzip").field("decoded", &self.decoded).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
