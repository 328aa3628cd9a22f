//! Streams whose audio is known: real files of `testbed/testdata/streams`, whose README says by which
//! numbers, and what is written here, sample by sample.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// A stream that can be cut.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its name.
    pub name: &'static str,
    /// Its `content-type`.
    pub content_type: &'static str,
    /// Its body.
    pub bytes: Vec<u8>,
    /// Up to which byte it can be cut, and how much audio is before it, in microseconds; the last is its end.
    pub cuts: Vec<(usize, u64)>,
    /// Its longest frame.
    pub frame: Duration,
    /// Which of the parts between cuts has the first audible sample.
    pub audible_in: usize,
}

/// Samples a second of what is written here.
pub const RATE: usize = 24_000;

/// All of them.
pub fn all() -> Vec<Sample> {
    let mut all = files();
    all.extend([wav(), pcm(), events(), lines()]);
    all
}

/// The folder of the crate's files.
pub fn testdata() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/streams")
}

/// Those that were made by an encoder. The first part of each is its head, without a frame; ADTS has none.
fn files() -> Vec<Sample> {
    let file = |name: &'static str, content_type, frame, cuts: [(usize, u64); 4]| {
        let bytes = std::fs::read(testdata().join(name)).unwrap();
        let cuts: Vec<_> = cuts.into_iter().filter(|(at, _)| *at > 0).collect();
        let audible_in = usize::from(cuts[0].1 == 0);
        let frame = Duration::from_millis(frame);
        Sample { name, content_type, bytes, cuts, frame, audible_in }
    };
    let mp3 = [(45, 0), (2205, 720_000), (4041, 1_332_000), (6309, 2_088_000)];
    let aac = [(0, 0), (2364, 704_000), (4412, 1_344_000), (6627, 2_112_000)];
    let opus = [(121, 0), (1926, 793_500), (3192, 1_393_500), (4186, 2_000_000)];
    let vorbis = [(3361, 0), (4095, 736_000), (4710, 1_376_000), (5338, 2_000_000)];
    let flac = [(8256, 0), (11_347, 720_000), (14_200, 1_368_000), (17_099, 2_000_000)];
    let mp4 = [(692, 0), (3544, 768_000), (6282, 1_536_000), (8407, 2_112_000)];
    vec![
        file("speech.mp3", "audio/mpeg", 36, mp3),
        file("speech.aac", "audio/aac", 64, aac),
        file("speech-opus.ogg", "audio/ogg", 20, opus),
        file("speech-vorbis.ogg", "audio/ogg", 32, vorbis),
        file("speech.flac", "audio/flac", 72, flac),
        file("speech.mp4", "audio/mp4", 64, mp4),
    ]
}

/// A tone of so many milliseconds, 16-bit mono.
pub fn tone(millis: usize) -> Vec<u8> {
    let sample = |at: usize| if at % 100 < 50 { 8000i16 } else { -8000 };
    (0..millis * RATE / 1000).flat_map(|at| sample(at).to_le_bytes()).collect()
}

/// As much silence.
pub fn silence(millis: usize) -> Vec<u8> {
    vec![0; millis * RATE / 1000 * 2]
}

/// The head of a WAV whose length is not known yet.
pub fn wav_head() -> Vec<u8> {
    let rate = u32::try_from(RATE).unwrap();
    let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    head.extend([rate, rate * 2].map(u32::to_le_bytes).concat());
    head.extend_from_slice(b"\x02\0\x10\0data\xff\xff\xff\xff");
    head
}

/// Parts of so many milliseconds each, behind a head. The first part is silent, and so is half a part later
/// the beginning of the second.
fn cut_at_millis(head: Vec<u8>, parts: [usize; 4]) -> (Vec<u8>, Vec<(usize, u64)>) {
    let (mut bytes, mut cuts, mut micros) = (head, Vec::new(), 0);
    for (number, millis) in parts.into_iter().enumerate() {
        match number {
            0 => bytes.extend(silence(millis)),
            1 => bytes.extend([silence(millis / 2), tone(millis / 2)].concat()),
            _ => bytes.extend(tone(millis)),
        }
        micros += millis as u64 * 1000;
        cuts.push((bytes.len(), micros));
    }
    (bytes, cuts)
}

fn wav() -> Sample {
    let (bytes, cuts) = cut_at_millis(wav_head(), [200, 700, 600, 500]);
    let frame = Duration::from_micros(42);
    Sample { name: "wav", content_type: "audio/wav", bytes, cuts, frame, audible_in: 1 }
}

fn pcm() -> Sample {
    let (bytes, cuts) = cut_at_millis(Vec::new(), [80, 700, 600, 500]);
    let frame = Duration::from_micros(42);
    let content_type = "audio/pcm;rate=24000";
    Sample { name: "pcm", content_type, bytes, cuts, frame, audible_in: 1 }
}

/// OpenAI's realtime events, of PCM: <https://platform.openai.com/docs/api-reference/realtime-server-events>.
fn events() -> Sample {
    let mut bytes =
        b": hello\n\nevent: response.created\ndata: {\"type\":\"response.created\"}\n\n".to_vec();
    let mut cuts = vec![(bytes.len(), 0)];
    for part in 0..30 {
        let delta = STANDARD.encode(tone(70));
        let event = json!({ "type": "response.audio.delta", "response_id": "r", "delta": delta });
        bytes.extend(format!("event: response.audio.delta\ndata: {event}\n\n").into_bytes());
        if part % 10 == 9 {
            cuts.push((bytes.len(), (part + 1) * 70_000));
        }
    }
    let frame = Duration::from_millis(70);
    let content_type = "text/event-stream";
    Sample { name: "events", content_type, bytes, cuts, frame, audible_in: 1 }
}

/// Lines of base64, as ElevenLabs streams with time stamps, of MP3.
fn lines() -> Sample {
    let mp3 = files().swap_remove(0);
    let mut bytes = Vec::new();
    let mut cuts = Vec::new();
    let mut from = 0;
    for (to, audio) in mp3.cuts {
        // Frames are cut by lines as it happens.
        for piece in mp3.bytes[from..to].chunks(100) {
            let line = json!({ "audio_base64": STANDARD.encode(piece), "alignment": null });
            bytes.extend(format!("{line}\n").into_bytes());
        }
        from = to;
        cuts.push((bytes.len(), audio));
    }
    let (frame, content_type) = (mp3.frame, "application/x-ndjson");
    Sample { name: "lines", content_type, bytes, cuts, frame, audible_in: 1 }
}
