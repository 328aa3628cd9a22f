//! Where a stream may be cut.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::*;

/// Where pieces of these lengths begin and end.
fn ends(lengths: &[usize]) -> Vec<usize> {
    let ends = lengths.iter().scan(0, |at, it| {
        *at += it;
        Some(*at)
    });
    std::iter::once(0).chain(ends).collect()
}

fn micros(progress: StreamProgress) -> Option<u128> {
    progress.audio.map(|it| it.as_micros())
}

#[wasm_bindgen_test(unsupported = test)]
fn samples_are_not_cut() {
    let stereo = riff(&[chunk(b"fmt ", &pcm(8000, 2, 16)), chunk(b"data", &[9; 16])]);
    let borders = [vec![0, 12, 20, 36], ends(&[4; 4]).iter().map(|it| it + 44).collect()].concat();
    let progress = progress("audio/wav", &stereo, Some(&borders));
    assert_eq!((micros(progress), progress.units, progress.tail), (Some(500), 0, 0));
    assert_eq!(progress.format, Format::Wav);
    for (content_type, size) in [
        ("audio/pcm", 2),
        ("audio/pcm;channels=2", 4),
        ("audio/L8", 1),
        ("audio/L20;rate=8000", 5),
        ("audio/L24;rate=8000;channels=2", 6),
        ("audio/x-raw;format=F32LE", 4),
    ] {
        let progress = super::progress(content_type, &[9; 31], Some(&ends(&vec![size; 31 / size])));
        assert_eq!((progress.format, progress.tail), (Format::Pcm, 31 % size as u64));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_follows_the_samples_may_be_cut_anywhere() {
    let mut body = riff(&[chunk(b"fmt ", &pcm(8000, 1, 16)), chunk(b"data", &[9; 5])]);
    body.extend(chunk(b"LIST", &[1; 9]));
    let progress = progress("audio/wav", &body, None);
    assert_eq!((progress.tail, micros(progress)), (0, Some(250)));
}

#[wasm_bindgen_test(unsupported = test)]
fn frames_are_not_cut() {
    let body = [id3(30), xing(3), mp3(3), mp3(1)[..100].to_vec()].concat();
    let borders = ends(&[40, 417, 417, 417, 417]);
    let progress = progress("audio/mpeg", &body, Some(&borders));
    assert_eq!((progress.units, progress.tail, progress.format), (3, 100, Format::Mp3));
    assert_eq!((micros(progress), progress.audible), (Some(78_367), Some(Duration::ZERO)));
    let progress = super::progress("audio/aac", &adts(3), Some(&ends(&[40; 3])));
    assert_eq!((progress.units, progress.tail, progress.format), (3, 0, Format::Aac));
}

#[wasm_bindgen_test(unsupported = test)]
fn pages_are_not_cut() {
    let body = opus(7, 48_000);
    let head = page(2, 0, 7, &opus_head(312)).len();
    let lengths = [head, page(0, 0, 7, b"OpusTags").len(), page(0, 0, 7, &[0; 700]).len(), 38];
    let progress = progress("audio/ogg", &body, Some(&ends(&lengths)));
    assert_eq!((progress.units, progress.tail, progress.format), (4, 0, Format::Ogg));
    assert_eq!((micros(progress), progress.audible), (Some(1_000_000), Some(Duration::ZERO)));
}

#[wasm_bindgen_test(unsupported = test)]
fn frames_of_flac_are_not_cut() {
    let header = flac(16_000, 0, 0, 0).len();
    let frames: Vec<Vec<u8>> = (0..5).map(|it| flac_frame(it, 4096)).collect();
    // The last one is cut.
    let mut body = [flac(16_000, 0, 0, 0), frames.concat()].concat();
    body.pop();
    let lengths = [&[4, 38, 4][..], &[13; 4]].concat();
    assert_eq!(header, 46);
    let progress = progress("audio/flac", &body, Some(&ends(&lengths)));
    assert_eq!((progress.units, progress.tail, progress.format), (4, 12, Format::Flac));
    assert_eq!(micros(progress), Some(1_024_000));
}

#[wasm_bindgen_test(unsupported = test)]
fn events_are_not_cut() {
    for (events, count) in [
        (&["data: {}\n\n", ": c\n\n", "event: a\ndata: 1\ndata: 2\n\n", "\n"][..], 2),
        (&["data: {}\r\n\r", "\n", "id: 1\r\n\r", "\n", "data\r\ndata:x\r\n\r", "\n"], 2),
        (&["\u{feff}data:x\r\r", "data:y\r\r"], 2),
        (&["retry: 1\n\n", "data"], 0),
    ] {
        let body = events.concat();
        let mut lengths: Vec<usize> = events.iter().map(|it| it.len()).collect();
        let tail =
            if body.ends_with('\n') || body.ends_with('\r') { 0 } else { lengths.pop().unwrap() };
        let progress = progress("text/event-stream", body.as_bytes(), Some(&ends(&lengths)));
        assert_eq!((progress.units, progress.tail), (count, tail as u64), "{body:?}");
        assert_eq!((progress.format, progress.audio, progress.audible), (Format::Sse, None, None));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn lines_are_not_cut() {
    let lines = ["{\"a\":1}\r\n", "\n", " \t\r\n", "broken\n"];
    let body = [&lines.concat(), "{}"].concat();
    let lengths = lines.map(str::len);
    let progress = progress("application/x-ndjson", body.as_bytes(), Some(&ends(&lengths)));
    assert_eq!((progress.units, progress.tail, progress.format), (2, 2, Format::Jsonl));
}

#[wasm_bindgen_test(unsupported = test)]
fn messages_of_grpc_are_not_cut() {
    let message = |len: u8| [&[0, 0, 0, 0, len][..], &vec![7; len.into()]].concat();
    let body = [message(9), message(0), message(200), message(50)[..20].to_vec()].concat();
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web+proto",
        "APPLICATION/GRPC;a=b",
    ] {
        let progress = progress(content_type, &body, Some(&ends(&[14, 5, 205])));
        assert_eq!((progress.units, progress.tail, progress.format), (3, 20, Format::Grpc));
        assert_eq!(ResponseMeter::new(&head(content_type)).kind(), Kind::Other);
    }
    let text = progress("application/grpc-web-text", &body, None);
    assert_eq!((text.units, text.tail, text.format), (0, 0, Format::Other));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_known_may_be_cut_anywhere() {
    for content_type in ["text/html", "audio/amr", "application/json", "audio/mpeg"] {
        let progress = progress(content_type, &[0x41; 5000], None);
        assert_eq!(
            (progress.tail, progress.units, progress.audible),
            (0, 0, None),
            "{content_type}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_response_is_of_one_kind() {
    for (content_type, body, expected) in [
        ("audio/wav", &b""[..], Kind::Audio),
        ("audio/amr", b"#!AMR\n0123456", Kind::Audio),
        ("application/octet-stream", b"RIFF", Kind::Other),
        ("application/octet-stream", b"RIFF....WAVE", Kind::Audio),
        ("", b"OggS01234567", Kind::Audio),
        ("", b"hello, world", Kind::Other),
        ("text/event-stream; charset=utf-8", b"", Kind::Events),
        ("application/x-ndjson", b"", Kind::Lines),
        ("application/json", b"", Kind::Other),
        ("text/html", b"", Kind::Other),
    ] {
        let mut meter = ResponseMeter::new(&head(content_type));
        meter.feed(body);
        assert_eq!(meter.kind(), expected, "{content_type}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn formats_have_names_of_their_own() {
    let mut names = Format::ALL.map(Format::as_str).to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Format::ALL.len());
}
