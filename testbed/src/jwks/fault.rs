//! How a key server can fail while it still answers.

use serde::{Deserialize, Serialize};

/// What is wrong with the answer. That nobody answers is [`super::Jwks::go_down`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It comes after so many milliseconds.
    Slow(u64),
    /// It is a valid key set, padded to so many bytes.
    Huge(usize),
    /// It ends in the middle.
    Malformed,
    /// Its status is this.
    Status(u16),
    /// It is a key set without keys.
    Empty,
    /// It is a key set whose only key has a `kty` that nobody knows.
    UnknownType,
    /// It is a redirect (302) to a path where the keys are.
    Redirect,
}
