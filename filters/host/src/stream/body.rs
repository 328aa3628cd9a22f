//! How much of a request body came, and where it is.

use proxy_wasm::types::BufferType;

use crate::body::BodyPart;

/// A body as far as it came.
#[derive(Clone, Copy, Default)]
pub(crate) struct BodyState {
    /// Bytes that came.
    came: u64,
    /// Bytes in Envoy's buffer.
    held: usize,
    /// The most that there were.
    most_held: usize,
    /// Of those in the buffer, the bytes that the filter had.
    had: usize,
    has_ended: bool,
    has_trailers: bool,
    /// What Envoy holds is neither what came nor what it should become.
    is_broken: bool,
    /// The last chunk was answered with Pause, so Envoy puts the next one into its buffer before
    /// it asks us.
    is_buffering: bool,
}

// === impl BodyState ===

impl BodyState {
    /// No body, or one that is yet to come.
    pub fn new(has_ended: bool) -> Self {
        Self { has_ended, ..Self::default() }
    }

    /// A chunk came while the request is held: `size` is all that Envoy has buffered, the chunk
    /// included.
    pub fn hold(self, size: usize, has_ended: bool) -> Self {
        let new = size.saturating_sub(self.held);
        let came = self.came.saturating_add(new as u64);
        Self { came, held: size, most_held: self.most_held.max(size), has_ended, ..self }
    }

    /// A chunk of `size` bytes passes.
    pub fn pass(self, size: usize, has_ended: bool) -> Self {
        let came = self.came.saturating_add(size as u64);
        Self { came, held: size, had: 0, has_ended, is_buffering: false, ..self }
    }

    /// Trailers came.
    pub fn end(self) -> Self {
        Self { has_ended: true, has_trailers: true, ..self }
    }

    /// What the filter has not had.
    pub fn unread(&self) -> BodyPart<'static> {
        BodyPart::new(BufferType::HttpRequestBody, self.had, self.held, self.came, self.has_ended)
    }

    pub fn after_reading(self) -> Self {
        Self { had: self.held, ..self }
    }

    pub fn buffering(self, is_buffering: bool) -> Self {
        Self { is_buffering, ..self }
    }

    pub fn is_buffering(&self) -> bool {
        self.is_buffering
    }

    /// Whether Envoy holds the whole body, and the filter had all of it.
    pub fn is_whole(&self) -> bool {
        self.has_ended && self.had == self.held
    }

    /// Envoy holds so many bytes now, of which the filter knows.
    pub fn resized(self, size: usize) -> Self {
        Self { held: size, had: size, most_held: self.most_held.max(size), ..self }
    }

    pub fn broken(self) -> Self {
        Self { is_broken: true, ..self }
    }

    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether the request has trailers, which the same phase as its headers holds.
    pub fn has_trailers(&self) -> bool {
        self.has_trailers
    }

    /// The most bytes that Envoy held, which its buffer can hold then.
    pub fn most_held(&self) -> usize {
        self.most_held
    }

    /// Bytes that Envoy holds for the filter.
    pub fn held(&self) -> usize {
        self.held
    }
}
