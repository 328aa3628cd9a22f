//! The whole meter: what a type and a body give.

mod answers;
mod borders;
mod encoded;
mod frames;
mod hostile;
mod lossless;
mod mp4;
mod ogg;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod real;
mod samples;
mod silence;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

/// What a response of this type and body delivered.
fn delivered(content_type: &str, body: &[u8]) -> Delivered {
    in_pieces(content_type, body, usize::MAX)
}

fn in_pieces(content_type: &str, body: &[u8], size: usize) -> Delivered {
    let mut meter = ResponseMeter::new(&head(content_type));
    body.chunks(size).for_each(|it| meter.feed(it));
    meter.delivered()
}

fn head(content_type: &str) -> ResponseHead<'_> {
    ResponseHead {
        status: 200,
        content_type: content_type.as_bytes(),
        content_encoding: b"",
        sample_rate_hz: None,
    }
}

/// How far a response of this type and body is at its end, by any cutting; and on its way nothing goes
/// back. `borders` are all places where it may be cut.
fn progress(content_type: &str, body: &[u8], borders: Option<&[usize]>) -> StreamProgress {
    let silence = Duration::from_secs(2);
    let meter = || ResponseMeter::new(&head(content_type)).with_silence(silence);
    let mut one_by_one = meter();
    let mut each = vec![one_by_one.progress()];
    for byte in body {
        one_by_one.feed(&[*byte]);
        each.push(one_by_one.progress());
    }
    for size in [2, 3, 7, 100, 1024, usize::MAX] {
        let mut meter = meter();
        let mut came = 0;
        for piece in body.chunks(size) {
            meter.feed(piece);
            came += piece.len();
            assert_eq!(Some(&meter.progress()), each.get(came), "after {came} bytes, by {size}");
        }
    }
    for (came, (before, after)) in each.iter().zip(each.iter().skip(1)).enumerate() {
        let border = |it: &StreamProgress| it.bytes - it.tail;
        assert!(
            border(before) <= border(after),
            "a border goes back at {came}: {before:?} {after:?}"
        );
        assert!(before.audio <= after.audio || after.audio.is_none(), "audio goes back at {came}");
        assert!(before.units <= after.units, "units go back at {came}");
        assert!(before.audible.is_none() || before.audible == after.audible, "at {came}");
        assert!(after.audible.is_none_or(|it| after.audio >= Some(it)), "at {came}");
    }
    if let Some(borders) = borders {
        let mut found: Vec<u64> = each.iter().map(|it| it.bytes - it.tail).collect();
        found.dedup();
        let expected: Vec<u64> = borders.iter().map(|it| *it as u64).collect();
        assert_eq!(found, expected);
    }
    *each.last().unwrap()
}

/// In milliseconds, by any cutting; and what came by then never counts more.
fn millis(content_type: &str, body: &[u8]) -> Option<u64> {
    let whole = delivered(content_type, body);
    assert_eq!(whole.bytes, body.len() as u64);
    for size in [1, 2, 3, 7, 100, 1024] {
        assert_eq!(in_pieces(content_type, body, size), whole, "by {size}");
    }
    let mut meter = ResponseMeter::new(&head(content_type));
    let mut before = AudioMillis(0);
    for byte in body {
        meter.feed(&[*byte]);
        let now = meter.delivered().audio.unwrap_or_default();
        assert!(now <= whole.audio.unwrap_or_default(), "more before the end");
        before = before.max(now);
    }
    assert_eq!(before, whole.audio.unwrap_or_default());
    whole.audio.map(|it| it.0)
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_known_has_only_bytes() {
    for content_type in ["text/html", "video/mp4", "audio/amr", "application/octet-stream", ""] {
        let Delivered { bytes, audio, tokens } = delivered(content_type, &[0x41; 5000]);
        assert_eq!((bytes, audio, tokens), (5000, None, None), "{content_type}");
        assert!(!delivered(content_type, &[0x41; 5000]).is_silent());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_encoded_body_is_not_measured() {
    let body = crate::testing::audio::wav(8000, 1000);
    for (encoding, audio) in [
        ("gzip", None),
        ("identity, br", None),
        ("", Some(AudioMillis(1000))),
        (" Identity ", Some(AudioMillis(1000))),
    ] {
        let head = ResponseHead { content_encoding: encoding.as_bytes(), ..head("audio/wav") };
        let mut meter = ResponseMeter::new(&head);
        meter.feed(&body);
        let delivered = meter.delivered();
        assert_eq!((delivered.audio, delivered.bytes), (audio, body.len() as u64), "{encoding}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_error_delivers_nothing_to_hear_and_used_nothing() {
    let wav = crate::testing::audio::wav(8000, 1000);
    let json = br#"{"error": "no", "usage": {"total_tokens": 5}}"#;
    for (content_type, body, is_silent) in
        [("audio/wav", &wav[..], true), ("application/json", json, false)]
    {
        for status in [101, 304, 404, 500] {
            let mut meter = ResponseMeter::new(&ResponseHead { status, ..head(content_type) });
            meter.feed(body);
            let delivered = meter.delivered();
            assert_eq!((delivered.is_silent(), delivered.tokens), (is_silent, None), "{status}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn silence_is_no_body_or_a_header_alone() {
    use crate::testing::audio::{flac_frames, id3, opus_head, page, wav, xing};
    for content_type in
        ["audio/wav", "audio/pcm", "audio/mpeg", "application/json", "text/html", ""]
    {
        assert!(delivered(content_type, b"").is_silent(), "{content_type}");
    }
    for (content_type, body) in [
        ("audio/wav", wav(8000, 0)),
        ("audio/wav", wav(8000, 1)[..20].to_vec()),
        ("audio/mpeg", [id3(20), xing(9)].concat()),
        ("audio/mpeg", b"Internal error".to_vec()),
        ("audio/ogg", [page(2, 0, 1, &opus_head(312)), page(0, 0, 1, b"OpusTags")].concat()),
        ("audio/flac", flac_frames(16_000, 0)),
        ("audio/pcm", b"1".to_vec()),
    ] {
        assert!(delivered(content_type, &body).is_silent(), "{content_type} {body:x?}");
    }
    assert!(!delivered("audio/wav", &wav(8000, 1)).is_silent());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_bytes_tell_a_container_by_another_name() {
    use crate::testing::audio::{adts, flac_frames, id3, mp3, opus, wav};
    for content_type in [
        "",
        "application/octet-stream",
        "audio/unknown",
        "audio/x-m4a; a=b",
        "AUDIO/Wav",
        "audio/ogg",
    ] {
        for (body, expected) in [
            (wav(8000, 500), 500),
            (opus(7, 96_000), 2000),
            (flac_frames(16_000, 4), 1024),
            ([id3(30), mp3(5)].concat(), 131),
            (mp3(5), 131),
            (adts(3), 128),
        ] {
            assert_eq!(millis(content_type, &body), Some(expected), "{content_type}");
        }
    }
    // Not where samples have no header.
    assert_eq!(millis("audio/L16;rate=8000", &mp3(5)), Some((417 * 5_u64 / 2).div_ceil(8)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_meter_keeps_about_a_kilobyte() {
    // What is held of a header is at most 322 bytes, of a value in JSON 24.
    let recording = size_of::<Measured>() + 322;
    assert!(size_of::<ResponseMeter>() + recording < 1024);
    assert!(size_of::<ResponseMeter>() + size_of::<Answer>() + recording < 1600);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_length_is_exact_at_any_rate_and_rounded_up_once() {
    let mut length = Length::default();
    (0..44_100).for_each(|_| length.add(1, 44_100));
    assert_eq!(length.millis(), AudioMillis(1000));
    for rate in [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 48_000, 96_000, 7350] {
        length.add(rate, rate);
    }
    assert_eq!(length.millis(), AudioMillis(11_000));
    length.add(1, 48_000);
    assert_eq!(length.millis(), AudioMillis(11_001));
    length.add(u64::MAX, 1);
    length.add(u64::MAX, 2);
    assert_eq!(length.millis(), AudioMillis(u64::MAX.div_ceil(705_600)));
}
