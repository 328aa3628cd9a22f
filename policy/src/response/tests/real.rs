//! What encoders really write: `testdata/responses/README.md`.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

macro_rules! real {
    ($name:literal) => {
        include_bytes!(concat!("../../../testdata/responses/", $name)).as_slice()
    };
}

/// `samples` at `rate` Hz, as FFmpeg counts them, in milliseconds.
const fn length(samples: u64, rate: u64) -> u64 {
    (samples * 1000).div_ceil(rate)
}

#[wasm_bindgen_test(unsupported = test)]
fn real_files_are_as_long_as_other_decoders_find_them() {
    for (name, content_type, body, expected) in [
        ("CBR", "audio/mpeg", real!("lame-16k-cbr.mp3"), length(22 * 576, 16_000)),
        ("VBR", "audio/mpeg", real!("lame-44k-vbr.mp3"), length(28 * 1152, 44_100)),
        ("pipe", "audio/mpeg", real!("ffmpeg-pipe.mp3"), length(22 * 576, 16_000)),
        ("AAC", "audio/aac", real!("aac.adts"), length(12 * 1024, 16_000)),
        ("Opus", "audio/ogg", real!("opus.ogg"), 700),
        ("Vorbis", "audio/ogg", real!("vorbis.ogg"), 700),
        ("FLAC in Ogg", "audio/ogg", real!("flac.oga"), 700),
        ("FLAC", "audio/flac", real!("fixed.flac"), 700),
        ("FLAC from a pipe", "audio/flac", real!("ffmpeg-pipe.flac"), 300),
        ("mu-law", "audio/wav", real!("mu-law.wav"), 100),
        ("extensible", "audio/wav", real!("extensible-24.wav"), 100),
        ("SoX", "audio/wav", real!("sox-pipe.wav"), 100),
        ("FFmpeg", "audio/wav", real!("ffmpeg-pipe-float.wav"), 100),
    ] {
        assert_eq!(millis(content_type, body), Some(expected), "{name}");
        assert_eq!(millis("", body), Some(expected), "{name}, without a type");
    }
}
