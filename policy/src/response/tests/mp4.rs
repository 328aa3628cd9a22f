//! MP4, in fragments and whole.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::mp4::*;

#[wasm_bindgen_test(unsupported = test)]
fn a_fragment_counts_once_it_is_complete() {
    let head = [ftyp(), movie(&[track(1, b"soun", 24_000, 0)], Some(1024))].concat();
    let fragment = |samples: u32| [moof(1, &run(samples, None)), plain("mdat", &[7; 500])].concat();
    let body = [head.clone(), fragment(2), fragment(3)].concat();
    let ends = [0, ftyp().len(), head.len(), head.len() + fragment(2).len(), body.len()];
    for content_type in ["audio/mp4", "video/mp4", "", "audio/x-m4a"] {
        let progress = progress(content_type, &body, None);
        assert_eq!(progress.audio, Some(Duration::from_micros(5 * 1024 * 1_000_000 / 24_000)));
        assert_eq!((progress.units, progress.tail, progress.format), (2, 0, Format::Fmp4));
        assert_eq!(progress.audible, Some(Duration::ZERO));
    }
    progress("audio/mp4", &body, Some(&ends));
    assert_eq!(millis("audio/mp4", &body[..body.len() - 1]), Some(86));
    assert_eq!(millis("audio/mp4", &head), Some(0));
}

#[wasm_bindgen_test(unsupported = test)]
fn samples_may_say_their_own_length() {
    let head = movie(&[track(1, b"soun", 1000, 0)], None);
    for (run, expected) in [
        (run(3, Some(&[10, 20, 30])), 60),
        // More than one run, and a default for the fragment.
        ([fragment_head(1, Some(7)), run(2, None), run(3, Some(&[1, 1, 1]))].concat(), 17),
        (run(0, Some(&[])), 0),
    ] {
        let body = [head.clone(), moof(1, &run), plain("mdat", &[1])].concat();
        assert_eq!(millis("audio/mp4", &body), Some(expected));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_audio_counts_and_the_pictures_do_not() {
    let both = [track(1, b"vide", 90_000, 0), track(2, b"soun", 8000, 0)];
    let traf = |id, samples, ticks| {
        plain("traf", &[fragment_head(id, Some(ticks)), run(samples, None)].concat())
    };
    let moof = plain("moof", &[traf(1, 25, 3600), traf(2, 10, 160)].concat());
    let body =
        |tracks: &[Vec<u8>]| [movie(tracks, None), moof.clone(), plain("mdat", &[1])].concat();
    assert_eq!(millis("video/mp4", &body(&both)), Some(200));
    // Where there is no audio, the first track.
    assert_eq!(millis("video/mp4", &body(&both[..1])), Some(1000));
    // A fragment whose header nobody sent is not measured.
    assert_eq!(millis("video/mp4", &[moof.clone(), plain("mdat", &[1])].concat()), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_whole_file_counts_by_what_of_it_came() {
    let head = [ftyp(), movie(&[track(1, b"soun", 8000, 16_000)], None)].concat();
    let body = [head.clone(), plain("mdat", &[1; 1000])].concat();
    assert_eq!(millis("audio/mp4", &body), Some(2000));
    assert_eq!(millis("audio/mp4", &body[..body.len() - 500]), Some(1000));
    assert_eq!(progress("audio/mp4", &body[..body.len() - 500], None).tail, 0);
    // A header behind the samples tells at the end.
    let late = [ftyp(), plain("mdat", &[1; 1000]), movie(&[track(1, b"soun", 8000, 16_000)], None)];
    assert_eq!(millis("audio/mp4", &late.concat()), Some(2000));
    assert_eq!(millis("audio/mp4", &late[..2].concat()), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn sizes_that_lie_hold_nothing_up() {
    let head = movie(&[track(1, b"soun", 8000, 0)], Some(80));
    let whole = [moof(1, &run(10, None)), plain("mdat", &[1; 9])].concat();
    for odd in [
        &[0, 0, 0, 7, b'f', b'r', b'e', b'e'][..],
        &[0, 0, 0, 1, b'm', b'd', b'a', b't', 0, 0, 0, 0, 0, 0, 0, 3],
        &[0, 0, 0, 0, b'm', b'd', b'a', b't', 1, 2, 3],
        &[0xff, 0xff, 0xff, 0xff, b'm', b'd', b'a', b't', 1, 2, 3],
        &[0, 0, 0, 1, b'f', b'r', b'e', b'e', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 9, b't', b'k', b'h', b'd', 1],
    ] {
        let body = [&head[..], &whole, odd, &whole].concat();
        assert!(millis("audio/mp4", &body) >= Some(100), "{odd:?}");
        progress("audio/mp4", &body, None);
    }
    // Large sizes are believed.
    let large =
        [&[0, 0, 0, 1, b'm', b'd', b'a', b't', 0, 0, 0, 0, 0, 0, 0, 20][..], &[9; 4]].concat();
    let body = [head, moof(1, &run(10, None)), large].concat();
    assert_eq!(millis("audio/mp4", &body), Some(100));
}
