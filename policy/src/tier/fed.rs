//! Whether what a tier limits can be seen at all.

use super::{Limit, Tier, Tiers};
use crate::body::{BodyPlan, Field};
use crate::error::{Path, PolicyError};
use crate::recognise::Recogniser;

impl Tiers {
    /// Adds an error for each limit, list or demand of the section at `path` that no rule feeds: of
    /// the operations that the tier allows, none says where such a thing stands in a request.
    pub fn check_fed(&self, path: &Path, rules: &Recogniser, errors: &mut Vec<PolicyError>) {
        for (i, (_, tier)) in self.iter().enumerate() {
            let plans: Vec<&BodyPlan> = rules
                .plans()
                .filter(|(operations, _)| operations.without(tier.allowed).is_empty())
                .map(|(_, plan)| &**plan)
                .collect();
            let mut check = |place: Path, is_fed: bool, what: &str| {
                if !is_fed {
                    errors.push(PolicyError::new(place, format!(
                        "no rule tells {what} for any operation that tier `{}` allows; name its place in a rule's `body.fields` or `query`, or leave this out",
                        tier.name
                    )));
                }
            };
            let says =
                |fields: &[Field]| plans.iter().any(|plan| fields.iter().any(|it| plan.names(*it)));
            let place = path.index(i);
            for limit in Limit::ALL.into_iter().filter(|it| tier.limits.max(*it).is_some()) {
                let (is_fed, what) = match limit {
                    Limit::TextChars => (says(&[Field::Text]), "the text"),
                    Limit::AudioSeconds => (says(&[Field::Text, Field::Audio]), "text or audio"),
                    Limit::SampleRateHz => {
                        (says(&[Field::SampleRate, Field::Format]), "the sample rate")
                    }
                    Limit::ReferenceAudioBytes | Limit::ReferenceAudioSeconds => {
                        (says(&[Field::Reference]), "the reference audio")
                    }
                    Limit::BatchLines => (
                        plans.iter().any(|plan| plan.takes_batches()),
                        "the lines of a `jsonl` body",
                    ),
                };
                check(place.key("max").key(limit.as_str()), is_fed, what);
            }
            for (field, _) in tier.limits.names() {
                let key = format!("{field}s");
                check(place.key(&key), says(&[field]), &format!("the {field}"));
            }
            check_consent(tier, &place, says(&[Field::Consent]), &mut check);
        }
    }
}

fn check_consent(
    tier: &Tier,
    place: &Path,
    is_told: bool,
    check: &mut impl FnMut(Path, bool, &str),
) {
    if let Some(consent) = tier.limits.consent()
        && consent.field
    {
        check(place.key("consent").key("field"), is_told, "consent");
    }
}
