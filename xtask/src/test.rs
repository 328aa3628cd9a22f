//! `cargo xtask test`: the sub-sets, their order, and the sum.

mod imports;
mod steps;
mod tally;

use crate::command::{is_interrupted, say};
use crate::filters;
use anyhow::Result;
use clap::ValueEnum;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tally::Tally;

/// Which tests to run.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The sub-sets; all but `envoys` when none is named
    #[arg(value_enum)]
    subsets: Vec<Subset>,
}

/// A sub-set, in the order in which they run: what fails fastest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Subset {
    /// The format of every file
    Fmt,
    /// Lints, each warning an error
    Clippy,
    /// Unit and documentation tests
    Unit,
    /// Property tests with many more cases
    Property,
    /// The policy's tests on a JavaScript engine
    Node,
    /// The filters against a host in the same process
    FakeHost,
    /// What the built modules import and weigh
    Imports,
    /// The built modules in a real Envoy
    E2e,
    /// The core of it on each supported Envoy, 35 MB each; only when it is named
    Envoys,
}

/// Runs the sub-sets and prints, last, `N passed, N failed`.
///
/// # Errors
/// When we are interrupted. Tests that fail are no error but the exit code.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut subsets = arguments.subsets.clone();
    if subsets.is_empty() {
        subsets = Subset::value_variants().to_vec();
        subsets.retain(|subset| *subset != Subset::Envoys);
    }
    subsets.sort_unstable();
    subsets.dedup();

    let mut results = Vec::new();
    for subset in subsets {
        say(format_args!("\n=== {}", name(subset)));
        let begun = Instant::now();
        let tally = match subset.run() {
            Ok(tally) => tally.or_failed_if_empty(),
            Err(error) if is_interrupted() => return Err(error),
            Err(error) => {
                say(format_args!("error: {error:#}"));
                Tally::failed()
            }
        };
        results.push((subset, tally, begun.elapsed()));
    }
    Ok(report(&results))
}

fn report(results: &[(Subset, Tally, Duration)]) -> ExitCode {
    say("\n=== summary");
    let mut total = Tally::default();
    for (subset, tally, took) in results {
        say(format_args!("{:<10} {tally:<24} {:>6.1} s", name(*subset), took.as_secs_f64()));
        total += *tally;
    }
    if total.ignored > 0 {
        say(format_args!("{} tests are marked as ignored and did not run", total.ignored));
    }
    if total.left_out > 0 {
        say(format_args!(
            "{} tests need a browser and did not run: set CHROMIUM, or put a chromium on PATH",
            total.left_out
        ));
    }
    say(format_args!("{} passed, {} failed", total.passed, total.failed));
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn name(subset: Subset) -> String {
    subset.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

// === impl Subset ===

impl Subset {
    fn run(self) -> Result<Tally> {
        match self {
            Self::Fmt => steps::format(),
            Self::Clippy => steps::clippy(),
            Self::Unit => steps::unit(),
            Self::Property => steps::property(),
            Self::Node => steps::node(),
            Self::FakeHost => steps::fake_host(),
            Self::Imports => {
                filters::build()?;
                Ok(imports::check())
            }
            Self::E2e => {
                filters::build()?;
                steps::end_to_end()
            }
            Self::Envoys => {
                filters::build()?;
                steps::every_envoy()
            }
        }
    }
}
