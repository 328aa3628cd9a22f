//! What is in a stream: made at random, or a real file over and over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Samples a second of what is made here, 16-bit mono.
const SAMPLE_RATE: u32 = 16_000;

/// What is in a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Random bytes.
    #[default]
    Noise,
    /// Samples, silent ones first.
    Pcm,
    /// The same behind a header.
    Wav,
    /// MP3 by LAME.
    Mp3,
    /// AAC in ADTS.
    Aac,
    /// Opus in Ogg.
    Opus,
    /// FLAC.
    Flac,
    /// Opus in fragments of MP4.
    Mp4,
    /// Events of a language model, with `\n` or `\r\n`.
    Events,
    /// Events with audio in base64, as those of OpenAI.
    AudioEvents,
    /// Lines of JSON with audio in base64.
    AudioLines,
    /// gRPC's length-prefixed messages, empty ones too.
    Grpc,
    /// A WAV file as `content-encoding: deflate`.
    Deflated,
}

// === impl Content ===

impl Content {
    /// All of them but gRPC, which is for its own protocol.
    pub const ORDINARY: [Self; 12] = [
        Self::Noise,
        Self::Pcm,
        Self::Wav,
        Self::Mp3,
        Self::Aac,
        Self::Opus,
        Self::Flac,
        Self::Mp4,
        Self::Events,
        Self::AudioEvents,
        Self::AudioLines,
        Self::Deflated,
    ];

    /// Its own `content-type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Noise => "application/octet-stream",
            Self::Pcm => "audio/pcm;rate=16000",
            Self::Wav | Self::Deflated => "audio/wav",
            Self::Mp3 => "audio/mpeg",
            Self::Aac => "audio/aac",
            Self::Opus => "audio/ogg",
            Self::Flac => "audio/flac",
            Self::Mp4 => "audio/mp4",
            Self::Events | Self::AudioEvents => "text/event-stream",
            Self::AudioLines => "application/x-ndjson",
            Self::Grpc => "application/grpc",
        }
    }

    /// Its `content-encoding`.
    pub fn encoding(self) -> Option<&'static str> {
        (self == Self::Deflated).then_some("deflate")
    }

    /// So many bytes of it.
    pub(super) fn make(self, seed: u64, bytes: usize, damaged: bool) -> Bytes {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut body = match self {
            Self::Noise => noise(&mut random, bytes),
            Self::Pcm => samples(&mut random, bytes),
            Self::Wav => wav(&mut random, bytes),
            Self::Mp3 => repeated(MP3, bytes),
            Self::Aac => repeated(AAC, bytes),
            Self::Opus => repeated(OPUS, bytes),
            Self::Flac => repeated(FLAC, bytes),
            Self::Mp4 => repeated(MP4, bytes),
            Self::Events => events(&mut random, bytes),
            Self::AudioEvents => audio_events(&mut random, bytes),
            Self::AudioLines => audio_lines(&mut random, bytes),
            Self::Grpc => messages(&mut random, bytes),
            // RFC 9110 §8.4.1.2: `deflate` is zlib's format.
            Self::Deflated => {
                miniz_oxide::deflate::compress_to_vec_zlib(&wav(&mut random, bytes), 1)
            }
        };
        body.truncate(bytes);
        if damaged {
            damage(&mut random, &mut body);
        }
        body.into()
    }
}

const MP3: &[u8] = include_bytes!("../../../policy/testdata/responses/lame-44k-vbr.mp3");
const AAC: &[u8] = include_bytes!("../../../policy/testdata/responses/aac.adts");
const OPUS: &[u8] = include_bytes!("../../../policy/testdata/responses/opus.ogg");
const FLAC: &[u8] = include_bytes!("../../../policy/testdata/responses/ffmpeg-pipe.flac");
const MP4: &[u8] = include_bytes!("../../../policy/testdata/responses/opus-frag.mp4");

fn repeated(file: &[u8], bytes: usize) -> Vec<u8> {
    file.iter().copied().cycle().take(bytes).collect()
}

fn noise(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    random.fill_bytes(&mut noise);
    noise
}

/// Up to 0.2 s of silence, then a sound that is never silent for long.
fn samples(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let silent = random.random_range(0..SAMPLE_RATE as usize / 5) * 2;
    let mut samples = noise(random, bytes);
    let silent = silent.min(samples.len() / 2);
    samples[..silent].fill(0);
    samples
}

fn wav(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let mut wav = crate::speech::streaming_header(SAMPLE_RATE).to_vec();
    wav.extend(samples(random, bytes.saturating_sub(wav.len())));
    wav
}

fn events(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let line = if random.random_ratio(1, 4) { "\r\n" } else { "\n" };
    let mut events = String::new();
    for number in 0.. {
        if events.len() >= bytes {
            break;
        }
        let word = "wörd ".repeat(random.random_range(0..12));
        if random.random_ratio(1, 10) {
            events.push_str(&format!(": ping{line}{line}"));
        }
        let text = format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{word}{number}\"}}}}]}}");
        events.push_str(&format!("data: {text}{line}{line}"));
    }
    events.into_bytes()
}

fn audio_events(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let mut events = String::new();
    while events.len() < bytes {
        let audio = audio(random);
        let data = format!("{{\"type\":\"speech.audio.delta\",\"audio\":\"{audio}\"}}");
        events.push_str(&format!("event: speech.audio.delta\ndata: {data}\n\n"));
    }
    events.into_bytes()
}

fn audio_lines(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let mut lines = String::new();
    while lines.len() < bytes {
        let audio = audio(random);
        lines.push_str(&format!("{{\"data\":{{\"audio\":\"{audio}\"}}}}\n"));
    }
    lines.into_bytes()
}

/// Up to 100 ms in base64.
fn audio(random: &mut ChaCha8Rng) -> String {
    let bytes = random.random_range(0..SAMPLE_RATE as usize / 10) * 2;
    STANDARD.encode(noise(random, bytes))
}

/// gRPC over HTTP2, "Length-Prefixed-Message": compressed or not, the length, the message.
fn messages(random: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let mut messages = Vec::new();
    while messages.len() < bytes {
        let left = bytes - messages.len();
        // The last one takes what is left, so that the stream ends with a whole message.
        let length =
            if left < 4000 { left.saturating_sub(5) } else { random.random_range(0..3000) };
        messages.push(0);
        messages.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        messages.extend(noise(random, length));
    }
    messages
}

fn damage(random: &mut ChaCha8Rng, body: &mut [u8]) {
    for byte in body {
        if random.random_ratio(1, 200) {
            *byte ^= 1 << random.random_range(0..8);
        }
    }
}
