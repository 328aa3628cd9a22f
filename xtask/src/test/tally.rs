//! How many tests passed.

use crate::command::say;
use std::fmt;
use std::ops::AddAssign;

/// A count of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// That did what they should.
    pub passed: u64,
    /// That did not.
    pub failed: u64,
    /// That are marked not to run.
    pub ignored: u64,
    /// That need a Chromium, where there is none.
    pub left_out: u64,
}

// === impl Tally ===

impl Tally {
    /// One test that passed.
    pub fn passed() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    /// One test that failed.
    pub fn failed() -> Self {
        Self { failed: 1, ..Self::default() }
    }

    /// What a line of a test's output says, as
    /// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`; any
    /// other line says nothing.
    pub fn of_line(line: &str) -> Self {
        let Some(result) = line.trim().strip_prefix("test result: ") else {
            return Self::default();
        };
        let number = |what: &str| number_before(result, what);
        let (passed, failed, ignored) = (number("passed"), number("failed"), number("ignored"));
        Self { passed, failed, ignored, left_out: 0 }
    }

    /// How many tests the same line says that a filter of names left out.
    pub fn filtered_out(line: &str) -> u64 {
        line.trim().strip_prefix("test result: ").map_or(0, |it| number_before(it, "filtered"))
    }

    /// A sub-set that ran nothing has lost its tests: that is a failure.
    pub fn or_failed_if_empty(self) -> Self {
        if self.passed + self.failed > 0 {
            return self;
        }
        say("error: not one test ran");
        Self { failed: 1, ..self }
    }
}

fn number_before(result: &str, what: &str) -> u64 {
    let words = || result.split([' ', ';', '.']).filter(|word| !word.is_empty());
    let found = words().zip(words().skip(1)).find(|(_, word)| *word == what);
    found.and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.left_out += other.left_out;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{} passed, {} failed", self.passed, self.failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_is_read_and_any_other_is_not() {
        let line = "test result: FAILED. 16 passed; 2 failed; 1 ignored; 0 measured; 7 filtered out; finished in 4.40s";
        let tally = Tally { passed: 16, failed: 2, ignored: 1, left_out: 0 };
        assert_eq!(Tally::of_line(line), tally);
        assert_eq!(Tally::filtered_out(line), 7);
        assert_eq!(Tally::of_line("test token::passed ... ok"), Tally::default());
    }

    #[test]
    fn running_nothing_is_a_failure() {
        assert_eq!(Tally::default().or_failed_if_empty(), Tally::failed());
        assert_eq!(Tally::passed().or_failed_if_empty(), Tally::passed());
    }
}
