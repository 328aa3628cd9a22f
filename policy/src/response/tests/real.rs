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

#[wasm_bindgen_test(unsupported = test)]
fn speech_is_audible_where_its_samples_are() {
    for (name, body, samples, audible) in [
        ("16 bits", real!("speech.wav"), 8000, 2076_u64),
        ("float", real!("speech-f32.wav"), 4000, 2076),
        ("8 bits", real!("speech-u8.wav"), 8000, 2092),
        ("A-law", real!("speech-alaw.wav"), 8000, 2076),
    ] {
        let progress = progress("audio/wav", body, None);
        let micros = |samples: u64| Some(Duration::from_micros(samples * 125));
        assert_eq!(
            (progress.audio, progress.audible),
            (micros(samples), micros(audible)),
            "{name}"
        );
        assert_eq!((progress.tail, progress.format), (0, Format::Wav));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mp4_is_as_long_as_other_programs_find_it() {
    for (name, body, samples, fragments) in [
        ("fragments", real!("aac-frag.mp4"), 13_024, 4),
        ("CMAF", real!("aac-cmaf.mp4"), 13_024, 3),
        ("Opus", real!("opus-frag.mp4"), 12_104, 8),
        ("video", real!("face.mp4"), 13_024, 3),
        ("header first", real!("fast.m4a"), 13_024, 0),
        ("header last", real!("late.m4a"), 13_024, 0),
    ] {
        for content_type in ["audio/mp4", "video/mp4", ""] {
            let progress = progress(content_type, body, None);
            let expected = Duration::from_micros(samples * 1_000_000 / 16_000);
            assert_eq!(progress.audio, Some(expected), "{name}");
            assert_eq!((progress.units, progress.tail), (fragments, 0), "{name}");
            assert_eq!(progress.format, Format::Fmp4);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn streamed_pages_and_frames_are_borders() {
    let ogg = progress("audio/ogg", real!("opus-20ms.ogg"), None);
    // 38 packets and two headers; FFmpeg decodes 0.75 s.
    assert_eq!((ogg.audio, ogg.units, ogg.tail), (Some(Duration::from_millis(750)), 40, 0));
    let mp3 = progress("audio/mpeg", real!("speech.mp3"), None);
    assert_eq!((mp3.audio, mp3.units, mp3.tail), (Some(Duration::from_micros(828_000)), 23, 0));
}

#[wasm_bindgen_test(unsupported = test)]
fn events_bring_as_much_audio_as_their_files() {
    let mp3 = Duration::from_micros(828_000);
    for (name, content_type, body, audio, audible, units) in [
        ("OpenAI", "text/event-stream", real!("openai-speech.sse"), mp3, 0, 5),
        (
            "OpenAI, samples",
            "text/event-stream",
            real!("openai-responses.sse"),
            Duration::from_micros(166_666),
            86_500,
            7,
        ),
        ("MiniMax", "text/event-stream", real!("minimax.sse"), mp3, 0, 5),
        (
            "lines",
            "application/x-ndjson",
            real!("wav-lines.jsonl"),
            Duration::from_secs(1),
            259_500,
            2,
        ),
        ("ElevenLabs", "application/json", real!("elevenlabs.json"), mp3, 0, 0),
    ] {
        let progress = progress(content_type, body, None);
        assert_eq!(
            (progress.audio, progress.units, progress.tail),
            (Some(audio), units, 0),
            "{name}"
        );
        assert_eq!(progress.audible, Some(Duration::from_micros(audible)), "{name}");
    }
    let delivered = delivered("text/event-stream", real!("openai-speech.sse"));
    assert_eq!(delivered.tokens, Some(35));
}

#[wasm_bindgen_test(unsupported = test)]
fn real_files_that_are_cut_or_broken_hold_nothing_up() {
    for (content_type, body) in [
        ("audio/wav", real!("speech-u8.wav")),
        ("audio/mpeg", real!("speech.mp3")),
        ("audio/ogg", real!("opus-20ms.ogg")),
        ("audio/flac", real!("fixed.flac")),
        ("audio/mp4", real!("aac-frag.mp4")),
        ("text/event-stream", real!("openai-speech.sse")),
        ("application/x-ndjson", real!("wav-lines.jsonl")),
    ] {
        let whole = progress(content_type, body, None).audio;
        let end = body.len() * 2 / 3;
        assert!(progress(content_type, &body[..end], None).audio < whole, "{content_type}");
        progress(content_type, &body[7..], None);
        let mut broken = body.to_vec();
        broken.iter_mut().skip(9).step_by(101).for_each(|it| *it ^= 0xa5);
        progress(content_type, &broken, None);
        // By another name.
        for other in
            ["audio/wav", "audio/mpeg", "audio/flac", "audio/mp4", "audio/pcm", "text/event-stream"]
        {
            progress(other, body, None);
        }
    }
}
