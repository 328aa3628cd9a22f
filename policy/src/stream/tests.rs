//! What the tests of streams share.

use std::time::Duration;

use super::*;
use crate::response::ResponseHead;
use crate::time::UnixMicros;

/// A day in 2026; tests count from there.
const EPOCH: UnixMicros = UnixMicros(1_790_000_000_000_000);

/// So many milliseconds past the beginning of a test.
pub(super) fn at(millis: f64) -> UnixMicros {
    let micros = (millis * 1000.0).round() as i64;
    UnixMicros(EPOCH.0.saturating_add_signed(micros))
}

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn terms(start: u64, hole: u64) -> ListenerTerms {
    ListenerTerms { start: ms(start), hole: ms(hole) }
}

/// An observer of a response whose headers came at 0, 20 ms behind its request.
pub(super) fn observer(content_type: &str) -> Observer {
    let head = ResponseHead {
        status: 200,
        content_type: content_type.as_bytes(),
        content_encoding: b"",
        sample_rate_hz: None,
    };
    let terms = ObserverTerms { listener: terms(100, 100), silence: Duration::ZERO };
    Observer::new(&head, &terms, at(-20.0), at(0.0))
}

/// A chunk that goes on at once.
pub(super) fn pass(observer: &mut Observer, chunk: &[u8], now: UnixMicros) {
    observer.feed(chunk);
    observer.arrived(chunk.len(), now);
    observer.released(observer.progress().bytes, now);
}
