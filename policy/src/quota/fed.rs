//! Whether what a rule counts can be seen at all.

use super::meter::Meter;
use super::rules::QuotaRules;
use crate::body::Field;
use crate::error::{Path, PolicyError};
use crate::operation::OperationId;
use crate::recognise::Recogniser;

impl QuotaRules {
    /// Adds an error for each rule of the section at `path` whose meter no operation feeds: it would
    /// count nothing, and so limit nothing.
    pub fn check_fed(&self, path: &Path, recogniser: &Recogniser, errors: &mut Vec<PolicyError>) {
        for (i, (_, rule)) in self.iter().enumerate() {
            let counts = |operations: crate::operation::OperationSet| {
                operations.without(rule.operations) != operations
            };
            let plans = || {
                recogniser.plans().filter(|(operations, _)| counts(*operations)).map(|(_, it)| it)
            };
            let says = |field| plans().any(|plan| plan.names(field));
            let asks = |operation| {
                recogniser.rules().any(|(_, operations)| operations.contains(operation))
            };
            let (is_fed, what) = match rule.meter {
                Meter::Requests | Meter::Streams => {
                    (recogniser.rules().any(|(_, it)| counts(it)), "such an operation")
                }
                Meter::TextChars | Meter::LlmTokens => (says(Field::Text), "the text"),
                Meter::AudioSeconds => (says(Field::Text) || says(Field::Audio), "text or audio"),
                Meter::BatchLines => {
                    (plans().any(|it| it.takes_batches()), "the lines of a `jsonl` body")
                }
                Meter::VoiceCreations => (
                    asks(OperationId::VOICE_CREATE) || says(Field::Reference),
                    "of a recording to take a voice from",
                ),
                Meter::VoiceSlots => (asks(OperationId::VOICE_CREATE), "that a voice is made"),
                Meter::VoiceUses => {
                    (asks(OperationId::VOICE_USE) || says(Field::Voice), "the voice")
                }
            };
            if !is_fed {
                errors.push(PolicyError::new(path.key("rules").index(i), format!(
                    "nothing feeds rule `{}`: no recognised operation that it counts tells {what}; it would limit nothing",
                    rule.name
                )));
            }
        }
    }
}
