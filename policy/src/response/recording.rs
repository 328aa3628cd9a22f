//! Audio in a container or in frames. What it is, its first bytes say; where they do not, its type.

mod crc;
mod flac;
mod frames;
mod ogg;
mod wav;

use self::flac::Flac;
use self::frames::Frames;
use self::ogg::Ogg;
use self::wav::Wav;
use super::Kind;
use super::length::Length;
use super::media_type::MediaType;
use crate::audio::blocks::{Blocks, Next, Reader};
use crate::audio::{Container, MAGIC, flac as flac_headers, ogg as ogg_headers};

/// A recording while it streams.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    blocks: Blocks,
    recording: Recording,
}

#[derive(Clone, Debug)]
struct Recording {
    /// What to take it for if its first bytes say nothing.
    declared: Declared,
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
}

// === impl Measured ===

impl Measured {
    /// Of a type of audio, or of none.
    pub(super) fn of(media_type: &MediaType<'_>) -> Option<Self> {
        let declared = match media_type.name() {
            "audio/mpeg" | "audio/mp3" | "audio/x-mp3" | "audio/x-mpeg" | "audio/mpeg3"
            | "audio/aac" | "audio/aacp" | "audio/x-aac" => Declared::Frames,
            "" | "application/octet-stream" | "binary/octet-stream" => Declared::Anything,
            _ if media_type.is_audio() => Declared::Audio,
            _ => return None,
        };
        let recording = Recording { declared, format: Format::Unread };
        Some(Self { blocks: Blocks::new(MAGIC), recording })
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.blocks.feed(bytes, &mut self.recording);
    }

    pub(super) fn kind(&self) -> Kind {
        self.recording.kind()
    }

    pub(super) fn format(&self) -> super::Format {
        self.recording.name()
    }

    /// How long what came plays; `None` if it is not measured.
    pub(super) fn length(&self) -> Option<Length> {
        let is_passed = self.blocks.is_passed();
        match &self.recording.format {
            Format::Unread => (self.recording.declared != Declared::Anything).then(Length::default),
            Format::Unknown => None,
            Format::Wav(it) => it.length(),
            Format::Flac(it) => it.length(),
            Format::Frames(it) => it.length(is_passed),
            Format::Ogg(it) => it.length(is_passed),
        }
    }
}

// === impl Recording ===

impl Recording {
    fn kind(&self) -> Kind {
        match (&self.format, self.declared) {
            (Format::Unread | Format::Unknown, Declared::Anything) => Kind::Other,
            _ => Kind::Audio,
        }
    }

    fn name(&self) -> super::Format {
        use super::Format as Name;
        match &self.format {
            Format::Unread | Format::Unknown => Name::Other,
            Format::Wav(_) => Name::Wav,
            Format::Flac(_) => Name::Flac,
            Format::Frames(it) if it.is_mpeg() => Name::Mp3,
            Format::Frames(_) => Name::Aac,
            Format::Ogg(_) => Name::Ogg,
        }
    }

    fn begin(&mut self, magic: &[u8]) -> Next {
        let (format, next) = match Container::detect(magic) {
            Some(Container::Wav) => {
                (Format::Wav(Wav::default()), Next::Block { drop: 12, want: 8 })
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
        }
    }

    fn rest(&mut self, bytes: &[u8]) {
        match &mut self.format {
            Format::Wav(it) => it.rest(bytes),
            Format::Flac(it) => it.rest(bytes),
            Format::Unread | Format::Unknown | Format::Frames(_) | Format::Ogg(_) => {}
        }
    }
}
