//! How a stream ended.
//!
//! What `proxy_on_done` can read, as measured on Envoy 1.40.0 with an HTTP/1.1 and an HTTP/2 client
//! each (the same but where two rows say so). `proxy_on_log` comes before it and reads the same of
//! these; the headers of the response can be read only there. Flags are bits of `response.flags`;
//! details are `response.code_details`, `code` is `response.code`; “end” is whether the end of the
//! response came to the filter's callbacks. `connection.termination_details`
//! was absent in every case.
//!
//! | what happened | flags | details | code | end |
//! |---|---|---|---|---|
//! | complete, whatever its status; also to an early answer while the request still came, after a retry, with trailers, by the upstream's close | none | `via_upstream` | the upstream's | yes |
//! | this filter's own reply | none | absent: the SDK gives none | the reply's | yes |
//! | a later filter's reply: Lua | none | `lua_response` | the reply's | yes |
//! | … fault injection | FI | `fault_filter_abort` | 503 | yes |
//! | the route's direct response; no such cluster | none; NC | `direct_response`; `cluster_not_found` | 418; 503 | yes |
//! | no host; circuit breaker | UH; UO | `no_healthy_upstream`; `upstream_reset_before_response_started{overflow}` | 503 | yes |
//! | connection refused | UF | `upstream_reset_before_response_started{remote_connection_failure\|…}` | 503 | yes |
//! | upstream closes or resets before headers; after one retry | UC; UC, URX | `upstream_reset_before_response_started{connection_termination}` | 503 | yes |
//! | upstream speaks no HTTP | UPE | `upstream_reset_before_response_started{protocol_error}` | 502 | yes |
//! | HTTP/1.1 upstream closes after the headers, or in mid-body | UPE | `upstream_reset_after_response_started{protocol_error}` | 200 | no |
//! | HTTP/2 upstream resets then | UR | `upstream_reset_after_response_started{remote_reset}` | 200 | no |
//! | route's timeout before headers | UT | `response_timeout` | 504 | yes |
//! | … after them, or in mid-body | UT | `response_timeout` | 200 | no |
//! | idle timeout before headers; after them | SI | `stream_idle_timeout` | 504; 200 | yes; no |
//! | a filter resets a response from its timer, as [`DueFlow::End`](crate::DueFlow::End) does | none | `via_upstream` | 200 | no |
//! | longest duration, before headers; after them | none | `max_duration_timeout` | 504; 200 | yes; no |
//! | client closes its connection before headers, also while it sends its body, or only half | DC | `downstream_remote_disconnect` | absent | no |
//! | … after them, or in mid-body | DC | `downstream_remote_disconnect` | 200 | no |
//! | HTTP/2 client resets its stream before headers; after them | DR | `http2.remote_reset` | absent; 200 | no |
//! | HTTP/2 client goes when the end waits in Envoy's buffer | DC, DR | as before | 200 | yes |
//! | HTTP/1.1 client goes when the end waits in Envoy's buffer | none | `via_upstream` | 200 | yes |
//! | client breaks its body's framing before headers | DPE | `http1.codec_error` | 400 | yes |
//! | Envoy closes the connection when a listener was replaced and its time to drain is over | DC | `downstream_local_disconnect(filter_chain_is_being_removed)` | absent; 200 | no |
//! | WebSocket, of either protocol, that the service closes, as it does after the client's close frame | UC | `upstream_reset_after_response_started{connection_termination}` | 101 | no |
//! | WebSocket whose client goes | DC, DR | as before | 101 | no |
//!
//! So neither a flag nor the code says whose response it is: 503 can be the upstream's, and 200 has
//! a time-out's flag. But when the response headers come, details are `via_upstream` for an
//! upstream's and never else. And that a response is complete says nothing of a client of HTTP/1.1:
//! to Envoy it is handed on when it stands in the connection's buffer.

use std::marker::PhantomData;

use crate::property::{property, set_filter_state};

/// The details of a response that an upstream sent.
const VIA_UPSTREAM: &[u8] = b"via_upstream";

/// `DC`, `DPE` and `DR`: the connection to the client ended, the client broke the protocol, or reset
/// the stream.
const CLIENT: u64 = 1 << 14 | 1 << 18 | 1 << 28;

/// A stream that is over, in [`HttpFilter::on_log`](crate::HttpFilter::on_log) and then in
/// [`HttpFilter::on_done`](crate::HttpFilter::on_done).
pub struct EndedStream<'a> {
    seen: Seen,
    phase: PhantomData<&'a ()>,
}

/// How a stream ended.
///
/// Exact of a response that was [watched](crate::ResponseFlow::Watch), or had no body. Of another,
/// any headers that came count as an upstream's, and its end is not known but for
/// [`Ending::Complete`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// This filter answered; nothing went upstream.
    Replied,
    /// The whole response of an upstream went on to the client, whatever its status says; or the
    /// upstream closed a WebSocket.
    Complete {
        /// Its status code; 101 for a WebSocket.
        status: u16,
    },
    /// The upstream failed, or was not asked: no connection, a reset, a time-out, too much load, or
    /// Envoy or a later filter answered instead.
    Failed {
        /// What came of the upstream's response.
        response: Progress,
    },
    /// The client went away, or broke the protocol.
    ClientLeft {
        /// What came of the upstream's response.
        response: Progress,
    },
}

/// How much of an upstream's response came to the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// None of it.
    #[default]
    Nothing,
    /// Its headers, and perhaps a part of its body.
    Begun,
    /// All of it.
    Whole,
}

/// Why a stream [failed](Ending::Failed), as far as Envoy's details of its response say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The upstream refused or broke its connection, or spoke no HTTP.
    Upstream,
    /// Envoy did not ask the upstream: too much is under way already, or no host of it is well.
    NotAsked,
    /// A time-out of Envoy's.
    TimedOut,
    /// Another filter answered, no route fits, Envoy closed the connection, …
    Other,
}

/// What this filter saw of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// It answered the request itself.
    pub replied: bool,
    pub response: Progress,
    pub was_watched: bool,
}

/// What Envoy knows of a stream when it is over.
#[derive(Clone, Copy, Debug)]
struct Known<'a> {
    flags: u64,
    details: &'a [u8],
    code: u16,
}

// === impl EndedStream ===

impl EndedStream<'_> {
    /// Only in the callbacks of the stream's end.
    pub(crate) fn new(seen: Seen) -> Self {
        Self { seen, phase: PhantomData }
    }

    /// How it ended; up to three calls of the host.
    pub fn ending(&self) -> Ending {
        if self.seen.replied {
            return Ending::Replied;
        }
        // Integers are eight bytes, little-endian; the code of no response is absent.
        let number = |name| {
            let value = property(vec!["response", name]).unwrap_or_default();
            value.try_into().map_or(0, u64::from_le_bytes)
        };
        let details = details().unwrap_or_default();
        let code = u16::try_from(number("code")).unwrap_or_default();
        Ending::of(self.seen, Known { flags: number("flags"), details: &details, code })
    }
}

impl EndedStream<'_> {
    /// Tells the access log something, as
    /// [`RequestHeaders::set_filter_state`](crate::RequestHeaders::set_filter_state) does; in
    /// [`HttpFilter::on_done`](crate::HttpFilter::on_done) that is too late.
    pub fn set_filter_state(&self, key: &'static str, value: &[u8]) {
        set_filter_state(key, value);
    }

    /// Why it failed, if it did; see the table at the head of this file.
    pub fn cause(&self) -> Cause {
        let details = details().unwrap_or_default();
        match details.as_slice() {
            b"no_healthy_upstream" => Cause::NotAsked,
            b"response_timeout" | b"stream_idle_timeout" | b"max_duration_timeout" => {
                Cause::TimedOut
            }
            other if other.ends_with(b"{overflow}") => Cause::NotAsked,
            other if other.starts_with(b"upstream_reset_") => Cause::Upstream,
            _ => Cause::Other,
        }
    }
}

/// Whether the response whose headers are here is an upstream's.
pub(crate) fn is_from_upstream() -> bool {
    details().is_some_and(|details| details == VIA_UPSTREAM)
}

fn details() -> Option<Vec<u8>> {
    property(vec!["response", "code_details"])
}

// === impl Ending ===

impl Ending {
    fn of(Seen { replied, response, was_watched }: Seen, known: Known<'_>) -> Self {
        let is_closed_by_us = known.details.starts_with(b"downstream_local_disconnect");
        let is_closed_tunnel = known.code == 101
            && known.details == b"upstream_reset_after_response_started{connection_termination}";
        if replied {
            Self::Replied
        } else if known.flags & CLIENT != 0 && !is_closed_by_us {
            Self::ClientLeft { response }
        } else if is_closed_tunnel
            || known.details == VIA_UPSTREAM && (response == Progress::Whole || !was_watched)
        {
            Self::Complete { status: known.code }
        } else if !was_watched && response == Progress::Whole {
            // An answer without a body, and not the upstream's.
            Self::Failed { response: Progress::Nothing }
        } else {
            Self::Failed { response }
        }
    }
}

#[cfg(test)]
mod tests;
