//! Bodies to be read: requests for speech as OpenAI's API has them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What makes a body large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    English,
    /// Three bytes of UTF-8 a character.
    Chinese,
    /// A WAV file in base64, beside a short text.
    Recording,
}

/// One body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body {
    content: Content,
    pub bytes: usize,
}

const KB: usize = 1 << 10;
const MB: usize = 1 << 20;

const ENGLISH: &str = "The ship left the harbour at dawn, and nobody on the pier said a word. \
    \\\"Will she come back?\\\" asked the boy; the wind took the answer.\\n";

const CHINESE: &str = "天亮的时候，船离开了港口，码头上没有人说话。\
    “她还会回来吗？”男孩问，风带走了回答。\\n";

/// From small to large. A recording has no place in one kilobyte.
pub(super) fn all() -> impl Iterator<Item = Body> {
    let texts = [KB, 4 * KB, 60 * KB, 516 * KB, 5 * MB];
    let of = |content, sizes: &[usize]| {
        sizes.iter().map(move |bytes| Body { content, bytes: *bytes }).collect::<Vec<_>>()
    };
    of(Content::English, &texts)
        .into_iter()
        .chain(of(Content::Chinese, &texts))
        .chain(of(Content::Recording, &texts[2..]))
}

// === impl Body ===

impl Body {
    pub fn name(&self) -> String {
        let content = match self.content {
            Content::English => "English text",
            Content::Chinese => "Chinese text",
            Content::Recording => "a recording in base64",
        };
        match self.bytes {
            bytes if bytes < MB => format!("{content}, {} KB", bytes / KB),
            bytes => format!("{content}, {} MB", bytes / MB),
        }
    }

    pub fn brings_recording(&self) -> bool {
        self.content == Content::Recording
    }

    /// The body itself, of just so many bytes.
    pub fn json(&self) -> String {
        let body = |text: &str, recording: &str| {
            format!(r#"{{"model":"tts-1","voice":"alloy","input":"{text}"{recording}}}"#)
        };
        let room = |frame: String| self.bytes.saturating_sub(frame.len());
        match self.content {
            Content::English => body(&filled(ENGLISH, room(body("", ""))), ""),
            Content::Chinese => body(&filled(CHINESE, room(body("", ""))), ""),
            Content::Recording => {
                let field =
                    |base64: &str| format!(r#","ref_audio":"data:audio/wav;base64,{base64}""#);
                let room = room(body(ENGLISH, &field("")));
                // What no base64 fills is more text.
                let text = filled(ENGLISH, ENGLISH.len() + room % 4);
                body(&text, &field(&STANDARD.encode(wav(room / 4 * 3))))
            }
        }
    }
}

/// Whole sentences, and full stops up to just so many bytes.
fn filled(sentence: &str, bytes: usize) -> String {
    let mut text = sentence.repeat(bytes / sentence.len());
    text.push_str(&".".repeat(bytes - text.len()));
    text
}

/// A WAV file (Microsoft RIFF) of so many bytes: noise, 16-bit mono at 24 kHz.
fn wav(bytes: usize) -> Vec<u8> {
    const RATE: u32 = 24_000;
    let size = |bytes: usize| u32::try_from(bytes).expect("a file under 4 GB").to_le_bytes();
    let mut file = Vec::with_capacity(bytes);
    file.extend(b"RIFF");
    file.extend(size(bytes - 8));
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend([RATE, RATE * 2].map(u32::to_le_bytes).concat());
    file.extend(b"\x02\0\x10\0data");
    file.extend(size(bytes - 44));
    // A linear congruential generator (Numerical Recipes).
    let noise = std::iter::successors(Some(1u32), |it| {
        Some(it.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    });
    file.extend(noise.map(|it| it.to_be_bytes()[0]).take(bytes - 44));
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn each_body_is_json_of_the_size_that_it_says() {
        for body in all() {
            let json = body.json();
            assert_eq!(json.len(), body.bytes, "{}", body.name());
            let parsed: Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(parsed["ref_audio"].is_string(), body.brings_recording(), "{}", body.name());
        }
    }
}
