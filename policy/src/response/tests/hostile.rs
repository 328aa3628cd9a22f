//! Headers that lie.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{chunk, flac, flac_frame, opus_head, page, pcm, riff};

#[wasm_bindgen_test(unsupported = test)]
fn no_header_makes_more_audio_than_its_bytes_can_be() {
    let slow_wav = riff(&[chunk(b"fmt ", &pcm(1, 1, 8)), chunk(b"data", &[0; 4000])]);
    let slow_flac = [flac(1, 0, 0, 0), flac_frame(0, u16::MAX), flac_frame(1, u16::MAX)].concat();
    let far: Vec<u8> = (0..9_u32)
        .flat_map(|it| [page(2, 0, it, &opus_head(0)), page(0, u64::MAX >> 1, it, b"x")].concat())
        .collect();
    for (content_type, body) in [
        ("audio/wav", slow_wav),
        ("audio/flac", slow_flac),
        ("audio/ogg", far),
        ("audio/pcm;rate=1;bits=8", vec![0; 1000]),
    ] {
        let most = body.len() as u64 * MAX_MILLIS_PER_BYTE;
        assert_eq!(delivered(content_type, &body).audio, Some(AudioMillis(most)), "{content_type}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn sizes_beyond_everything_hold_nothing_up() {
    let huge = u32::MAX.to_le_bytes();
    let body = [b"RIFF\xff\xff\xff\xffWAVEjunk", &huge[..], &[0; 100]].concat();
    assert_eq!(millis("audio/wav", &body), Some(0));
    let body = [b"ID3\x04\0\0\x7f\x7f\x7f\x7f".as_slice(), &[0xff; 100]].concat();
    assert_eq!(millis("audio/mpeg", &body), Some(0));
}
