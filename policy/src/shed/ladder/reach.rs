//! Whether a rule can match at all.
//!
//! A rule's conditions are a box in five dimensions: operations, tiers, levels, and the two lengths.
//! Rules before it take boxes away from it; if nothing is left, no request ever comes to it. (The two
//! lengths are taken as independent: how many seconds a text becomes hangs on its script.)
//!
//! A rule that degrades takes only what it can change: all that comes to a rule which has to change as
//! much, and nothing for sure of what comes to another one.

use super::{Conditions, LadderRule, Span};
use crate::operation::OperationSet;
use crate::shed::work::TierKey;

/// The most pieces that a box is cut into before it is taken for reachable.
const MAX_PIECES: usize = 4096;

#[derive(Clone, Debug)]
struct Region {
    operations: OperationSet,
    /// Whether requests belong to it of which nobody knows what they ask for.
    is_unknown: bool,
    tiers: Vec<TierKey>,
    levels: u8,
    chars: Span,
    speech_ms: Span,
}

/// The position of the first rule that never matches, whatever is asked.
pub fn first_unreachable(
    rules: &[LadderRule],
    operations: OperationSet,
    tiers: &[TierKey],
) -> Option<usize> {
    rules.iter().enumerate().position(|(i, rule)| {
        let before = rules.iter().take(i).filter(|it| it.can_change_all_of(rule));
        let mut left = vec![Region::of(&rule.when, operations, tiers)];
        left.retain(|it| !it.is_empty());
        for other in before {
            if left.len() > MAX_PIECES {
                return false;
            }
            let other = Region::of(&other.when, operations, tiers);
            left = left.iter().flat_map(|it| it.without(&other)).collect();
        }
        left.is_empty()
    })
}

// === impl LadderRule ===

impl LadderRule {
    /// Whether it can degrade, if it does, whatever `later` can.
    fn can_change_all_of(&self, later: &Self) -> bool {
        self.rung.changed_fields().all(|it| later.rung.changed_fields().any(|other| it == other))
    }
}

// === impl Region ===

impl Region {
    fn of(when: &Conditions, operations: OperationSet, tiers: &[TierKey]) -> Self {
        Self {
            operations: when.operations.unwrap_or(operations),
            is_unknown: when.operations.is_none(),
            tiers: when.tiers.clone().unwrap_or_else(|| tiers.to_vec()),
            levels: when.levels.0,
            chars: when.chars,
            speech_ms: when.speech_ms,
        }
    }

    fn is_empty(&self) -> bool {
        (self.operations.is_empty() && !self.is_unknown)
            || self.tiers.is_empty()
            || self.levels == 0
            || self.chars.is_empty()
            || self.speech_ms.is_empty()
    }

    /// What of it is outside `other`, in pieces: along each dimension what sticks out is cut off.
    fn without(&self, other: &Self) -> Vec<Self> {
        let mut rest = self.clone();
        let mut pieces = Vec::new();
        let outside = rest.operations.without(other.operations);
        let is_unknown = rest.is_unknown && !other.is_unknown;
        pieces.push(Self { operations: outside, is_unknown, ..rest.clone() });
        rest.operations = rest.operations.without(outside);
        rest.is_unknown &= other.is_unknown;
        let (inside, outside) = rest.tiers.iter().partition(|it| other.tiers.contains(it));
        pieces.push(Self { tiers: outside, ..rest.clone() });
        rest.tiers = inside;
        pieces.push(Self { levels: rest.levels & !other.levels, ..rest.clone() });
        rest.levels &= other.levels;
        for span in rest.chars.outside(other.chars) {
            pieces.push(Self { chars: span, ..rest.clone() });
        }
        rest.chars = rest.chars.within(other.chars);
        if !rest.is_empty() {
            for span in rest.speech_ms.outside(other.speech_ms) {
                pieces.push(Self { speech_ms: span, ..rest.clone() });
            }
        }
        pieces.retain(|it| !it.is_empty());
        pieces
    }
}

// === impl Span ===

impl Span {
    const NONE: Self = Self { first: 1, last: 0 };

    fn within(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), last: self.last.min(other.last) }
    }

    /// The parts before and after `other`.
    fn outside(self, other: Self) -> [Self; 2] {
        let before = other.first.checked_sub(1).map(|it| Self { last: self.last.min(it), ..self });
        let after = other.last.checked_add(1).map(|it| Self { first: self.first.max(it), ..self });
        [before.unwrap_or(Self::NONE), after.unwrap_or(Self::NONE)]
    }
}
