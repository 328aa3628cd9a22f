//! WAV and samples without a container.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{chunk, pcm, riff, wav};

#[wasm_bindgen_test(unsupported = test)]
fn a_wav_is_as_long_as_the_samples_that_came() {
    assert_eq!(millis("audio/wav", &wav(16_000, 150)), Some(150));
    assert_eq!(millis("audio/x-wav", &wav(16_000, 150)[..44 + 1601]), Some(50));
    for name in ["audio/wave", "audio/vnd.wave; codec=1"] {
        assert_eq!(millis(name, &wav(8000, 10)), Some(10));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_size_that_a_stream_cannot_know_is_no_end() {
    for size in [0_u32, 0xffff_ffff, 0x7fff_ffff, 0x7fff_f000, 0xffff_0000, 0x8000_0000] {
        let mut body = wav(8000, 30);
        body[4..8].copy_from_slice(&size.to_le_bytes());
        body[40..44].copy_from_slice(&size.to_le_bytes());
        assert_eq!(millis("audio/wav", &body), Some(30), "{size:x}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_follows_the_data_is_no_audio() {
    let mut body = wav(8000, 20);
    body.extend(chunk(b"LIST", &[1; 3000]));
    assert_eq!(millis("audio/wav", &body), Some(20));
}

#[wasm_bindgen_test(unsupported = test)]
fn chunks_may_stand_before_the_format_and_the_data() {
    let data = chunk(b"data", &[0; 4800]);
    let list = chunk(b"LIST", b"odd");
    let stereo = [list.clone(), chunk(b"fmt ", &pcm(8000, 2, 24)), list, data.clone()];
    assert_eq!(millis("audio/wav", &riff(&stereo)), Some(100));
    // And data without a format is nothing that can be measured.
    assert_eq!(millis("audio/wav", &riff(&[data])), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_kind_of_sample_has_its_size() {
    let tagged = |tag: u16, bits: u16| {
        let mut format = pcm(8000, 1, bits);
        format[..2].copy_from_slice(&tag.to_le_bytes());
        format
    };
    let extensible = |tag: u16, bits: u16| {
        let extension = [&22_u16.to_le_bytes()[..], &[0; 6], &tag.to_le_bytes(), &[0; 14]].concat();
        [tagged(0xfffe, bits), extension].concat()
    };
    for (format, expected) in [
        (tagged(1, 8), Some(600)),
        (tagged(1, 16), Some(300)),
        (tagged(1, 24), Some(200)),
        (tagged(1, 32), Some(150)),
        (tagged(3, 32), Some(150)),
        (tagged(3, 64), Some(75)),
        (tagged(6, 8), Some(600)),
        (tagged(7, 8), Some(600)),
        (extensible(1, 24), Some(200)),
        (extensible(3, 32), Some(150)),
        (extensible(7, 8), Some(600)),
        // ADPCM: samples have no whole size.
        (tagged(0x11, 4), None),
        (tagged(1, 0), None),
    ] {
        let body = riff(&[chunk(b"fmt ", &format), chunk(b"data", &[0; 4800])]);
        assert_eq!(millis("audio/wav", &body), expected, "{format:x?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_rf64_ends_where_its_own_chunk_says() {
    let sizes = [&0_u64.to_le_bytes()[..], &160_u64.to_le_bytes(), &[0; 12]].concat();
    let mut data = chunk(b"data", &[0; 480]);
    data[4..8].copy_from_slice(&[0xff; 4]);
    let mut body = riff(&[chunk(b"ds64", &sizes), chunk(b"fmt ", &pcm(8000, 1, 16)), data]);
    body[..4].copy_from_slice(b"RF64");
    assert_eq!(millis("audio/wav", &body), Some(10));
}

#[wasm_bindgen_test(unsupported = test)]
fn raw_samples_are_what_their_type_says() {
    for (content_type, expected) in [
        ("audio/pcm", 100),
        ("audio/L16;rate=8000", 300),
        ("audio/l16; channels=2 ;rate=\"8000\"", 150),
        ("audio/L16;codec=pcm;rate=24000", 100),
        ("audio/L8;rate=8000", 600),
        ("audio/L24;rate=8000;channels=2", 100),
        ("audio/L20;rate=8000;channels=2", 120),
        ("audio/basic", 600),
        ("audio/PCMU", 600),
        ("audio/pcma;rate=16000", 300),
        ("audio/pcm;rate=48000;bits=8", 100),
        (
            "audio/x-raw, layout=(string)interleaved, rate=(int)16000, format=(string)S16LE, channels=(int)1",
            150,
        ),
        ("audio/x-raw;format=F32LE;rate=8000", 150),
        ("audio/x-raw;format=S24_32LE;rate=8000", 150),
        // Nonsense is not heard.
        ("audio/pcm;rate=0;channels=0;bits=0", 100),
        ("audio/pcm;rate=99999999999999999999;channels=-1;bits=x", 100),
        ("audio/x-raw;format=S0LE;rate;=;", 100),
    ] {
        assert_eq!(millis(content_type, &[0; 4800]), Some(expected), "{content_type}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_request_tells_the_rate_that_a_type_does_not() {
    for (content_type, asked, expected) in [
        ("audio/pcm", Some(16_000), 150),
        ("audio/pcm;rate=8000", Some(16_000), 300),
        ("audio/pcm", Some(0), 100),
        ("audio/pcm", Some(u64::MAX), 100),
        ("audio/basic", Some(16_000), 600),
        ("audio/wav", Some(16_000), 0),
    ] {
        let head = ResponseHead { sample_rate_hz: asked, ..head(content_type) };
        let mut meter = ResponseMeter::new(&head);
        meter.feed(&[0; 4800]);
        let audio = meter.delivered().audio.unwrap_or_default();
        assert_eq!(audio, AudioMillis(expected), "{content_type}");
    }
}
