//! How fast text is spoken, by script.

use std::collections::BTreeMap;

use super::script::{SCRIPTS, Script};
use crate::error::{Path, PolicyError};
use crate::suggest;

#[cfg(test)]
mod tests;

/// How long each script's characters take to speak. The shipped rates and where they come from
/// stand in `docs/facts.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechRates {
    /// Microseconds a character, by [`Script`].
    micros: [u64; SCRIPTS.len()],
}

/// Tenths of characters a second, in the order of [`SCRIPTS`].
const DEFAULT_TENTHS: [u64; SCRIPTS.len()] =
    [45, 70, 55, 145, 135, 140, 105, 135, 120, 120, 120, 30, 40, 60];

/// The most characters a second that a policy can claim.
const MAX_RATE: f64 = 1000.0;

/// The least: a character that takes longer than this many seconds is a mistake.
const MIN_RATE: f64 = 0.01;

// === impl SpeechRates ===

impl SpeechRates {
    /// The shipped rates with those of the policy (`facts.chars_per_second`, which is at `path`) in
    /// their place; errors are added to `errors`.
    pub fn compile(
        written: &BTreeMap<String, f64>,
        path: &Path,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let mut rates = Self::default();
        for (name, rate) in written {
            let Some(script) = SCRIPTS.into_iter().find(|it| it.as_str() == name) else {
                let accepted = suggest::accepted(name, SCRIPTS.iter().map(|it| it.as_str()));
                let message = format!("no script is called `{name}`; {accepted}");
                errors.push(PolicyError::new(path.key(name), message));
                continue;
            };
            if !(MIN_RATE..=MAX_RATE).contains(rate) {
                let message = format!("must be from {MIN_RATE} to {MAX_RATE} characters a second");
                errors.push(PolicyError::new(path.key(name), message));
            } else if let Some(micros) = rates.micros.get_mut(script as usize) {
                // From 1,000 to 100,000,000, so the cast loses nothing but the fraction.
                *micros = (1e6 / rate) as u64;
            }
        }
        rates
    }

    /// What a character takes at normal speed, in microseconds.
    pub fn micros(&self, script: Script) -> u64 {
        self.micros.get(script as usize).copied().unwrap_or_default()
    }
}

impl Default for SpeechRates {
    fn default() -> Self {
        Self { micros: DEFAULT_TENTHS.map(|it| 10_000_000_u64.checked_div(it).unwrap_or_default()) }
    }
}
