//! Measures what filters cost Envoy; `cargo xtask bench` runs it.

use anyhow::Result;
use clap::{Parser, Subcommand};
use voxgate_testbed::bench::{
    Comparison, Plan, contention, facts, flood, headers, quotas, shedding, streams, summary,
};
use voxgate_testbed::process::until_asked_to_end;

/// Measures what filters cost Envoy.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Requests without a body
    Headers(Amount),
    /// Requests whose bodies are read
    Facts(Amount),
    /// Requests that are counted
    Quotas(Amount),
    /// Requests that are shed, or might be
    Shedding(Amount),
    /// Streams of audio, direct and through each mode of chunk-flush
    Streams(StreamsArguments),
    /// A flood of requests, against a service that falls over
    Flood(FloodArguments),
}

#[derive(Debug, clap::Args)]
struct Amount {
    /// Only cases, or bodies, whose name contains one of these
    only: Vec<String>,
    /// How often the cases take turns [default: 7; of facts 31]
    #[arg(long)]
    rounds: Option<usize>,
    /// Requests of one case in one round, fewer where bodies are large [default: 2000; of facts 300]
    #[arg(long)]
    requests: Option<usize>,
}

#[derive(Debug, clap::Args)]
struct FloodArguments {
    /// Only cases whose name contains one of these
    only: Vec<String>,
    /// For how long each case is flooded [default: 300, of Voxgate 600]
    #[arg(long)]
    seconds: Option<u64>,
    /// Offered load, as a multiple of what the service can bear
    #[arg(long, default_value_t = 3.0)]
    load: f64,
    /// Another seed is another flood
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, clap::Args)]
struct StreamsArguments {
    /// Only cases, as `playback`, or kinds of streams, as `hiccups`, whose name contains one of these
    only: Vec<String>,
    /// How often the cases take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Streams of one case in one round whose first sound is waited for
    #[arg(long, default_value_t = 300)]
    first_sounds: usize,
    /// Seconds of audio of those that are listened to
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Listeners at a time
    #[arg(long, default_value_t = 8)]
    at_once: usize,
}

// === impl StreamsArguments ===

impl StreamsArguments {
    fn plan(self) -> streams::Plan {
        let Self { only, rounds, first_sounds, seconds, at_once } = self;
        streams::Plan { only, rounds, first_sounds, seconds, at_once: at_once.max(1) }
    }
}

// === impl FloodArguments ===

impl FloodArguments {
    fn plan(self) -> Result<flood::Plan> {
        let Self { only, seconds, load, seed } = self;
        anyhow::ensure!((0.1..=10.0).contains(&load), "--load takes 0.1 to 10, not {load}");
        Ok(flood::Plan { only, seconds, load, seed })
    }
}

// === impl Amount ===

impl Amount {
    fn plan(self, rounds: usize, requests: usize) -> Plan {
        Plan {
            rounds: self.rounds.unwrap_or(rounds),
            requests: self.requests.unwrap_or(requests),
            only: self.only,
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let work = async {
        match Arguments::parse().what {
            What::Headers(amount) => {
                println!("{}", headers(amount.plan(7, 2000)).await?.costs());
            }
            What::Quotas(amount) => {
                let plan = amount.plan(7, 2000);
                println!("{}", quotas(plan.clone()).await?.costs());
                for workers in [1, 2, 4] {
                    let it = contention(workers, plan.requests * plan.rounds).await?;
                    println!(
                        "{workers} workers, one tenant, 3 rules: {} grants, {:.0} a second, {} retries",
                        it.grants, it.grants_a_second, it.retries
                    );
                }
            }
            What::Shedding(amount) => {
                println!("{}", shedding(amount.plan(7, 2000)).await?.costs());
            }
            What::Flood(arguments) => {
                let it = flood::flood(arguments.plan()?).await?;
                println!("{}\n\n{}\n\n{}", it.summary(), it.ends(), it.notes());
            }
            What::Streams(arguments) => {
                let show = |what, it: &streams::Comparison| match what {
                    streams::What::FirstSound => println!("{}", it.first_sounds()),
                    streams::What::Stream => println!("{}", it.streams()),
                    streams::What::Chunk => println!("{}", it.chunks()),
                };
                streams::streams(arguments.plan(), show).await?;
            }
            // What is to be told apart is small beside the request: many short rounds.
            What::Facts(amount) => {
                let show = |it: &Comparison| println!("{}", it.costs_of_reading());
                println!("{}", summary(&facts(amount.plan(31, 300), show).await?));
            }
        }
        Ok(())
    };
    until_asked_to_end(work).await?.unwrap_or(Ok(()))
}
