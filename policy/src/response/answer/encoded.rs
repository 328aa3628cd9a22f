//! Audio that stands in JSON as base64 (RFC 4648 §4, §5) or hex, decoded in pieces and measured as what
//! it is: a recording, or samples.
//!
//! A string may be a text, an address, or audio. It is taken for audio once one value was all base64 or
//! hex and long enough; until then nothing is told of it. One that is anything else before that is a
//! text, and so are all others in its place.

mod decoder;
mod track;

use std::time::Duration;

use self::decoder::Decoder;
use self::track::Track;
use super::super::length::Length;
use crate::body::LeafId;

/// The audio of all values together.
#[derive(Debug)]
pub(super) struct Encoded {
    decoder: Decoder,
    track: Option<Box<Track>>,
    /// In Hz, as the request asked for it.
    asked: Option<u64>,
    silence: Duration,
    /// The place of the value that is being read.
    place: u32,
    /// Which places have texts, a bit each.
    texts: u64,
    is_trusted: bool,
}

/// What came of audio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Brought {
    pub(super) length: Length,
    pub(super) audible: Option<Duration>,
}

/// A value of so many characters is audio, if it could be: no word is as long, and 20 ms of speech at
/// 20 kbit/s are longer.
const ENOUGH: u64 = 64;

/// … also before it ends.
const PLENTY: u64 = 1024;

// === impl Encoded ===

impl Encoded {
    pub(super) fn new(asked: Option<u64>) -> Self {
        Self {
            decoder: Decoder::default(),
            track: None,
            asked,
            silence: Duration::ZERO,
            place: 0,
            texts: 0,
            is_trusted: false,
        }
    }

    pub(super) fn set_silence(&mut self, silence: Duration) {
        self.silence = silence;
    }

    /// A value begins; `false` if it is none that could be audio.
    pub(super) fn begin(&mut self, leaf: LeafId) -> bool {
        self.place = u32::try_from(leaf.index()).unwrap_or_default();
        let is_audio = self.texts & self.bit() == 0;
        if is_audio {
            self.decoder.begin();
        }
        is_audio
    }

    /// More of it.
    pub(super) fn feed(&mut self, characters: &[u8]) {
        let Self { decoder, track, asked, silence, .. } = self;
        decoder.feed(characters, |bytes, is_first| {
            let track = track.get_or_insert_with(|| Box::new(Track::new(*asked, *silence)));
            if is_first {
                track.begin(bytes);
            }
            track.feed(bytes);
        });
        self.is_trusted |= self.decoder.read() >= PLENTY;
    }

    /// It has ended.
    pub(super) fn end(&mut self) {
        if self.decoder.is_empty() {
            return;
        }
        let Self { decoder, track, asked, silence, .. } = self;
        let is_whole = decoder.end(|bytes, is_first| {
            let track = track.get_or_insert_with(|| Box::new(Track::new(*asked, *silence)));
            if is_first {
                track.begin(bytes);
            }
            track.feed(bytes);
        });
        if self.is_trusted {
            return;
        }
        if !is_whole {
            self.texts |= self.bit();
            self.track = None;
            self.decoder = Decoder::default();
        } else {
            let is_recording = self.track.as_ref().is_some_and(|it| it.is_recording());
            self.is_trusted = is_recording || self.decoder.read() >= ENOUGH;
        }
    }

    /// `None` as long as nothing is known to be audio, or if it is not measured.
    pub(super) fn brought(&self) -> Option<Brought> {
        self.track.as_ref().filter(|_| self.is_trusted)?.brought()
    }

    fn bit(&self) -> u64 {
        1_u64.checked_shl(self.place).unwrap_or_default()
    }
}
