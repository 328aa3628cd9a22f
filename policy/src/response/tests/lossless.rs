//! FLAC.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{flac, flac_frame, flac_frames};

#[wasm_bindgen_test(unsupported = test)]
fn a_flac_is_as_long_as_its_complete_frames() {
    assert_eq!(millis("audio/flac", &flac_frames(16_000, 8)), Some(2048));
    let body = flac_frames(16_000, 8);
    assert_eq!(millis("audio/x-flac", &body[..body.len() - 1]), Some(1792));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_its_header_claims_is_not_delivered() {
    let body = [flac(16_000, 160_000, 500, 0), flac_frame(0, 1600)].concat();
    assert_eq!(millis("audio/flac", &body), Some(100));
}

#[wasm_bindgen_test(unsupported = test)]
fn frames_go_on_behind_a_broken_one() {
    let mut body = flac_frames(16_000, 8);
    // Within the sixth frame, behind its header: its number still fits.
    let at = body.len() - 2 * 13 - 4;
    body[at] ^= 1;
    assert_eq!(millis("audio/flac", &body), Some(2048));
    // Behind bytes between frames it takes two in sequence.
    for (frames, expected) in [(1, 512), (2, 1024), (3, 1280)] {
        let mut body = [flac_frames(16_000, 2), vec![0xff, 0xf8, 3]].concat();
        (9..9 + frames).for_each(|it| body.extend(flac_frame(it, 4096)));
        assert_eq!(millis("audio/flac", &body), Some(expected), "{frames}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn sizes_of_frames_are_told_in_every_way() {
    // 192, 576, 4608, 256, 32768 samples by code; 200 and 65536 by bytes behind the number.
    for (code, extra, samples) in [
        (1_u8, &[][..], 192_u64),
        (2, &[], 576),
        (5, &[], 4608),
        (8, &[], 256),
        (15, &[], 32_768),
        (6, &[199], 200),
        (7, &[0xff, 0xff], 65_536),
    ] {
        for (rate, rate_extra) in [(0_u8, &[][..]), (12, &[16]), (13, &[0x3e, 0x80])] {
            // Numbers of one, of three and of seven bytes.
            for number in
                [&[5][..], &[0xe1, 0x80, 0x80], &[0xfe, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81]]
            {
                let head =
                    [&[0xff, 0xf9, code << 4 | rate, 0x08], number, extra, rate_extra].concat();
                let head =
                    [&head[..], &[crate::testing::audio::crc(&head, 8, 0x07) as u8]].concat();
                let frame = [&head[..], &[0; 300]].concat();
                let sum = crate::testing::audio::crc(&frame, 16, 0x8005) as u16;
                let body = [flac(16_000, 0, 0, 0), frame, sum.to_be_bytes().to_vec()].concat();
                let audio = delivered("audio/flac", &body).audio;
                assert_eq!(
                    audio,
                    Some(AudioMillis((samples * 1000).div_ceil(16_000))),
                    "{head:x?}"
                );
                assert_eq!(in_pieces("audio/flac", &body, 1).audio, audio);
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_begins_otherwise_is_no_flac() {
    let mut body = flac_frames(16_000, 2);
    body[4] = 1;
    assert_eq!(millis("audio/flac", &body), None);
    let no_rate = [flac(0, 0, 0, 0), flac_frame(0, 100)].concat();
    assert_eq!(millis("audio/flac", &no_rate), None);
}
