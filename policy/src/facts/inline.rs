//! Measures audio that a request holds, while it comes.

use sha2::{Digest, Sha256};

use super::AudioMillis;
use super::audio::AudioProbe;
use super::base64::Base64;

#[cfg(test)]
mod tests;

/// A recording, or what was sent in place of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InlineAudio {
    /// Decoded.
    pub bytes: u64,
    /// How long it is as far as is known.
    pub length: AudioMillis,
    /// Whether it is complete and its format tells the length.
    pub is_length_known: bool,
    /// In Hz.
    pub sample_rate_hz: Option<u32>,
    /// Of a complete one, if wanted.
    pub sha256: Option<[u8; 32]>,
}

/// Reads it.
#[derive(Clone, Debug)]
pub struct InlineReader {
    encoding: Encoding,
    /// As they came.
    received: u64,
    /// After decoding; base64 counts for itself.
    decoded: u64,
    probe: AudioProbe,
    hash: Option<Sha256>,
}

#[derive(Clone, Debug)]
enum Encoding {
    /// The bytes of a file.
    Raw,
    Base64(Base64),
    /// RFC 2397, up to the comma: the last bytes before it.
    DataUrl([u8; 7]),
    /// `%41` of a data URL, and what of it came.
    Percent {
        seen: u8,
        high: u8,
    },
}

// === impl InlineReader ===

impl InlineReader {
    /// For the bytes of a file.
    pub fn raw(hash: bool) -> Self {
        Self::new(Encoding::Raw, hash)
    }

    /// For base64.
    pub fn base64(hash: bool) -> Self {
        Self::new(Encoding::Base64(Base64::default()), hash)
    }

    /// For a URL that begins with `data:`, which comes, too.
    pub fn data_url(hash: bool) -> Self {
        Self::new(Encoding::DataUrl([0; 7]), hash)
    }

    fn new(encoding: Encoding, hash: bool) -> Self {
        let hash = hash.then(Sha256::default);
        Self { encoding, received: 0, decoded: 0, probe: AudioProbe::new(), hash }
    }

    /// As many bytes came before the first that is fed.
    #[must_use]
    pub fn after(mut self, bytes: u64) -> Self {
        self.received = bytes;
        self
    }

    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.received = self.received.saturating_add(bytes.len() as u64);
        let mut bytes = bytes;
        if let Encoding::DataUrl(last) = &mut self.encoding {
            let comma = bytes.iter().position(|it| *it == b',');
            for byte in bytes.iter().take(comma.unwrap_or(bytes.len())) {
                last.rotate_left(1);
                last[6] = *byte;
            }
            let Some(comma) = comma else { return };
            self.encoding = if last.eq_ignore_ascii_case(b";base64") {
                Encoding::Base64(Base64::default())
            } else {
                Encoding::Percent { seen: 0, high: 0 }
            };
            bytes = bytes.get(comma.saturating_add(1)..).unwrap_or_default();
        }
        let Self { probe, hash, .. } = self;
        let mut take = |it: &[u8]| learn(it, probe, hash);
        match &mut self.encoding {
            Encoding::Raw | Encoding::DataUrl(_) => {
                self.decoded = self.decoded.saturating_add(bytes.len() as u64);
                take(bytes);
            }
            Encoding::Percent { seen, high } => {
                for byte in bytes {
                    let held = *seen;
                    if let Some(decoded) = percent(*byte, seen, high) {
                        // What is no escape after all stands for itself.
                        let is_escape = held == 2 && byte.is_ascii_hexdigit();
                        let count = if is_escape { 1 } else { u64::from(held).saturating_add(1) };
                        self.decoded = self.decoded.saturating_add(count);
                        take(&[decoded]);
                    }
                }
            }
            Encoding::Base64(base64) => {
                // In steps, because decoding ends where the probe has seen enough.
                for step in bytes.chunks(4096) {
                    if self.hash.is_some() || self.probe.wants_bytes() {
                        let Self { probe, hash, .. } = self;
                        base64.decode(step, &mut |it| learn(it, probe, hash));
                    } else {
                        let before = base64.decoded_len();
                        base64.count(step);
                        self.probe.count(base64.decoded_len().saturating_sub(before));
                    }
                }
            }
        }
    }

    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.received == 0
    }

    /// What is known before all has come.
    pub fn so_far(&self) -> InlineAudio {
        let info = self.probe.info();
        InlineAudio {
            bytes: match &self.encoding {
                // What decodes it may take it for something else.
                Encoding::Base64(base64) if !base64.is_valid() => self.received,
                Encoding::Base64(base64) => base64.decoded_len(),
                Encoding::DataUrl(_) => 0,
                Encoding::Raw | Encoding::Percent { .. } => self.decoded,
            },
            length: info.length,
            is_length_known: false,
            sample_rate_hz: info.sample_rate_hz,
            sha256: None,
        }
    }

    /// What is known after all has come.
    pub fn finish(mut self) -> InlineAudio {
        let mut is_clear = true;
        if let Encoding::DataUrl(_) = self.encoding {
            // Without a comma it is no data URL, and all of it may be anything.
            self.decoded = self.received;
            self.encoding = Encoding::Raw;
        }
        if let Encoding::Base64(base64) = &mut self.encoding {
            is_clear = base64.is_valid();
            if self.hash.is_some() || self.probe.wants_bytes() {
                let (last, length) = base64.finish();
                learn(last.get(..length).unwrap_or_default(), &mut self.probe, &mut self.hash);
            }
        }
        InlineAudio {
            is_length_known: is_clear && self.probe.info().is_length_known,
            sha256: self.hash.clone().map(|it| it.finalize().into()),
            ..self.so_far()
        }
    }
}

fn learn(bytes: &[u8], probe: &mut AudioProbe, hash: &mut Option<Sha256>) {
    if let Some(hash) = hash {
        hash.update(bytes);
    }
    if probe.wants_bytes() {
        probe.feed(bytes);
    } else {
        probe.count(bytes.len() as u64);
    }
}

/// The next byte of a data URL, decoded; of what is no escape only the last.
fn percent(byte: u8, seen: &mut u8, high: &mut u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    match (*seen, byte, digit) {
        (0, b'%', _) => {
            *seen = 1;
            None
        }
        (1, _, Some(digit)) => {
            (*seen, *high) = (2, digit);
            None
        }
        (2, _, Some(digit)) => {
            *seen = 0;
            Some(*high << 4 | digit)
        }
        _ => {
            *seen = 0;
            Some(byte)
        }
    }
}
