//! Measures what filters cost Envoy; `cargo xtask bench` runs it.

use anyhow::Result;
use clap::Parser;
use voxgate_testbed::bench::{Plan, run, table};
use voxgate_testbed::process::until_asked_to_end;

/// Measures what filters cost Envoy.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only cases whose name contains one of these
    only: Vec<String>,
    /// How often the cases take turns
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Requests of one case in one round
    #[arg(long, default_value_t = 2000)]
    requests: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { only, rounds, requests } = Arguments::parse();
    if let Some(measured) = until_asked_to_end(run(Plan { rounds, requests, only })).await? {
        println!("{}", table(&measured?));
    }
    Ok(())
}
