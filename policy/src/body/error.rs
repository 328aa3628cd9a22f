//! Why a body cannot be read, and where.

/// A body that cannot be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct BodyError {
    /// What is wrong. It never holds any of the body.
    pub what: Malformed,
    /// How many bytes of the body, decoded if it was encoded, come before the place.
    pub offset: u64,
}

/// What is wrong with a body.
///
/// Each is refused because servers read it in different ways, or because reading on would take more
/// memory than a request is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The body ends within a value.
    #[error("the body ends too early")]
    Truncated,
}
