//! What a measure of one kind of body tells.

use std::time::Duration;

use super::Format;
use super::length::Length;

/// What is known of a body so far: [`StreamProgress`](super::StreamProgress) before it is bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) length: Option<Length>,
    pub(super) audible: Option<Duration>,
    pub(super) units: u64,
    pub(super) tail: u64,
    pub(super) format: Format,
}

// === impl Told ===

impl Told {
    /// Of a format that is heard from its first frame on.
    pub(super) fn of(format: Format, length: Option<Length>, units: u64, tail: u64) -> Self {
        let is_heard = length.is_some_and(|it| it != Length::default());
        Self { length, audible: is_heard.then_some(Duration::ZERO), units, tail, format }
    }
}
