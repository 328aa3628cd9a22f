//! How a stream ended.

use std::marker::PhantomData;

use crate::property::property;

/// A stream that is over, in [`HttpFilter::on_done`](crate::HttpFilter::on_done).
pub struct EndedStream<'a> {
    seen: Seen,
    phase: PhantomData<&'a ()>,
}

/// What this filter saw of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// It answered the request itself.
    pub replied: bool,
    /// Response headers came.
    pub began: bool,
    /// The end of the response came.
    pub ended: bool,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// This filter answered it.
    Replied,
    /// The whole response of an upstream went on to the client, whatever its status says.
    Complete {
        /// Its status code.
        status: u16,
    },
    /// There was no upstream's response, or it broke off: no connection, a reset, a time-out, too
    /// much load, or a later filter that answered instead.
    Failed {
        /// Whether a part of an upstream's response came.
        began: bool,
    },
    /// The client went away, or broke its protocol.
    ClientLeft {
        /// Whether a part of the response came before.
        began: bool,
    },
}

/// What Envoy knows of a stream when it is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known<'a> {
    /// `response.flags`: a bit for each of Envoy's response flags.
    pub flags: u64,
    /// `response.code_details`.
    pub details: &'a str,
    /// `response.code`.
    pub status: u16,
}

// === impl EndedStream ===

impl EndedStream<'_> {
    /// Only in the callback of the stream's end.
    pub(crate) fn new(seen: Seen) -> Self {
        Self { seen, phase: PhantomData }
    }

    /// How it ended; costs three calls of the host.
    pub fn ending(&self) -> Ending {
        let number = |name| {
            let value = property(vec!["response", name]).unwrap_or_default();
            value.try_into().map_or(0, u64::from_le_bytes)
        };
        let details = property(vec!["response", "code_details"]).unwrap_or_default();
        Ending::of(
            self.seen,
            Known {
                flags: number("flags"),
                details: str::from_utf8(&details).unwrap_or_default(),
                status: u16::try_from(number("code")).unwrap_or_default(),
            },
        )
    }
}

/// `DC` and `DR`: the client closed the connection, or reset the stream.
const CLIENT_LEFT: u64 = 1 << 14 | 1 << 28;

// === impl Ending ===

impl Ending {
    /// Judges by what is known.
    pub(crate) fn of(seen: Seen, known: Known<'_>) -> Self {
        let is_upstreams = known.details == "via_upstream";
        match seen.began {
            _ if seen.replied => Self::Replied,
            began if known.flags & CLIENT_LEFT != 0 => Self::ClientLeft { began },
            _ if is_upstreams => Self::Complete { status: known.status },
            began => Self::Failed { began: began && seen.ended },
        }
    }
}
