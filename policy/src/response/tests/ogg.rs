//! Ogg with each of its codecs.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::{flac, opus, opus_head, page};

#[wasm_bindgen_test(unsupported = test)]
fn an_opus_is_as_long_as_its_last_position_without_the_pre_skip() {
    assert_eq!(millis("audio/ogg", &opus(7, 100_000)), Some(2084));
    assert_eq!(millis("application/ogg", &opus(7, 100_000)), Some(2084));
    let early = [page(2, 0, 1, &opus_head(312)), page(0, 100, 1, b"x")].concat();
    assert_eq!(millis("audio/opus", &early), Some(0));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_page_counts_once_it_is_complete() {
    let whole = opus(7, 96_000);
    let last = page(4, 0, 7, &[0; 10]).len();
    assert_eq!(millis("audio/ogg", &whole), Some(2000));
    assert_eq!(
        millis("audio/ogg", &whole[..whole.len() - 1]),
        Some((96_000_u64 - 312).div_ceil(48))
    );
    assert_eq!(
        millis("audio/ogg", &whole[..whole.len() - last - 1]),
        Some((48_000_u64 - 312).div_ceil(48))
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn chained_streams_add_up_and_streams_beside_do_not() {
    let chained = [opus(7, 96_000), opus(8, 48_000), opus(7, 24_000)].concat();
    assert_eq!(millis("audio/ogg", &chained), Some(3500));
    let beside = [
        page(2, 0, 9, b"fishead\0aaaaaaaaa"),
        page(2, 0, 1, &opus_head(0)),
        page(2, 0, 2, &opus_head(0)),
        page(0, 48_000, 1, &[0; 300]),
        page(0, 96_000, 2, &[0; 300]),
        page(0, 1 << 40, 9, b"x"),
    ];
    assert_eq!(millis("audio/ogg", &beside.concat()), Some(1000));
}

#[wasm_bindgen_test(unsupported = test)]
fn every_codec_has_its_rate() {
    let vorbis =
        [b"\x01vorbis\0\0\0\0\x01".as_slice(), &22_050_u32.to_le_bytes(), &[0; 14]].concat();
    let flac = [b"\x7fFLAC\x01\0\0\x01".as_slice(), &flac(22_050, 0, 0, 0)[..42]].concat();
    let speex = [b"Speex   ".as_slice(), &[0; 28], &22_050_u32.to_le_bytes(), &[0; 40]].concat();
    for head in [vorbis, flac, speex] {
        let body = [page(2, 0, 1, &head), page(4, 22_050, 1, b"x")].concat();
        assert_eq!(millis("audio/ogg", &body), Some(1000), "{head:x?}");
    }
    let theora = [page(2, 0, 1, b"\x80theora"), page(0, 5, 1, b"x")].concat();
    assert_eq!(millis("application/ogg", &theora), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_position_that_is_none_or_goes_back_says_nothing() {
    let body = [
        page(2, 0, 1, &opus_head(0)),
        page(0, 48_000, 1, &[0; 300]),
        page(0, u64::MAX, 1, &[0; 10]),
        page(0, u64::MAX - 5, 1, &[0; 10]),
        page(0, 24_000, 1, &[0; 10]),
    ];
    assert_eq!(millis("audio/ogg", &body.concat()), Some(1000));
}

#[wasm_bindgen_test(unsupported = test)]
fn pages_are_found_again_behind_garbage() {
    let body = [opus(7, 48_000), b"OgOggSgarbage O".repeat(9), opus(8, 48_000)].concat();
    assert_eq!(millis("audio/ogg", &body), Some(2000));
}
