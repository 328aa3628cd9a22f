//! Text to sound: `espeak-ng` where it is installed, tones where it is not.

mod espeak;
mod formants;

pub(crate) use formants::CHARACTER_MILLIS;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::io;

/// What makes the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// `espeak-ng` if it is installed, else [`Engine::Formants`].
    Auto,
    /// Speech by `espeak-ng`.
    Espeak,
    /// A vowel-like tone a character: the same text is always the same sound.
    Formants,
}

/// 16-bit little-endian mono samples.
pub(super) type Sound = BoxStream<'static, io::Result<Bytes>>;

// === impl Engine ===

impl Engine {
    /// The sound of `text`.
    ///
    /// # Errors
    /// When the engine cannot be run.
    pub(super) async fn speak(self, text: &str, sample_rate: u32) -> io::Result<Sound> {
        match self.installed() {
            Self::Espeak => espeak::speak(text, sample_rate).await,
            Self::Auto | Self::Formants => Ok(formants::speak(text, sample_rate)),
        }
    }

    /// This engine, or the one that [`Engine::Auto`] means on this machine.
    pub fn installed(self) -> Self {
        match self {
            Self::Auto if espeak::is_installed() => Self::Espeak,
            Self::Auto => Self::Formants,
            engine => engine,
        }
    }
}
