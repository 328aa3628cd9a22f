//! The speech service as a program.

use clap::Parser;
use std::net::SocketAddr;
use std::time::Duration;
use voxgate_simulator::model::GpuModel;
use voxgate_testbed::speech::{Engine, Options, Pace, Speech};

/// A speech service: GLM-TTS and OpenAI paths, real speech where espeak-ng is installed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// What makes the sound.
    #[arg(long, value_enum, default_value = "auto")]
    engine: Engine,
    /// Samples a second.
    #[arg(long, default_value_t = 22_050, value_parser = clap::value_parser!(u32).range(8_000..=48_000))]
    sample_rate: u32,
    /// Milliseconds until the first chunk.
    #[arg(long, default_value_t = 40)]
    first_chunk_ms: u64,
    /// Seconds of work for each second of sound; 0 is at once.
    #[arg(long, default_value_t = 0.1)]
    real_time_factor: f64,
    /// Bytes of a chunk.
    #[arg(long, default_value_t = 4410)]
    chunk_bytes: usize,
    /// Of every hundred requests, so many fail.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    failures_percent: u8,
    /// Put a GPU behind it that slows down, runs out of memory and restarts: a model as JSON, of
    /// which each member may be left out, `{}` all of them. Then no pace counts but the GPU's.
    #[arg(long, value_name = "JSON", value_parser = gpu_model)]
    gpu: Option<GpuModel>,
    /// Tell the GPU's load in each answer (ORCA, `endpoint-load-metrics`).
    #[arg(long, requires = "gpu")]
    load_reports: bool,
    /// Said by each answer in `x-served-by`.
    #[arg(long)]
    name: Option<String>,
}

fn gpu_model(json: &str) -> anyhow::Result<GpuModel> {
    let model: GpuModel = serde_json::from_str(json)?;
    model.check()?;
    Ok(model)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(
        (0.0..=100.0).contains(&arguments.real_time_factor),
        "--real-time-factor takes 0 to 100, not {}",
        arguments.real_time_factor
    );
    anyhow::ensure!(arguments.chunk_bytes >= 2, "--chunk-bytes takes 2 or more");
    let speech = Speech::start_with(Options {
        listen: arguments.listen,
        engine: arguments.engine,
        sample_rate: arguments.sample_rate,
        pace: Pace {
            first_chunk: Duration::from_millis(arguments.first_chunk_ms),
            real_time_factor: arguments.real_time_factor,
            chunk_bytes: arguments.chunk_bytes,
            break_after: None,
        },
        failures_percent: arguments.failures_percent,
        gpu: arguments.gpu,
        load_reports: arguments.load_reports,
        name: arguments.name,
    })
    .await?;
    println!("speech service at http://{}", speech.address());
    voxgate_testbed::process::until_asked_to_end(speech.run()).await?;
    Ok(())
}
