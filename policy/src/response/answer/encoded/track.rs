//! What the decoded bytes are: files one behind the other, or samples.

use std::time::Duration;

use super::super::super::length::Length;
use super::super::super::pcm::Pcm;
use super::super::super::recording::Measured;
use super::Brought;
use crate::audio::{Container, MAGIC};

/// Audio while it streams.
#[derive(Debug)]
pub(super) struct Track {
    /// In Hz, as the request asked for it.
    asked: Option<u64>,
    silence: Duration,
    /// Of the files before.
    before: Length,
    /// Where the first audible sample of those stands.
    audible: Option<Duration>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Nothing came.
    Empty,
    Recording(Box<Measured>),
    /// What begins as no file does is 16 bits, mono, at the rate that was asked for, or 24 kHz: OpenAI's
    /// `pcm16` (platform.openai.com/docs/guides/realtime, "Audio formats"), DashScope's, Gemini's.
    Pcm(Pcm),
}

// === impl Track ===

impl Track {
    pub(super) fn new(asked: Option<u64>, silence: Duration) -> Self {
        let content = Content::Empty;
        Self { asked, silence, before: Length::default(), audible: None, content }
    }

    /// A value begins with these bytes: another file may.
    pub(super) fn begin(&mut self, magic: &[u8]) {
        let magic = magic.get(..MAGIC).unwrap_or_default();
        let is_next = match &self.content {
            Content::Empty => true,
            Content::Pcm(_) => Container::detect(magic).is_some_and(|it| it != Container::Mpeg),
            // The others go on by themselves.
            Content::Recording(_) => {
                matches!(Container::detect(magic), Some(Container::Wav | Container::Flac))
            }
        };
        if !is_next {
            return;
        }
        if let Some(brought) = self.brought() {
            self.before = brought.length;
            self.audible = brought.audible;
        }
        self.content = match Measured::detected(magic) {
            Some(mut recording) => {
                recording.set_silence(self.silence);
                Content::Recording(Box::new(recording))
            }
            None => {
                let mut pcm = Pcm::usual(self.asked);
                pcm.set_silence(self.silence);
                Content::Pcm(pcm)
            }
        };
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        match &mut self.content {
            Content::Empty => {}
            Content::Recording(it) => it.feed(bytes),
            Content::Pcm(it) => it.feed(bytes),
        }
    }

    /// Whether its first bytes said what it is.
    pub(super) fn is_recording(&self) -> bool {
        matches!(self.content, Content::Recording(_))
    }

    /// `None` for a codec that is not measured.
    pub(super) fn brought(&self) -> Option<Brought> {
        let told = match &self.content {
            Content::Empty => return None,
            Content::Recording(it) => it.told(),
            Content::Pcm(it) => it.told(),
        };
        let audible =
            self.audible.or_else(|| Some(self.before.duration().saturating_add(told.audible?)));
        Some(Brought { length: self.before.plus(told.length?), audible })
    }
}
