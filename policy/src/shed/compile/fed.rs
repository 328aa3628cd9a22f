//! Whether what the ladder hangs on can be seen, and what it changes be changed.

use crate::body::{BodyPlan, Field};
use crate::error::{Path, PolicyError};
use crate::recognise::Recogniser;
use crate::shed::ladder::Span;
use crate::shed::rules::ShedRules;
use crate::spec::BodyFormat;

impl ShedRules {
    /// Adds an error for each rule of the section at `path` that hangs on what no recognised operation
    /// tells.
    pub fn check_fed(&self, path: &Path, recogniser: &Recogniser, errors: &mut Vec<PolicyError>) {
        for (i, rule) in self.ladder.rules().enumerate() {
            let place = path.key("ladder").index(i);
            let plans: Vec<&BodyPlan> = recogniser
                .asked()
                .filter(|(operations, _)| rule.when.is_about(*operations))
                .filter_map(|(_, plan)| plan)
                .collect();
            let tells_text = plans.iter().any(|it| it.names(Field::Text));
            for (span, key) in
                [(rule.when.chars, "text_chars"), (rule.when.speech_ms, "audio_seconds")]
            {
                if span != Span::ALL && !tells_text {
                    errors.push(PolicyError::new(place.key(key), UNFED));
                }
            }
            let place = place.key("degrade");
            let can_change = |plan: &BodyPlan, field: Field| {
                plan.formats().contains(&BodyFormat::Json) && !plan.places().of(field).is_empty()
            };
            let mut is_fed = true;
            for field in rule.rung.changed_fields() {
                if !plans.iter().any(|it| can_change(it, field)) {
                    is_fed = false;
                    errors.push(PolicyError::new(place.key(field.as_str()), format!(
                        "no rule tells where the {} stands in a JSON body for an operation of this rule; name its place in a rule's `body.fields`",
                        field.as_str().replace('_', " ")
                    )));
                }
            }
            let can_change_all =
                |plan: &&BodyPlan| rule.rung.changed_fields().all(|field| can_change(plan, field));
            if is_fed
                && rule.rung.changed_fields().next().is_some()
                && !plans.iter().any(can_change_all)
            {
                errors.push(PolicyError::new(
                    place,
                    "no body has a place for all of this; make it several rules",
                ));
            }
        }
    }
}

const UNFED: &str = "no rule tells the text of an operation of this rule; name its place in a rule's `body.fields`, or leave this out";
