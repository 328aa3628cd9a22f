//! Targets for how far a response is, one for each parser of a format.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::response::{MAX_MILLIS_PER_BYTE, ResponseHead, ResponseMeter, StreamProgress};

const SILENCE: Duration = Duration::from_millis(100);

/// A WAV file behind a byte that says how it is split.
pub fn wav(bytes: &[u8]) {
    check("audio/wav", bytes);
}

/// MP3 or AAC, likewise.
pub fn frames(bytes: &[u8]) {
    check("audio/mpeg", bytes);
}

/// Ogg, likewise.
pub fn ogg(bytes: &[u8]) {
    check("audio/ogg", bytes);
}

/// FLAC, likewise.
pub fn flac(bytes: &[u8]) {
    check("audio/flac", bytes);
}

/// MP4, likewise.
pub fn fmp4(bytes: &[u8]) {
    check("audio/mp4", bytes);
}

/// Length-prefixed messages, likewise: what a parser that has them at once finds.
pub fn grpc(bytes: &[u8]) {
    let Some((body, progress)) = check("application/grpc+proto", bytes) else { return };
    let (mut at, mut messages) = (0, 0);
    while let Some([_, a, b, c, d]) = body.get(at..at + 5) {
        let end = at + 5 + u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if end > body.len() {
            break;
        }
        (at, messages) = (end, messages + 1);
    }
    assert_eq!((progress.units, progress.tail), (messages, (body.len() - at) as u64));
}

/// Samples, behind bytes that say how they are written and how they are split: what a reader that has
/// them at once finds.
pub fn pcm(bytes: &[u8]) {
    let [how, bytes @ ..] = bytes else { return };
    let (content_type, size) = [
        ("audio/pcm;rate=8000", 2),
        ("audio/pcm;rate=8000;channels=3", 6),
        ("audio/L16;rate=8000", 2),
        ("audio/L20;rate=8000", 5),
        ("audio/L24;rate=8000;channels=2", 6),
        ("audio/basic", 1),
        ("audio/PCMA", 1),
        ("audio/x-raw;format=F32LE;rate=8000", 4),
        ("audio/x-raw;format=F64BE;rate=8000", 8),
        ("audio/x-raw;format=U8;rate=8000", 1),
    ][usize::from(how % 10)];
    let Some((body, progress)) = check(content_type, bytes) else { return };
    assert_eq!(progress.tail, (body.len() % size) as u64);
    if how % 10 < 2 {
        let frames = body.chunks_exact(size);
        let is_audible = |it: &[u8]| {
            it.as_chunks::<2>().0.iter().any(|it| i16::from_le_bytes(*it).unsigned_abs() > 32)
        };
        // 100 ms.
        let found = frames.clone().take(800).position(is_audible);
        let found = found.or((frames.len() >= 800).then_some(0));
        assert_eq!(progress.audible, found.map(|it| Duration::from_micros(it as u64 * 125)));
        assert_eq!(progress.audio, Some(Duration::from_micros(frames.len() as u64 * 125)));
    }
}

/// Server-sent events behind a byte that says how they are split; or, behind an odd one, audio that is
/// put into such.
pub fn sse_audio(bytes: &[u8]) {
    encoded("text/event-stream", bytes, ("data: ", "\n\n"));
}

/// Lines of JSON, likewise.
pub fn jsonl_audio(bytes: &[u8]) {
    encoded("application/x-ndjson", bytes, ("", "\n"));
}

fn encoded(content_type: &str, bytes: &[u8], (before, after): (&str, &str)) {
    let Some((first, audio)) = bytes.split_first() else { return };
    if first % 2 == 0 {
        check(content_type, bytes);
        return;
    }
    let is_hex = first & 2 != 0;
    let text = |piece: &[u8]| match is_hex {
        true => piece.iter().map(|it| format!("{it:02x}")).collect(),
        false => STANDARD.encode(piece),
    };
    // Long enough for any value to be known as audio.
    let pieces = || audio.chunks(60 + usize::from(*first));
    let event = |piece| format!("{before}{{\"data\":{{\"audio\":\"{}\"}}}}{after}", text(piece));
    let body: String = pieces().map(event).collect();
    let body = [&[*first], body.as_bytes()].concat();
    let progress = check(content_type, &body);
    let Some((_, progress)) = progress else { return };
    assert_eq!((progress.units, progress.tail), (pieces().len() as u64, 0));
    // Another file may begin with a value; and a short value may be no audio.
    let begins = |it: &[u8]| {
        matches!(
            it.get(..4),
            Some(b"RIFF" | b"RF64" | b"BW64" | b"fLaC" | b"OggS" | [b'I', b'D', b'3', _])
        )
    };
    if pieces().skip(1).any(begins) || audio.len() < 60 {
        return;
    }
    let mut meter = meter("");
    meter.feed(audio);
    let is_file = meter.progress().format.as_str() != "other";
    let samples = if is_file { meter } else { self::meter("audio/pcm") };
    let mut meter = samples;
    if !is_file {
        meter.feed(audio);
    }
    let most = |it: Duration| it.min(Duration::from_millis(progress.bytes * MAX_MILLIS_PER_BYTE));
    let expected = meter.progress();
    // What the bytes of the file bound, those of the events do not.
    if expected
        .audio
        .is_none_or(|it| it < Duration::from_millis(expected.bytes * MAX_MILLIS_PER_BYTE))
    {
        assert_eq!(progress.audio, expected.audio.map(most));
        assert_eq!(progress.audible, expected.audible.map(most));
    }
}

fn meter(content_type: &str) -> ResponseMeter {
    let head = ResponseHead {
        status: 200,
        content_type: content_type.as_bytes(),
        content_encoding: b"",
        sample_rate_hz: None,
    };
    ResponseMeter::new(&head).with_silence(SILENCE)
}

/// Any split tells the same at the same place, and nothing goes back but what turns out to be no audio.
/// The body, and how far it is at its end.
fn check<'a>(content_type: &str, bytes: &'a [u8]) -> Option<(&'a [u8], StreamProgress)> {
    let (size, body) = bytes.split_first()?;
    let mut one_by_one = meter(content_type);
    let mut pieces = meter(content_type);
    let mut before = one_by_one.progress();
    for piece in body.chunks(usize::from(*size).max(2)) {
        for byte in piece {
            one_by_one.feed(&[*byte]);
            let now = one_by_one.progress();
            assert!(now.tail <= now.bytes);
            assert!(now.bytes - now.tail >= before.bytes - before.tail, "a border goes back");
            assert!(now.units >= before.units, "units go back");
            assert!(now.audio.is_none() || now.audio >= before.audio, "audio goes back");
            assert!(now.audible.is_none() || now.audible <= now.audio, "audible before it came");
            assert!(
                before.audible.is_none() || now.audio.is_none() || now.audible >= before.audible
            );
            let most = Duration::from_millis(now.bytes * MAX_MILLIS_PER_BYTE);
            assert!(now.audio.is_none_or(|it| it <= most));
            before = now;
        }
        pieces.feed(piece);
        assert_eq!(pieces.progress(), before, "by {size}");
    }
    let mut whole = meter(content_type);
    whole.feed(body);
    assert_eq!(whole.progress(), before, "in one piece");
    assert_eq!(whole.progress().bytes, body.len() as u64);
    Some((body, before))
}
