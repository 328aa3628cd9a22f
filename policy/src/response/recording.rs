//! Audio in a container or in frames. What it is, its first bytes say; where they do not, its type.

mod crc;
mod flac;
mod frames;
mod mp4;
mod ogg;
mod wav;

use std::time::Duration;

use self::flac::Flac;
use self::frames::Frames;
use self::mp4::Mp4;
use self::ogg::Ogg;
use self::wav::Wav;
use super::length::Length;
use super::media_type::MediaType;
use super::told::Told;
use super::{Format as Name, Kind};
use crate::audio::blocks::{Blocks, Next, Reader};
use crate::audio::{Container, MAGIC, flac as flac_headers, ogg as ogg_headers};

/// A recording while it streams.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    blocks: Blocks,
    /// How many bytes came.
    bytes: u64,
    recording: Recording,
}

#[derive(Clone, Debug)]
struct Recording {
    /// What to take it for if its first bytes say nothing.
    declared: Declared,
    /// How much leading silence is looked through.
    silence: Duration,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared {
    /// MP3 or AAC: both are frames, and may begin with anything.
    Frames,
    /// A format that its first bytes must tell.
    Audio,
    /// Perhaps no audio.
    Anything,
}

#[derive(Clone, Debug)]
enum Format {
    /// Fewer than [`MAGIC`] bytes came.
    Unread,
    Unknown,
    Wav(Wav),
    Flac(Flac),
    Frames(Frames),
    Ogg(Ogg),
    Mp4(Mp4),
}

// === impl Measured ===

impl Measured {
    /// Of a type of audio, or of none.
    pub(super) fn of(media_type: &MediaType<'_>) -> Option<Self> {
        let declared = match media_type.name() {
            "audio/mpeg" | "audio/mp3" | "audio/x-mp3" | "audio/x-mpeg" | "audio/mpeg3"
            | "audio/aac" | "audio/aacp" | "audio/x-aac" => Declared::Frames,
            "" | "application/octet-stream" | "binary/octet-stream" => Declared::Anything,
            // Perhaps nothing but pictures.
            "video/mp4" | "application/mp4" | "video/iso.segment" => Declared::Anything,
            _ if media_type.is_audio() => Declared::Audio,
            _ => return None,
        };
        Some(Self::new(declared))
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.blocks.feed(bytes, &mut self.recording);
    }

    fn new(declared: Declared) -> Self {
        let recording = Recording { declared, silence: Duration::ZERO, format: Format::Unread };
        Self { blocks: Blocks::new(MAGIC), bytes: 0, recording }
    }

    /// A recording that begins with these [`MAGIC`] bytes, if they say so.
    pub(super) fn detected(magic: &[u8]) -> Option<Self> {
        let is_known =
            Container::detect(magic).is_some() || frames::is_adts(magic) || mp4::is_mp4(magic);
        is_known.then(|| Self::new(Declared::Audio))
    }

    /// Looks through so much leading silence; before any bytes.
    pub(super) fn set_silence(&mut self, silence: Duration) {
        self.recording.silence = silence;
    }

    /// A body without a type is audio once its first bytes say so.
    pub(super) fn kind(&self) -> Kind {
        match (&self.recording.format, self.recording.declared) {
            (Format::Unread | Format::Unknown, Declared::Anything) => Kind::Other,
            _ => Kind::Audio,
        }
    }

    pub(super) fn told(&self) -> Told {
        let (is_passed, tail) = (self.blocks.is_passed(), self.blocks.pending());
        match &self.recording.format {
            Format::Unread => {
                let is_audio = self.recording.declared != Declared::Anything;
                Told::of(Name::Other, is_audio.then(Length::default), 0, tail)
            }
            Format::Unknown => Told::default(),
            Format::Wav(it) => it.told(tail),
            Format::Flac(it) => it.told(tail),
            Format::Frames(it) => it.told(is_passed, tail),
            Format::Ogg(it) => it.told(is_passed, tail),
            Format::Mp4(it) => it.told(self.bytes),
        }
    }
}

// === impl Recording ===

impl Recording {
    fn begin(&mut self, magic: &[u8]) -> Next {
        let (format, next) = match Container::detect(magic) {
            Some(Container::Wav) => {
                (Format::Wav(Wav::new(self.silence)), Next::Block { drop: 12, want: 8 })
            }
            Some(Container::Flac) => {
                let next = Next::Block { drop: 4, want: flac_headers::HEADER };
                (Format::Flac(Flac::default()), next)
            }
            Some(Container::Ogg) => {
                let next = Next::Block { drop: 0, want: ogg_headers::HEADER };
                (Format::Ogg(Ogg::default()), next)
            }
            Some(Container::Mpeg) => self.frames(magic),
            None if mp4::is_mp4(magic) => {
                let mut file = Mp4::default();
                let next = file.block(magic);
                (Format::Mp4(file), next)
            }
            None if self.declared == Declared::Frames || frames::is_adts(magic) => {
                self.frames(magic)
            }
            None => (Format::Unknown, Next::Nothing),
        };
        self.format = format;
        next
    }

    fn frames(&self, magic: &[u8]) -> (Format, Next) {
        let mut frames = Frames::new(self.declared == Declared::Frames);
        let next = frames.block(magic);
        (Format::Frames(frames), next)
    }
}

impl Reader for Recording {
    fn block(&mut self, block: &[u8]) -> Next {
        match &mut self.format {
            Format::Unread => self.begin(block),
            Format::Unknown => Next::Nothing,
            Format::Wav(it) => it.block(block),
            Format::Flac(it) => it.block(block),
            Format::Frames(it) => it.block(block),
            Format::Ogg(it) => it.block(block),
            Format::Mp4(it) => it.block(block),
        }
    }

    fn rest(&mut self, bytes: &[u8]) {
        match &mut self.format {
            Format::Wav(it) => it.rest(bytes),
            Format::Flac(it) => it.rest(bytes),
            Format::Unread
            | Format::Unknown
            | Format::Frames(_)
            | Format::Ogg(_)
            | Format::Mp4(_) => {}
        }
    }
}
