use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::*;

fn info(bytes: &[u8]) -> AudioInfo {
    let mut probe = AudioProbe::new();
    probe.feed(bytes);
    probe.info()
}

/// Milliseconds, whether that is all, Hz.
fn told(bytes: &[u8]) -> (u64, bool, Option<u32>) {
    let AudioInfo { length, is_length_known, sample_rate_hz } = info(bytes);
    (length.0, is_length_known, sample_rate_hz)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wav_is_as_long_as_its_samples() {
    assert_eq!(told(&wav(16_000, 1500)), (1500, true, Some(16_000)));
    let list = chunk(b"LIST", b"odd");
    let stereo = [list, chunk(b"fmt ", &pcm(48_000, 2, 24)), chunk(b"data", &[0; 288_000])];
    assert_eq!(told(&riff(&stereo)), (1000, true, Some(48_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wav_is_no_shorter_than_what_came_nor_than_it_claims() {
    for (claimed, millis) in
        [(0_u32, 1000), (100, 1000), (64_000, 2000), (0xffff_ffff, 1000), (0x7fff_f000, 1000)]
    {
        let mut bytes = wav(16_000, 1000);
        bytes[40..44].copy_from_slice(&claimed.to_le_bytes());
        assert_eq!(told(&bytes), (millis, true, Some(16_000)), "{claimed:x}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_byte_rate_that_does_not_fit_the_samples_is_not_believed() {
    let mut bytes = wav(16_000, 1000);
    bytes[28..32].copy_from_slice(&1_000_000_u32.to_le_bytes());
    assert_eq!(told(&bytes), (1000, true, Some(16_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wav_of_a_codec_has_no_known_length() {
    let mut format = pcm(16_000, 1, 4);
    format[..2].copy_from_slice(&0x11_u16.to_le_bytes());
    let adpcm = riff(&[chunk(b"fmt ", &format), chunk(b"data", &[0; 8000])]);
    assert_eq!(told(&adpcm), (0, false, Some(16_000)));
    // The same, behind the general tag.
    let extension =
        [&22_u16.to_le_bytes()[..], &[0; 6], &0x11_u16.to_le_bytes(), &[0; 14]].concat();
    let mut format = [pcm(16_000, 1, 16), extension].concat();
    format[..2].copy_from_slice(&0xfffe_u16.to_le_bytes());
    let hidden = riff(&[chunk(b"fmt ", &format), chunk(b"data", &[0; 8000])]);
    assert!(!info(&hidden).is_length_known);
    format[24] = 1;
    let plain = riff(&[chunk(b"fmt ", &format), chunk(b"data", &[0; 8000])]);
    assert_eq!(told(&plain), (250, true, Some(16_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_rf64_has_its_size_in_a_chunk_of_its_own() {
    let sizes = [&0_u64.to_le_bytes()[..], &6_400_000_000_u64.to_le_bytes(), &[0; 12]].concat();
    let mut data = chunk(b"data", &[0; 32]);
    data[4..8].copy_from_slice(&[0xff; 4]);
    let mut bytes = riff(&[chunk(b"ds64", &sizes), chunk(b"fmt ", &pcm(16_000, 1, 16)), data]);
    bytes[..4].copy_from_slice(b"RF64");
    assert_eq!(told(&bytes), (200_000_000, true, Some(16_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn two_format_chunks_or_none_tell_no_length() {
    let format = chunk(b"fmt ", &pcm(16_000, 1, 16));
    let data = chunk(b"data", &[0; 100]);
    assert!(!info(&riff(&[format.clone(), format, data.clone()])).is_length_known);
    assert_eq!(told(&riff(&[data])), (0, false, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_flac_tells_its_samples() {
    assert_eq!(told(&flac(24_000, 48_000, 0, 1000)), (2000, true, Some(24_000)));
    assert_eq!(told(&flac(24_000, 48_000, 300_000, 1000)), (2000, true, Some(24_000)));
    assert_eq!(told(&flac(24_000, 0, 0, 48_000)), (1000, false, Some(24_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_flac_is_no_shorter_than_its_bytes_uncompressed() {
    assert_eq!(told(&flac(24_000, 24, 0, 96_000)), (2000, true, Some(24_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_mp3_is_as_long_as_its_frames() {
    let length = (100_u64 * (1152 * 1_000_000 / 44_100)).div_ceil(1000);
    assert_eq!(told(&mp3(100)), (length, true, Some(44_100)));
    assert_eq!(told(&[id3(2000), mp3(100)].concat()), (length, true, Some(44_100)));
    let tagged = [mp3(100), b"TAG".to_vec(), vec![0; 125]].concat();
    assert_eq!(told(&tagged), (length, true, Some(44_100)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_encoders_count_of_frames_counts_if_it_is_more() {
    let length = |frames: u64| (frames * (1152 * 1_000_000 / 44_100)).div_ceil(1000);
    for (claimed, counted) in [(1, 50), (50, 50), (1000, 1000)] {
        let bytes = [xing(claimed), mp3(50)].concat();
        assert_eq!(told(&bytes), (length(counted), true, Some(44_100)), "{claimed}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_mp3_with_much_else_in_it_has_no_known_length() {
    let bytes = [mp3(2), vec![0; 70_000], mp3(100)].concat();
    assert!(!info(&bytes).is_length_known);
    assert!(!info(&id3(70_000)).is_length_known);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_ogg_is_as_long_as_its_last_position() {
    assert_eq!(told(&opus(7, 96_000)), (2000, true, Some(48_000)));
    let chained = [opus(7, 96_000), opus(8, 48_000)].concat();
    assert_eq!(told(&chained), (3000, true, Some(48_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn every_codec_of_an_ogg_has_its_rate() {
    let vorbis =
        [b"\x01vorbis\0\0\0\0\x01".as_slice(), &22_050_u32.to_le_bytes(), &[0; 14]].concat();
    let flac = [b"\x7fFLAC\x01\0\0\x01".as_slice(), &flac(22_050, 0, 0, 0)[..42]].concat();
    let speex = [b"Speex   ".as_slice(), &[0; 28], &22_050_u32.to_le_bytes(), &[0; 40]].concat();
    for head in [vorbis, flac, speex] {
        let bytes = [page(2, 0, 1, &head), page(4, 44_100, 1, b"x")].concat();
        assert_eq!(told(&bytes), (2000, true, Some(22_050)), "{head:x?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_that_is_not_measured_leaves_the_length_unknown() {
    let two = [page(2, 0, 1, &opus_head(0)), page(2, 0, 2, &opus_head(0))].concat();
    assert!(!info(&[two, page(4, 48_000, 1, b"x")].concat()).is_length_known);
    let broken = [opus(7, 48_000), vec![1; 40], opus(7, 480_000)].concat();
    assert!(!info(&broken).is_length_known);
}

#[wasm_bindgen_test(unsupported = test)]
fn other_formats_tell_nothing() {
    for bytes in [
        &b"\0\0\0 ftypM4A \0\0\0\0"[..],
        b"RIFF\0\0\0\0AVI LIST",
        b"\xff\xf1\x50\x80aaaaaaaa",
        b"short",
    ] {
        assert_eq!(info(bytes), AudioInfo::default(), "{bytes:?}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn recordings() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            any::<Vec<u8>>(),
            Just(wav(8000, 100)),
            Just(flac(16_000, 1600, 50, 500)),
            Just([id3(300), xing(3), mp3(3)].concat()),
            Just([opus(1, 50_000), opus(2, 50_000)].concat()),
        ]
    }

    proptest! {
        #[test]
        fn any_split_tells_the_same_and_lengths_only_grow(
            bytes in recordings(), changes: Vec<(prop::sample::Index, u8)>, size in 1_usize..70,
        ) {
            let mut bytes = bytes;
            for (at, byte) in changes.iter().take(5) {
                let len = bytes.len().min(80);
                if len > 0 {
                    bytes[at.index(len)] = *byte;
                }
            }
            let mut probe = AudioProbe::new();
            let mut before = probe.info();
            for piece in bytes.chunks(size) {
                if probe.wants_bytes() { probe.feed(piece) } else { probe.count(piece.len() as u64) }
                prop_assert!(probe.info().length >= before.length);
                before = probe.info();
            }
            prop_assert_eq!(before, info(&bytes));
        }
    }
}

/// A first page with the largest table wanted more than a block can have, and was asked for ever.
#[wasm_bindgen_test(unsupported = test)]
fn a_first_page_of_255_segments_is_read() {
    for segments in [253_u8, 254, 255] {
        let mut page = b"OggS\0\x02".to_vec();
        page.extend([0; 20]);
        page.push(segments);
        page.extend(std::iter::repeat_n(0xff, usize::from(segments)));
        page.extend(b"OpusHead\x01\x01\0\0");
        page.extend([0; 200]);
        let mut probe = AudioProbe::new();
        probe.feed(&page);
        assert_eq!(probe.info().sample_rate_hz, Some(48_000), "{segments}");
    }
}

/// Pages can say any position; so many bytes of Opus cannot be as short as they say.
#[wasm_bindgen_test(unsupported = test)]
fn opus_is_no_shorter_than_its_bytes_can_be() {
    let mut file = b"OggS\0\x02".to_vec();
    file.extend([0; 20]);
    file.extend([1, 19]);
    file.extend(b"OpusHead\x01\x01\0\0");
    file.extend([0; 7]);
    for _ in 0..250 {
        file.extend(b"OggS\0\0\x01\0\0\0\0\0\0\0");
        file.extend([0; 12]);
        file.push(255);
        file.extend([255; 255]);
        file.extend(vec![0; 255 * 255]);
    }
    let mut probe = AudioProbe::new();
    probe.feed(&file);
    // 16,256,250 bytes at 510 kbit/s.
    assert_eq!(probe.info().length.0, (16_256_250_u64 + 19) * 8000_u64 / 510_000 + 1);
}
