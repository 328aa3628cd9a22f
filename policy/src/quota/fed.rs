//! Whether what a rule counts can be seen at all.

use super::demand::speaks;
use super::meter::Meter;
use super::rules::QuotaRules;
use crate::body::{BodyPlan, Field};
use crate::error::{Path, PolicyError};
use crate::operation::{OperationId, OperationSet};
use crate::recognise::Recogniser;

impl QuotaRules {
    /// Adds an error for each rule of the section at `path` whose meter no operation feeds: it would
    /// count nothing, and so limit nothing.
    pub fn check_fed(&self, path: &Path, recogniser: &Recogniser, errors: &mut Vec<PolicyError>) {
        for (i, (_, rule)) in self.iter().enumerate() {
            // All that requests of some rule can ask for, with what stands in them.
            let asked = recogniser.asked().filter(|(operations, _)| rule.counts(*operations));
            let asked: Vec<(OperationSet, Option<&BodyPlan>)> = asked.collect();
            let plans = || asked.iter().filter_map(|(_, plan)| *plan);
            let says = |field| plans().any(|plan| plan.names(field));
            let asks = |operation| asked.iter().any(|(it, _)| it.contains(operation));
            let (is_fed, what) = match rule.meter {
                Meter::Requests | Meter::Streams => (!asked.is_empty(), "such an operation"),
                Meter::TextChars => (says(Field::Text), "the text"),
                Meter::LlmTokens => {
                    let may =
                        |(it, _): &(OperationSet, _)| it.iter().any(OperationId::may_use_tokens);
                    (asked.iter().any(may), "of tokens")
                }
                Meter::AudioSeconds => (says(Field::Text) || says(Field::Audio), "text or audio"),
                Meter::BatchLines => {
                    (plans().any(BodyPlan::takes_batches), "the lines of a `jsonl` body")
                }
                Meter::VoiceCreations => {
                    (asks(OperationId::VOICE_CREATE), "of a recording to take a voice from")
                }
                Meter::VoiceSlots => {
                    let makes = |(it, _): &(OperationSet, _)| {
                        it.contains(OperationId::VOICE_CREATE) && !speaks(*it)
                    };
                    (asked.iter().any(makes), "that a voice is made")
                }
                Meter::VoiceUses => (asks(OperationId::VOICE_USE), "the voice"),
            };
            // Where no operation is named that there is, that is told already.
            if !is_fed && !rule.operations.is_empty() {
                errors.push(PolicyError::new(path.key("rules").index(i), format!(
                    "nothing feeds rule `{}`: no recognised operation that it counts tells {what}; it would limit nothing",
                    rule.name
                )));
            }
        }
    }
}
