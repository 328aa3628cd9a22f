//! `cargo xtask`: builds the filters, plays the demo, runs the tests.
//!
//! What is not on the machine is fetched into the user's cache folder, or named with how to get
//! it. Nothing that was started is left running.

mod bench;
mod command;
mod demo;
mod filters;
mod fuzz;
mod optimise;
mod test;
mod tools;
mod workspace;

use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

/// Builds, tries and tests Voxgate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measures what the filters cost Envoy, beside its native ones
    Bench(bench::Arguments),
    /// Builds the filters to dist/voxgate-<filter>.wasm
    Build,
    /// Plays requests through a real Envoy with the filters, and shows each decision
    Demo(demo::Arguments),
    /// Runs the fuzz targets, each for a while
    Fuzz(fuzz::Arguments),
    /// Runs the tests: all of them, or the sub-sets that are named
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let outcome = command::end_children_with_us().and_then(|()| match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Task::Build => filters::build().map(|()| ExitCode::SUCCESS),
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments).map(|()| ExitCode::SUCCESS),
        Task::Test(arguments) => test::run(&arguments),
    });
    outcome.unwrap_or_else(|error| {
        if command::is_interrupted() {
            // It may be the standard error, too, that nobody reads.
            let _ = writeln!(io::stderr(), "interrupted");
            return ExitCode::from(130);
        }
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
