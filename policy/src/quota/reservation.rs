//! A reservation, and what of it is charged for good by how the request ended.

use super::account::{AccountId, Charge, CounterKey, Standing};
use super::counter::Taken;
use super::demand::weighted;
use super::meter::Meter;
use super::rules::RuleId;
use crate::spec::{Refund, RefundsSpec};
use crate::time::UnixMillis;

/// Units that a request holds until it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reservation {
    /// Account by account.
    pub accounts: Vec<Item>,
    /// Held units to give back if the request succeeds.
    pub gives_back: Vec<(AccountId, CounterKey)>,
    /// When it expires unless renewed.
    pub expires: UnixMillis,
}

/// What is reserved on one account; entries of the lists belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The account.
    pub id: AccountId,
    /// What was asked for.
    pub charges: Vec<Charge>,
    /// What was taken.
    pub taken: Vec<Taken>,
    /// What it is.
    pub shares: Vec<Share>,
    /// How it stands.
    pub standings: Vec<Standing>,
    /// Whether it is settled: a store that could settle only some accounts is asked again, and no
    /// account settles twice.
    pub is_settled: bool,
}

/// What a charge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The rule.
    pub rule: RuleId,
    /// What it counts.
    pub meter: Meter,
    /// What the request costs as far as was known, in counted units.
    pub estimate: u64,
    /// Whether that is a guess.
    pub is_estimate: bool,
    /// What a unit counts, in thousandths.
    pub weight: u32,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was answered with success, to the end.
    Complete,
    /// The service answered 4xx or 5xx, broke off or timed out, or another filter answered.
    Failed,
    /// The client left before the end.
    Abandoned,
}

/// What is known when a request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How.
    pub ending: Ending,
    /// Bytes of the answer's body that were handed to the client.
    pub bytes: u64,
    /// Milliseconds of audio in them; `None` if their format does not tell.
    pub audio_ms: Option<u64>,
    /// Tokens that the answer says it used.
    pub tokens: Option<u64>,
    /// Whether the answer had no sound in it, though it should.
    pub is_silent: bool,
    /// Milliseconds of speech that were expected.
    pub expected_ms: u64,
    /// Whether it repeats a request that was charged.
    pub is_repeat: bool,
}

/// Why units were given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefundReason {
    /// It failed.
    Failed,
    /// There was no sound.
    Silent,
    /// The client left.
    Abandoned,
    /// Less was used than was reserved.
    Unused,
    /// It repeats another request.
    Repeated,
    /// What is held is given back at its end.
    Released,
}

/// What becomes of one charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Units that count for good; can be more than were reserved.
    pub kept: u64,
    /// Why others do not.
    pub reason: RefundReason,
}

// === impl RefundReason ===

impl RefundReason {
    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Silent => "silent",
            Self::Abandoned => "abandoned",
            Self::Unused => "unused",
            Self::Repeated => "repeated",
            Self::Released => "released",
        }
    }
}

// === impl Share ===

impl Share {
    /// What of `reserved` units counts for good. This is the table of refund rules in
    /// `docs/filters/voice-quota.md`.
    pub fn settle(&self, reserved: u64, outcome: &Outcome, refunds: &RefundsSpec) -> Settled {
        let give = |reason| Settled { kept: 0, reason };
        match self.meter {
            Meter::Streams => return give(RefundReason::Released),
            // A voice exists, or it does not.
            Meter::VoiceSlots if outcome.ending != Ending::Complete => {
                return give(RefundReason::Failed);
            }
            _ => {}
        }
        if outcome.is_repeat {
            return give(RefundReason::Repeated);
        }
        let (refund, reason) = match outcome.ending {
            Ending::Failed => (refunds.failed, RefundReason::Failed),
            _ if outcome.is_silent => (refunds.silent, RefundReason::Silent),
            Ending::Abandoned => (refunds.abandoned, RefundReason::Abandoned),
            Ending::Complete => {
                let kept = self.used(outcome).unwrap_or(self.known(reserved));
                return Settled { kept, reason: RefundReason::Unused };
            }
        };
        let kept = match refund {
            Refund::Full => 0,
            Refund::None => self.known(reserved),
            Refund::Undelivered => self.delivered(reserved, outcome),
        };
        Settled { kept, reason }
    }

    /// The best that was known before.
    fn known(&self, reserved: u64) -> u64 {
        if self.is_estimate { self.estimate.max(reserved) } else { reserved }
    }

    /// What was really used, where that is known only now, and is.
    fn used(&self, outcome: &Outcome) -> Option<u64> {
        if !self.is_estimate {
            return None;
        }
        let used = match self.meter {
            Meter::AudioSeconds => outcome.audio_ms,
            Meter::LlmTokens => outcome.tokens,
            _ => None,
        };
        used.map(|it| weighted(it, self.weight))
    }

    /// The part that was delivered, by seconds of audio: all if the format does not tell, unless
    /// nothing at all came.
    fn delivered(&self, reserved: u64, outcome: &Outcome) -> u64 {
        if outcome.bytes == 0 || outcome.audio_ms == Some(0) {
            return 0;
        }
        if let Some(used) = self.used(outcome) {
            return used;
        }
        let known = self.known(reserved);
        match outcome.audio_ms {
            Some(delivered) if self.meter.is_divisible() && outcome.expected_ms > 0 => {
                let delivered = u128::from(delivered.min(outcome.expected_ms));
                let part = u128::from(known)
                    .saturating_mul(delivered)
                    .div_ceil(u128::from(outcome.expected_ms).max(1));
                u64::try_from(part).unwrap_or(u64::MAX)
            }
            _ => known,
        }
    }
}

// === impl Reservation ===

impl Reservation {
    /// Whether nothing is reserved.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// All charges with what was taken and how they stand.
    pub fn charges(&self) -> impl Iterator<Item = (&Share, &Charge, &Taken, &Standing)> {
        self.accounts.iter().flat_map(|item| {
            let parts = item.shares.iter().zip(&item.charges);
            let parts = parts.zip(&item.taken).zip(&item.standings);
            parts.map(|(((share, charge), taken), standing)| (share, charge, taken, standing))
        })
    }
}
