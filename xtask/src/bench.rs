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
    /// Measures requests that are shed, or might be, with and without a queue
    Shedding(Amount),
    /// Measures streams of audio: direct, through Envoy, and through each mode of chunk-flush
    Streams(Streams),
    /// Floods a service that falls over, behind each of Envoy's own defences and behind Voxgate
    Flood(Flood),
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

/// What is flooded, and how.
#[derive(Debug, clap::Args)]
struct Flood {
    /// Only cases, as `circuit`, whose name contains one of these
    only: Vec<String>,
    /// For how many seconds each case is flooded [default: 300, of Voxgate 600]
    #[arg(long)]
    seconds: Option<u64>,
    /// Offered load, as a multiple of what the service can bear [default: 3]
    #[arg(long)]
    load: Option<f64>,
    /// Another seed is another flood [default: 1]
    #[arg(long)]
    seed: Option<u64>,
}

/// What is listened to, and how.
#[derive(Debug, clap::Args)]
struct Streams {
    /// Only cases, as `playback`, or kinds of streams, as `hiccups`, whose name contains one of these
    only: Vec<String>,
    /// How often the cases take turns [default: 5]
    #[arg(long)]
    rounds: Option<usize>,
    /// Streams of one case in one round whose first sound is waited for [default: 300]
    #[arg(long)]
    first_sounds: Option<usize>,
    /// Seconds of audio of those that are listened to [default: 3]
    #[arg(long)]
    seconds: Option<u32>,
    /// Listeners at a time [default: 8]
    #[arg(long)]
    at_once: Option<usize>,
}

/// Measures, and prints tables.
///
/// # Errors
/// When something cannot be built or fetched, or an Envoy does not do what it should.
pub fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.what {
        None => arguments.headers.measure("headers"),
        Some(What::Facts(amount)) => {
            let scan = ["bench", "--package=voxgate-policy", "--bench=scan"];
            command::run(workspace::cargo().args(scan))?;
            amount.measure("facts")
        }
        Some(What::Quotas(amount)) => amount.measure("quotas"),
        Some(What::Shedding(amount)) => amount.measure("shedding"),
        Some(What::Streams(streams)) => {
            let options = [
                streams.rounds.map(|it| format!("--rounds={it}")),
                streams.first_sounds.map(|it| format!("--first-sounds={it}")),
                streams.seconds.map(|it| format!("--seconds={it}")),
                streams.at_once.map(|it| format!("--at-once={it}")),
            ];
            measure("streams", &streams.only, options.into_iter().flatten())
        }
        Some(What::Flood(flood)) => {
            let options = [
                flood.seconds.map(|it| format!("--seconds={it}")),
                flood.load.map(|it| format!("--load={it}")),
                flood.seed.map(|it| format!("--seed={it}")),
            ];
            measure("flood", &flood.only, options.into_iter().flatten())
        }
    }
}

// === impl Amount ===

impl Amount {
    fn measure(&self, what: &str) -> Result<()> {
        let options = [
            self.rounds.map(|it| format!("--rounds={it}")),
            self.requests.map(|it| format!("--requests={it}")),
        ];
        measure(what, &self.only, options.into_iter().flatten())
    }
}

fn measure(what: &str, only: &[String], options: impl Iterator<Item = String>) -> Result<()> {
    let envoy = tools::envoy()?;
    filters::build()?;
    let mut build = workspace::cargo();
    command::run(build.args(["build", "--package=voxgate-testbed", "--bin=bench"]))?;
    let mut bench = Command::new(workspace::target()?.join("debug/bench"));
    bench.arg(what).args(only).args(options);
    command::run(bench.env("ENVOY", envoy).env("VOXGATE_DIST", modules()?))
}

/// A folder with the modules and those that do nothing; a folder of its own, for these are nothing
/// to ship.
fn modules() -> Result<PathBuf> {
    let folder = workspace::target()?.join("bench");
    std::fs::create_dir_all(&folder)?;
    for module in &MODULES {
        std::fs::copy(module.path(), folder.join(module.name()).with_extension("wasm"))?;
    }
    for name in ["empty", "empty-watching"] {
        let text = workspace::root().join("testbed/src/bench").join(name).with_extension("wat");
        let mut assemble = tools::Binaryen::get()?.command("wasm-as");
        let module = folder.join(name).with_extension("wasm");
        command::run(assemble.arg(text).arg("-o").arg(module))?;
    }
    Ok(folder)
}
