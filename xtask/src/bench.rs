//! `cargo xtask bench`: what the filters cost Envoy, beside its native ones.

use crate::filters::{self, MODULES};
use crate::{command, tools, workspace};
use anyhow::Result;
use std::process::Command;

/// How much is measured.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only cases whose name contains one of these, as `first`
    only: Vec<String>,
    /// How often the cases take turns
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Requests of one case in one round
    #[arg(long, default_value_t = 2000)]
    requests: usize,
}

/// Measures, and prints a table.
///
/// # Errors
/// When something cannot be built or fetched, or an Envoy does not do what it should.
pub fn run(arguments: &Arguments) -> Result<()> {
    let envoy = tools::envoy()?;
    filters::build()?;
    let mut build = workspace::cargo();
    command::run(build.args(["build", "--package=voxgate-testbed", "--bin=bench"]))?;

    // A folder of its own: the empty filter is nothing to ship.
    let target = workspace::target()?;
    let modules = target.join("bench");
    std::fs::create_dir_all(&modules)?;
    for module in &MODULES {
        std::fs::copy(module.path(), modules.join(module.name()).with_extension("wasm"))?;
    }
    let empty = workspace::root().join("testbed/src/bench/empty.wat");
    let mut assemble = tools::Binaryen::get()?.command("wasm-as");
    command::run(assemble.arg(empty).arg("-o").arg(modules.join("empty.wasm")))?;

    command::run(
        Command::new(target.join("debug/bench"))
            .args(&arguments.only)
            .args(["--rounds", &arguments.rounds.to_string()])
            .args(["--requests", &arguments.requests.to_string()])
            .env("ENVOY", envoy)
            .env("VOXGATE_DIST", modules),
    )
}
