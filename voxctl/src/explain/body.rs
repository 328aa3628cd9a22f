//! The body of a request to explain.

use super::Header;

/// What is known of a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestBody {
    /// There is none.
    Absent,
    /// There may be one, and it is not at hand.
    NotGiven,
    /// As it is sent, decoded from chunks if it came in such.
    Given(Vec<u8>),
}

// === impl RequestBody ===

impl RequestBody {
    /// The body of a request of which only the head is at hand.
    pub fn of_head_only(headers: &[Header]) -> Self {
        let mut lengths = headers.iter().filter(|it| it.name == "content-length");
        match lengths.any(|it| it.value == b"0") {
            true => Self::Absent,
            false => Self::NotGiven,
        }
    }

    /// The body, if it is at hand.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Given(bytes) => Some(bytes),
            Self::Absent | Self::NotGiven => None,
        }
    }
}
