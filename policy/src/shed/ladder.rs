//! The ladder: what becomes of a request, by what it is and by the load. The first rule that matches
//! decides.

mod reach;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::work::TierKey;
use crate::body::Field;
use crate::operation::OperationSet;
use crate::spec::{Level, RejectSpec};
use crate::subject::BodyPlaces;

pub(super) use reach::first_unreachable;

/// The rules, in their order.
#[derive(Clone, Debug, Default)]
pub struct Ladder(pub(super) Vec<LadderRule>);

/// One rule.
#[derive(Clone, Debug)]
pub struct LadderRule {
    /// Its name, unique.
    pub name: Rc<str>,
    pub(super) when: Conditions,
    /// What becomes of a request that fits.
    pub rung: Rung,
}

/// When a rule matches: all of it must hold.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// `None`: whatever is asked for.
    pub operations: Option<OperationSet>,
    /// `None`: whoever asks.
    pub tiers: Option<Vec<TierKey>>,
    pub levels: Levels,
    pub chars: Span,
    pub speech_ms: Span,
}

/// A set of levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Levels(u8);

/// Numbers from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub first: u64,
    pub last: u64,
}

/// What becomes of a request. Between `Divert` and `Reject` there is room for one that is deferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rung {
    /// It goes on as it is.
    Pass,
    /// It goes on, asking for less.
    Degrade(Rc<Degrade>),
    /// It goes to the batch lane.
    Divert,
    /// It is answered.
    Reject(RejectSpec),
}

/// What a degraded request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Degrade {
    /// At most this sample rate, in Hz.
    pub sample_rate: Option<u32>,
    /// This model.
    pub model: Option<String>,
    /// This format.
    pub format: Option<String>,
    /// Streamed.
    pub stream: bool,
    /// Headers that are set.
    pub headers: BTreeMap<String, String>,
}

/// What the ladder looks at.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What is asked for.
    pub operations: OperationSet,
    /// Who asks.
    pub tier: TierKey,
    /// Unicode scalar values of text.
    pub chars: u64,
    /// Milliseconds that the text is estimated to become.
    pub speech_ms: u64,
    /// Where the body says what; `None` for one that cannot be changed.
    pub places: Option<&'a BodyPlaces>,
}

// === impl Ladder ===

impl Ladder {
    /// The first rule that matches at `level`.
    pub fn first_match(&self, asked: &Asked<'_>, level: Level) -> Option<&LadderRule> {
        self.0.iter().find(|it| it.matches(asked, level))
    }

    /// The rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &LadderRule> {
        self.0.iter()
    }

    /// Whether a length of text decides for such operations.
    pub fn reads(&self, operations: OperationSet) -> bool {
        self.0.iter().any(|it| it.when.is_about(operations) && it.when.has_length())
    }

    /// What may have to be changed of the bodies of such operations.
    pub fn changes(&self, operations: OperationSet) -> impl Iterator<Item = Field> {
        let rules = self.0.iter().filter(move |it| it.when.is_about(operations));
        rules.flat_map(|it| it.rung.changed_fields())
    }

    /// The lengths past which another rule may match, in characters of a text like that of `asked`.
    pub(super) fn bounds(&self, asked: &Asked<'_>) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|it| {
            let Conditions { chars, speech_ms, .. } = &it.when;
            let in_chars = |ms| asked.chars_in(ms);
            [chars.before(), chars.last, in_chars(speech_ms.before()), in_chars(speech_ms.last)]
        })
    }
}

// === impl LadderRule ===

impl LadderRule {
    fn matches(&self, asked: &Asked<'_>, level: Level) -> bool {
        let Conditions { tiers, levels, chars, speech_ms, .. } = &self.when;
        self.when.is_about(asked.operations)
            && tiers.as_ref().is_none_or(|it| it.contains(&asked.tier))
            && levels.contains(level)
            && chars.contains(asked.chars)
            && speech_ms.contains(asked.speech_ms)
            && self.rung.is_possible(asked.places)
    }
}

// === impl Conditions ===

impl Conditions {
    pub fn is_about(&self, operations: OperationSet) -> bool {
        self.operations.is_none_or(|it| operations.without(it) != operations)
    }

    fn has_length(&self) -> bool {
        self.chars != Span::ALL || self.speech_ms != Span::ALL
    }
}

// === impl Asked ===

impl Asked<'_> {
    /// The same with so much of its text, which takes as long in proportion.
    pub(super) fn cut(&self, chars: u64) -> Self {
        let speech_ms = proportion(self.speech_ms, chars, self.chars).1;
        Self { chars, speech_ms, ..*self }
    }

    /// How much of its text takes so long to say.
    pub(super) fn chars_in(&self, speech_ms: u64) -> u64 {
        match self.speech_ms {
            0 => self.chars,
            all => proportion(self.chars, speech_ms, all).0,
        }
    }
}

/// `of` × `part` / `whole`, rounded down and up; 0 if `whole` is.
fn proportion(of: u64, part: u64, whole: u64) -> (u64, u64) {
    let product = u128::from(of).saturating_mul(part.into());
    let whole = u128::from(whole);
    let down = product.checked_div(whole).unwrap_or_default();
    let has_rest = product.checked_rem(whole).unwrap_or_default() > 0;
    let number = |it: u128| u64::try_from(it).unwrap_or(u64::MAX);
    (number(down), number(down.saturating_add(has_rest.into())))
}

// === impl Rung ===

impl Rung {
    /// The fields of a body that it changes.
    pub(super) fn changed_fields(&self) -> impl Iterator<Item = Field> {
        let degrade = match self {
            Self::Degrade(degrade) => Some(degrade),
            Self::Pass | Self::Divert | Self::Reject(_) => None,
        };
        degrade.into_iter().flat_map(|it| it.fields())
    }

    /// Whether a body with these places has one for all that is changed.
    fn is_possible(&self, places: Option<&BodyPlaces>) -> bool {
        self.changed_fields().all(|field| places.is_some_and(|it| !it.of(field).is_empty()))
    }
}

// === impl Degrade ===

impl Degrade {
    /// The fields of a body that it changes.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        [
            (self.sample_rate.is_some(), Field::SampleRate),
            (self.model.is_some(), Field::Model),
            (self.format.is_some(), Field::Format),
            (self.stream, Field::Stream),
        ]
        .into_iter()
        .filter_map(|(is_changed, field)| is_changed.then_some(field))
    }
}

// === impl Levels ===

impl Levels {
    /// Those of `levels`; all if there are none.
    pub fn of(levels: &[Level]) -> Self {
        match levels {
            [] => Self(0b111),
            some => Self(some.iter().fold(0, |set, it| set | Self::bit(*it))),
        }
    }

    pub fn contains(self, level: Level) -> bool {
        self.0 & Self::bit(level) != 0
    }

    fn bit(level: Level) -> u8 {
        match level {
            Level::Normal => 0b001,
            Level::Busy => 0b010,
            Level::Overload => 0b100,
        }
    }
}

// === impl Span ===

impl Span {
    pub const ALL: Self = Self { first: 0, last: u64::MAX };

    pub fn contains(self, number: u64) -> bool {
        (self.first..=self.last).contains(&number)
    }

    pub fn is_empty(self) -> bool {
        self.first > self.last
    }

    /// The last number before it.
    fn before(self) -> u64 {
        self.first.saturating_sub(1)
    }
}
