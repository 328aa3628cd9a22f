//! `cargo xtask demo`: builds what the demo needs and plays it.

use crate::{command, filters, tools, workspace};
use anyhow::Result;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// How the demo is played.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Leave it running until Ctrl-C, and print curl lines to try
    #[arg(long)]
    keep: bool,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

/// Plays the demo; its exit code says whether every decision was the expected one.
///
/// # Errors
/// When something cannot be built or fetched.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let envoy = step("1/3 Envoy", tools::envoy)?;
    step("2/3 filters", filters::build_ordinary)?;
    let built = step("3/3 speech service and key server", build_programs)?;

    let mut demo = Command::new(built.join("demo"));
    demo.current_dir(workspace::root())
        .arg("--envoy")
        .arg(envoy)
        .arg("--wasm-dir")
        .arg(workspace::dist());
    // Where there is none, an act that needs it says so.
    if let Some(library) = tools::clock_library()? {
        demo.env(tools::CLOCK_LIBRARY, library);
    }
    for (flag, wanted) in [("--keep", arguments.keep), ("--json", arguments.json)] {
        demo.args(wanted.then_some(flag));
    }
    let status = command::status(&mut demo)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, Into::into))
}

fn build_programs() -> Result<std::path::PathBuf> {
    command::run(workspace::cargo().args(["build", "--package=voxgate-testbed", "--bin=demo"]))?;
    Ok(workspace::target()?.join("debug"))
}

/// Says what takes the time; on the standard error, for the results go to the standard output.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("[{name}]");
    let begun = Instant::now();
    let done = work()?;
    eprintln!("[{name}] {:.1} s", begun.elapsed().as_secs_f64());
    Ok(done)
}
