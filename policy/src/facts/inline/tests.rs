use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{opus, wav};

fn read(mut reader: InlineReader, text: &[u8]) -> InlineAudio {
    for piece in text.chunks(1000) {
        let before = reader.so_far().bytes;
        reader.feed(piece);
        assert!(reader.so_far().bytes >= before, "it shrank");
    }
    reader.finish()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_is_the_same_in_every_encoding() {
    for recording in [wav(16_000, 700), opus(1, 100_000)] {
        let base64 = STANDARD.encode(&recording);
        let percent: String = recording.iter().map(|it| format!("%{it:02X}")).collect();
        let expected = read(InlineReader::raw(true), &recording);
        assert_eq!(expected.bytes, recording.len() as u64);
        assert_eq!(expected.sha256, Some(Sha256::digest(&recording).into()));
        assert!(expected.is_length_known && expected.length.0 >= 700);
        for (reader, text) in [
            (InlineReader::base64(true), base64.clone()),
            (InlineReader::data_url(true), format!("data:audio/wav;base64,{base64}")),
            (InlineReader::data_url(true), format!("data:audio/wav;x=1;BASE64,{base64}")),
            (InlineReader::data_url(true), format!("data:audio/wav,{percent}")),
        ] {
            assert_eq!(read(reader, text.as_bytes()), expected);
        }
        let unhashed = read(InlineReader::base64(false), base64.as_bytes());
        assert_eq!(unhashed, InlineAudio { sha256: None, ..expected });
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_base64_counts_as_it_came() {
    let text = "C:\\recordings\\me.wav";
    let audio = read(InlineReader::base64(false), text.as_bytes());
    assert_eq!((audio.bytes, audio.is_length_known), (text.len() as u64, false));
    let mut broken = STANDARD.encode(wav(16_000, 700));
    broken.push('!');
    let audio = read(InlineReader::base64(false), broken.as_bytes());
    assert_eq!((audio.bytes, audio.is_length_known), (broken.len() as u64, false));
    // It may yet be read as what it was meant for.
    assert_eq!(audio.length.0, 700);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_data_url_counts_as_it_came() {
    for (text, bytes) in [
        ("data:audio/wav;base64", 21),
        ("data:,%", 0),
        ("data:,%%41", 4),
        ("data:,%4x", 3),
        ("data:,%41+", 2),
    ] {
        assert_eq!(read(InlineReader::data_url(false), text.as_bytes()).bytes, bytes, "{text}");
    }
}
