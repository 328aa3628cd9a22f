//! A target for what responses deliver.

use crate::response::{Delivered, MAX_MILLIS_PER_BYTE, MAX_TOKENS, ResponseHead, ResponseMeter};

/// Content types, one of each way to measure, and some that must not matter.
const TYPES: [&[u8]; 12] = [
    b"audio/wav",
    b"audio/mpeg",
    b"audio/aac",
    b"audio/ogg",
    b"audio/flac",
    b"audio/x-raw, rate=(int)16000, format=S24_32LE",
    b"application/json",
    b"application/x-ndjson",
    b"text/event-stream",
    b"application/octet-stream",
    b"audio/unknown",
    b"text/html",
];

/// A body, behind two bytes that say its type and how it is split: any split delivers the same, a
/// part of it no more audio than all of it, and no part more than its bytes can hold.
pub fn response_meter(bytes: &[u8]) {
    let [content_type, size, body @ ..] = bytes else { return };
    let content_type = TYPES[usize::from(*content_type) % TYPES.len()];
    let head =
        ResponseHead { status: 200, content_type, content_encoding: b"", sample_rate_hz: None };
    let whole = read(&head, body, usize::MAX).pop().unwrap_or_default();
    for size in [usize::from(*size).max(1), 1] {
        let parts = read(&head, body, size);
        assert_eq!(parts.last().copied().unwrap_or_default(), whole, "by {size}");
        for part in parts {
            let audio = part.audio.unwrap_or_default();
            assert!(audio.0 <= part.bytes * MAX_MILLIS_PER_BYTE);
            // What turns out to be another thing is not measured at all.
            assert!(whole.audio.is_none_or(|it| audio <= it), "a part has more than all");
            assert!(part.tokens.is_none_or(|it| it <= 2 * MAX_TOKENS));
        }
    }
    assert_eq!(whole.bytes, body.len() as u64);
}

/// After each piece.
fn read(head: &ResponseHead<'_>, body: &[u8], size: usize) -> Vec<Delivered> {
    let mut meter = ResponseMeter::new(head);
    let after = |piece: &[u8]| {
        meter.feed(piece);
        meter.delivered()
    };
    body.chunks(size).map(after).collect()
}
