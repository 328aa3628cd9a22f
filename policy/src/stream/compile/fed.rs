//! Whether what a rule names is ever asked for.

use crate::error::{Path, PolicyError};
use crate::recognise::Recogniser;
use crate::stream::rules::StreamRules;

impl StreamRules {
    /// Adds an error for each rule of the section at `path` that names operations which no rule
    /// recognises.
    pub fn check_fed(&self, path: &Path, recogniser: &Recogniser, errors: &mut Vec<PolicyError>) {
        for (i, rule) in self.coalesce.iter().enumerate() {
            let Some(operations) = rule.operations.filter(|it| !it.is_empty()) else { continue };
            let is_asked =
                recogniser.asked().any(|(asked, _)| operations.iter().any(|it| asked.contains(it)));
            if !is_asked {
                errors.push(PolicyError::new(
                    path.key("coalesce").index(i).key("operations"),
                    "no rule recognises such an operation; add one to `operations`, or leave this out",
                ));
            }
        }
    }
}
