//! MP3 and AAC.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{adts, id3, mp3, xing};

/// Of so many frames of MP3.
fn mp3_millis(frames: u64) -> Option<u64> {
    Some((frames * 1_152_000).div_ceil(44_100))
}

#[wasm_bindgen_test(unsupported = test)]
fn an_mp3_is_as_long_as_its_complete_frames() {
    assert_eq!(millis("audio/mpeg", &mp3(10)), mp3_millis(10));
    assert_eq!(millis("audio/mp3", &mp3(10)[..4169]), mp3_millis(9));
    assert_eq!(millis("audio/mpeg", &mp3(1)), mp3_millis(1));
}

#[wasm_bindgen_test(unsupported = test)]
fn tags_and_counts_of_frames_are_no_audio() {
    let tag = [b"TAG".to_vec(), vec![0xff; 125]].concat();
    let body = [id3(300), xing(1000), mp3(5), tag, id3(10), xing(7), mp3(3)].concat();
    assert_eq!(millis("audio/mpeg", &body), mp3_millis(8));
}

#[wasm_bindgen_test(unsupported = test)]
fn frames_are_found_again_behind_garbage() {
    let body = [mp3(3), vec![0x55; 1000], vec![0xff; 50], mp3(4)].concat();
    assert_eq!(millis("audio/mpeg", &body), mp3_millis(7));
    // What looks like a frame, but has none behind it, may cost the next one.
    let lone = [mp3(3), vec![0; 9], mp3(1)[..40].to_vec(), mp3(5)].concat();
    assert_eq!(millis("audio/mpeg", &lone), mp3_millis(7));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_has_no_frame_is_not_measured() {
    assert_eq!(millis("audio/mpeg", &[0x41; 5000]), None);
    assert_eq!(millis("audio/mpeg", &id3(5000)), Some(0));
    // The free format (bit rate 0) does not say how long a frame is.
    assert_eq!(millis("audio/mpeg", &[0xff, 0xfb, 0x00, 0xc0, 0, 0].repeat(900)), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_version_has_its_rates() {
    // MPEG-2 at 24 kHz and 64 kbit/s, 2.5 at 8 kHz and 8 kbit/s.
    for (head, len, samples, rate) in [
        ([0xff, 0xf3, 0x84, 0xc0], 192, 576_u64, 24_000_u64),
        ([0xff, 0xe3, 0x18, 0xc0], 72, 576, 8000),
        ([0xff, 0xfb, 0x94, 0xc0], 384, 1152, 48_000),
    ] {
        let mut frame = vec![0; len];
        frame[..4].copy_from_slice(&head);
        let expected = (samples * 10_000).div_ceil(rate);
        assert_eq!(millis("audio/mpeg", &frame.repeat(10)), Some(expected), "{head:x?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn aac_is_as_long_as_its_complete_frames() {
    assert_eq!(millis("audio/aac", &adts(6)), Some(256));
    assert_eq!(millis("audio/aacp", &adts(6)[..239]), Some(214));
    assert_eq!(millis("audio/aac", &[id3(40), adts(3)].concat()), Some(128));
    assert_eq!(millis("audio/aac", &[adts(3), vec![0; 77], adts(3)].concat()), Some(256));
    // Four blocks of samples in a frame.
    let mut frames = adts(3);
    frames.iter_mut().skip(6).step_by(40).for_each(|it| *it |= 3);
    assert_eq!(millis("audio/aac", &frames), Some(512));
}

#[wasm_bindgen_test(unsupported = test)]
fn either_name_will_do_for_frames() {
    assert_eq!(millis("audio/mpeg", &adts(3)), Some(128));
    assert_eq!(millis("audio/aac", &mp3(5)), mp3_millis(5));
}
