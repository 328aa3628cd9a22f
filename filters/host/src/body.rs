//! Bodies, read where Envoy keeps them: never more than one piece of one is in the VM.

use std::cell::Cell;
use std::marker::PhantomData;

use proxy_wasm::hostcalls;
use proxy_wasm::types::BufferType;

/// The most bytes of a body that are in the VM at once. Reading costs the same with 16, 32 and 64
/// KiB (bodies of 60 KB to 8 MB on Envoy 1.40.0), and HTTP/2 brings no more in one chunk.
pub const PIECE: usize = 16 * 1024;

/// What came of a body since the filter was last asked; readable in that callback only.
pub struct BodyPart<'a> {
    /// Whose body it is.
    buffer: BufferType,
    /// Where it begins in Envoy's buffer.
    start: usize,
    /// Where Envoy's buffer ends.
    end: usize,
    so_far: u64,
    is_last: bool,
    is_torn: Cell<bool>,
    phase: PhantomData<&'a ()>,
}

// === impl BodyPart ===

impl BodyPart<'_> {
    /// Only in a callback whose effective context is the stream, and in which Envoy's buffer holds
    /// the bytes `start..end`: it fails for an offset past its end, and the SDK would panic.
    pub(crate) fn new(
        buffer: BufferType,
        start: usize,
        end: usize,
        so_far: u64,
        is_last: bool,
    ) -> Self {
        let is_torn = Cell::new(false);
        Self { buffer, start, end, so_far, is_last, is_torn, phase: PhantomData }
    }

    /// Bytes in this part; may be zero.
    pub fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether nothing is new but, perhaps, that the body has ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the body that came so far, this part included. While a request is held Envoy
    /// buffers them all, and answers 413 by itself when they are more than its buffer limit.
    pub fn so_far(&self) -> u64 {
        self.so_far
    }

    /// Whether the body ends with this part.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// The part in pieces of at most [`PIECE`] bytes, each copied into the VM when it is asked for.
    /// What is not read now cannot be read later.
    pub fn pieces(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut left = self.len();
        pieces(self.buffer, self.start, self.end, PIECE).inspect(move |piece| {
            left = left.saturating_sub(piece.len());
            if piece.len() < PIECE && left > 0 {
                self.is_torn.set(true);
            }
        })
    }

    /// Whether the host gave less than it had told of: what the filter made of it is worth nothing.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn.get()
    }
}

/// The bytes `start..end` of one of Envoy's buffers, in pieces of `size`. Only the last is shorter;
/// if it is not the last that was due, the host gave less than it had told of.
pub(crate) fn pieces(
    buffer: BufferType,
    mut start: usize,
    mut end: usize,
    size: usize,
) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        let length = end.saturating_sub(start).min(size);
        if length == 0 {
            return None;
        }
        // Ok within the buffer, NotFound without one.
        let piece = hostcalls::get_buffer(buffer, start, length).ok().flatten();
        let piece = piece.unwrap_or_default();
        start = start.saturating_add(piece.len());
        if piece.len() < length {
            end = start;
        }
        Some(piece)
    })
}
