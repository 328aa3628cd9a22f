//! Takes what an answer says from JSON.

use std::rc::Rc;
use std::time::Duration;

use super::super::MAX_TOKENS;
use super::encoded::Encoded;
use super::places::{Condition, Figure, Meaning, Places};
use crate::body::{Kind, LeafId, Sink, Value};

/// What was said, as far as it was.
#[derive(Debug)]
pub(super) struct Said {
    places: Rc<Places>,
    total: Option<u64>,
    input: Option<u64>,
    output: Option<u64>,
    pub(super) encoded: Encoded,
    /// What is being read.
    current: Current,
    is_scalar: bool,
    around: Around,
    /// Whether the document calls itself audio, in its type and in the latest media type.
    is_audio_delta: bool,
    is_audio_type: bool,
    /// Whether the document says that it is the last one, as MiniMax's do.
    pub(super) is_last: bool,
    /// Whether audio is not heard any more.
    pub(super) is_closed: bool,
}

/// A scalar that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    /// It says nothing.
    Nothing,
    /// A number; `None` once it is no whole one, or too large.
    Number(Meaning, Option<u64>),
    Audio,
    /// The last bytes of an event's type.
    Type([u8; AUDIO_DELTA.len()]),
    /// How much of [`AUDIO`] a media type begins with; all of it, if it is another.
    MimeType(Option<usize>),
}

/// Which of the containers around say something themselves: what is in them, at no place of its own, does
/// not. At most two of the places are within one another.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    outer: Option<(LeafId, u32)>,
    inner: Option<(LeafId, u32)>,
}

const AUDIO_DELTA: &[u8] = b"audio.delta";

const AUDIO: &[u8] = b"audio/";

/// MiniMax's (www.minimax.io/platform/document/T2A V2, "data.status").
const LAST: u64 = 2;

// === impl Said ===

impl Said {
    /// `asked` is the sample rate that the request asked for, in Hz.
    pub(super) fn new(asked: Option<u64>) -> Self {
        Self {
            places: Places::shared(),
            total: None,
            input: None,
            output: None,
            encoded: Encoded::new(asked),
            current: Current::Nothing,
            is_scalar: false,
            around: Around::default(),
            is_audio_delta: false,
            is_audio_type: false,
            is_last: false,
            is_closed: false,
        }
    }

    pub(super) fn set_silence(&mut self, silence: Duration) {
        self.encoded.set_silence(silence);
    }

    /// Another document begins.
    pub(super) fn restart(&mut self) {
        if self.current == Current::Audio {
            self.encoded.end();
        }
        self.current = Current::Nothing;
        self.is_scalar = false;
        self.around = Around::default();
        self.is_audio_delta = false;
        self.is_audio_type = false;
        self.is_last = false;
    }

    pub(super) fn tokens(&self) -> Option<u64> {
        self.total.or(match (self.input, self.output) {
            (None, None) => None,
            (input, output) => {
                Some(input.unwrap_or_default().saturating_add(output.unwrap_or_default()))
            }
        })
    }

    fn begins(&mut self, value: Value) -> Option<Current> {
        let meaning = self.places.meaning(value.leaf)?;
        match (meaning, value.kind) {
            (Meaning::Figure(_) | Meaning::Status, Kind::Number) => {
                Some(Current::Number(meaning, Some(0)))
            }
            (Meaning::Type, Kind::String) => Some(Current::Type([0; AUDIO_DELTA.len()])),
            (Meaning::MimeType, Kind::String) => {
                self.is_audio_type = false;
                Some(Current::MimeType(Some(0)))
            }
            (Meaning::Audio(condition), Kind::String) => {
                let is_audio = match condition {
                    Condition::Always => true,
                    Condition::Delta => self.is_audio_delta,
                    Condition::MimeType => self.is_audio_type,
                };
                let is_heard = is_audio && !self.is_closed && self.encoded.begin(value.leaf);
                is_heard.then_some(Current::Audio)
            }
            _ => None,
        }
    }
}

impl Sink for Said {
    fn begin(&mut self, value: Value) {
        self.is_scalar = value.kind != Kind::Container;
        self.current = Current::Nothing;
        if !self.is_scalar {
            self.around.enter(value.leaf);
        } else if !self.around.is_within(value.leaf) {
            self.current = self.begins(value).unwrap_or(Current::Nothing);
        }
    }

    fn piece(&mut self, bytes: &[u8]) {
        match &mut self.current {
            Current::Nothing => {}
            Current::Audio => self.encoded.feed(bytes),
            Current::Number(_, number) => {
                *number = bytes.iter().try_fold(
                    number.unwrap_or(MAX_TOKENS.saturating_add(1)),
                    |it, byte| {
                        let digit = char::from(*byte).to_digit(10)?;
                        it.checked_mul(10)?.checked_add(digit.into()).filter(|it| *it <= MAX_TOKENS)
                    },
                );
            }
            Current::Type(last) => bytes.iter().for_each(|byte| {
                last.rotate_left(1);
                if let Some(place) = last.last_mut() {
                    *place = *byte;
                }
            }),
            Current::MimeType(matched) => {
                for byte in bytes {
                    let Some(at) = *matched else { return };
                    if at < AUDIO.len() {
                        let is_alike =
                            AUDIO.get(at).is_some_and(|it| it.eq_ignore_ascii_case(byte));
                        *matched = is_alike.then_some(at.saturating_add(1));
                    }
                }
            }
        }
    }

    fn end(&mut self) {
        if !std::mem::take(&mut self.is_scalar) {
            return self.around.leave();
        }
        match std::mem::replace(&mut self.current, Current::Nothing) {
            Current::Number(Meaning::Figure(figure), Some(it)) => match figure {
                Figure::Total => self.total = Some(it),
                Figure::Input => self.input = Some(it),
                Figure::Output => self.output = Some(it),
            },
            Current::Number(_, number) => self.is_last |= number == Some(LAST),
            Current::Audio => self.encoded.end(),
            Current::Type(last) => self.is_audio_delta = last == AUDIO_DELTA,
            Current::MimeType(matched) => self.is_audio_type = matched == Some(AUDIO.len()),
            Current::Nothing => {}
        }
    }

    fn end_of_job(&mut self) {}
}

// === impl Around ===

impl Around {
    fn enter(&mut self, leaf: LeafId) {
        let is_alike = |it: &Option<(LeafId, u32)>| it.is_none_or(|(it, _)| it == leaf);
        let place = match self.inner.is_none() && is_alike(&self.outer) {
            true => &mut self.outer,
            false => &mut self.inner,
        };
        let (_, depth) = place.get_or_insert((leaf, 0));
        *depth = depth.saturating_add(1);
    }

    fn leave(&mut self) {
        let place = if self.inner.is_some() { &mut self.inner } else { &mut self.outer };
        *place = place.map(|(leaf, depth)| (leaf, depth.saturating_sub(1))).filter(|it| it.1 > 0);
    }

    /// Whether a value stands in a container of the same place.
    fn is_within(&self, leaf: LeafId) -> bool {
        self.inner.or(self.outer).is_some_and(|(it, _)| it == leaf)
    }
}
