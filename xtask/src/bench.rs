//! `cargo xtask bench`: what the filters cost Envoy, beside its native ones.

use crate::filters::{self, MODULES};
use crate::{command, tools, workspace};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// What is measured: requests without a body unless it is said.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    headers: Amount,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Measures requests whose bodies are read, and how fast the scanner is by itself
    Facts(Amount),
    /// Measures requests that are counted, beside Envoy's own rate limit
    Quotas(Amount),
}

/// How much is measured.
#[derive(Debug, clap::Args)]
struct Amount {
    /// Only cases, as `first`, of `facts` bodies, as `516 KB`, whose name contains one of these
    only: Vec<String>,
    /// How often the cases take turns [default: 7; of facts 31]
    #[arg(long)]
    rounds: Option<usize>,
    /// Requests of one case in one round, fewer where bodies are large [default: 2000; of facts 300]
    #[arg(long)]
    requests: Option<usize>,
}

/// Measures, and prints tables.
///
/// # Errors
/// When something cannot be built or fetched, or an Envoy does not do what it should.
pub fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.what {
        None => measure("headers", &arguments.headers),
        Some(What::Facts(amount)) => {
            let scan = ["bench", "--package=voxgate-policy", "--bench=scan"];
            command::run(workspace::cargo().args(scan))?;
            measure("facts", amount)
        }
        Some(What::Quotas(amount)) => measure("quotas", amount),
    }
}

fn measure(what: &str, amount: &Amount) -> Result<()> {
    let envoy = tools::envoy()?;
    filters::build()?;
    let mut build = workspace::cargo();
    command::run(build.args(["build", "--package=voxgate-testbed", "--bin=bench"]))?;
    let mut bench = Command::new(workspace::target()?.join("debug/bench"));
    bench.arg(what).args(&amount.only);
    for (flag, number) in [("--rounds", amount.rounds), ("--requests", amount.requests)] {
        bench.args(number.map(|it| format!("{flag}={it}")));
    }
    command::run(bench.env("ENVOY", envoy).env("VOXGATE_DIST", modules()?))
}

/// A folder with the modules and one that does nothing; a folder of its own, for that is nothing
/// to ship.
fn modules() -> Result<PathBuf> {
    let folder = workspace::target()?.join("bench");
    std::fs::create_dir_all(&folder)?;
    for module in &MODULES {
        std::fs::copy(module.path(), folder.join(module.name()).with_extension("wasm"))?;
    }
    let empty = workspace::root().join("testbed/src/bench/empty.wat");
    let mut assemble = tools::Binaryen::get()?.command("wasm-as");
    command::run(assemble.arg(empty).arg("-o").arg(folder.join("empty.wasm")))?;
    Ok(folder)
}
