//! The first audible sample.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{chunk, pcm, riff};

/// In microseconds.
fn audible(content_type: &str, body: &[u8]) -> Option<u128> {
    progress(content_type, body, None).audible.map(|it| it.as_micros())
}

/// A file of this format, at 8 kHz.
fn wav(tag: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut format = pcm(8000, channels, bits);
    format[..2].copy_from_slice(&tag.to_le_bytes());
    riff(&[chunk(b"fmt ", &format), chunk(b"data", data)])
}

#[wasm_bindgen_test(unsupported = test)]
fn leading_silence_of_every_kind_of_sample_is_passed() {
    let float = |it: f32| it.to_le_bytes().to_vec();
    let double = |it: f64| it.to_le_bytes().to_vec();
    for (tag, bits, silent, audible_sample) in [
        (1, 8, vec![127], vec![100]),
        (1, 8, vec![129], vec![130]),
        (1, 16, vec![0xe0, 0xff], vec![0xdf, 0xff]),
        (1, 16, vec![32, 0], vec![33, 0]),
        (1, 24, vec![0, 0x20, 0], vec![0, 0x21, 0]),
        (1, 24, vec![0, 0xe0, 0xff], vec![0, 0, 0x80]),
        (1, 32, vec![0, 0, 0x20, 0], vec![0, 0, 0x21, 0]),
        (1, 64, vec![9, 9, 9, 9, 9, 9, 0x20, 0], vec![0, 0, 0, 0, 0, 0, 0x21, 0]),
        (3, 32, float(0.000_99), float(-0.001)),
        (3, 32, float(f32::NAN), float(f32::INFINITY)),
        (3, 64, double(-0.000_99), double(0.001)),
        (6, 8, vec![0xd5], vec![0x57]),
        (7, 8, vec![0x7f], vec![0x7b]),
        (7, 8, vec![0xfc], vec![0x80]),
    ] {
        let data = [silent.repeat(100), audible_sample.clone(), silent.repeat(3)].concat();
        assert_eq!(
            audible("audio/wav", &wav(tag, 1, bits, &data)),
            Some(12_500),
            "{audible_sample:?}"
        );
        // In either channel.
        let stereo = [silent.repeat(17), audible_sample.clone()].concat();
        assert_eq!(audible("audio/wav", &wav(tag, 2, bits, &stereo)), Some(1000));
        assert_eq!(audible("audio/wav", &wav(tag, 1, bits, &silent.repeat(100))), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn leading_silence_of_raw_samples_is_passed() {
    for (content_type, silent, sample, expected) in [
        ("audio/pcm;rate=8000", &[0, 0][..], &[0, 1][..], 1250),
        ("audio/pcm;rate=8000;bits=8", &[128], &[0], 1250),
        ("audio/pcm;rate=8000;bits=24", &[1, 2, 0], &[0, 0, 1], 1250),
        // In either order, because both are in use.
        ("audio/L16;rate=8000", &[0, 1], &[1, 1], 1250),
        ("audio/L16;rate=8000", &[1, 0], &[1, 1], 1250),
        ("audio/L16;rate=8000", &[0xff, 0xff], &[0x80, 0x12], 1250),
        ("audio/L8;rate=8000", &[128], &[0], 1250),
        ("audio/basic", &[0xff], &[0], 1250),
        ("audio/PCMA", &[0x55], &[0], 1250),
        ("audio/x-raw;format=S16BE;rate=8000", &[0, 32], &[0, 33], 1250),
        ("audio/x-raw;format=F32BE;rate=8000", &[0, 0, 0, 0], &[0xbf, 0, 0, 0], 1250),
        // Where nobody knows how silence looks, there is none.
        ("audio/x-raw;format=S24_32LE;rate=8000", &[0, 0, 0, 0], &[0, 1, 0, 0], 0),
        ("audio/x-raw;format=U16LE;rate=8000", &[0, 0], &[0, 1], 0),
        ("audio/L20;rate=8000", &[0; 5], &[1; 5], 0),
    ] {
        let body = [silent.repeat(10), sample.to_vec()].concat();
        assert_eq!(audible(content_type, &body), Some(expected), "{content_type}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn silence_is_looked_through_up_to_a_bound() {
    // Two seconds at 8 kHz.
    let silent = vec![128; 16_000];
    let body = |silence: usize| [&silent[..silence], &[0]].concat();
    let audible = |body: &[u8]| {
        let head = head("audio/L8;rate=8000");
        let mut meter = ResponseMeter::new(&head).with_silence(Duration::from_secs(2));
        let audibles = body.chunks(1000).map(|it| {
            meter.feed(it);
            meter.progress().audible
        });
        audibles.last().flatten().map(|it| it.as_millis())
    };
    assert_eq!(audible(&body(15_992)), Some(1999));
    assert_eq!(audible(&silent[..15_999]), None);
    // What is silent for longer is heard from its beginning.
    assert_eq!(audible(&silent), Some(0));
    assert_eq!(audible(&body(16_000)), Some(0));
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_bound_the_first_sample_is_audible() {
    for (content_type, body) in [("audio/pcm", vec![0; 2]), ("audio/wav", wav(1, 1, 16, &[0; 2]))] {
        let mut meter = ResponseMeter::new(&head(content_type));
        meter.feed(&body[..body.len() - 1]);
        assert_eq!(meter.progress().audible, None);
        meter.feed(&body[body.len() - 1..]);
        assert_eq!(meter.progress().audible, Some(Duration::ZERO));
    }
}
