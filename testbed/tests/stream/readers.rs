//! Clients that read slowly, or leave.

use super::support::{everywhere, run_all};
use anyhow::Result;
use voxgate_testbed::exact::{Heard, Plan, Protocol, Reader, Stage};
use voxgate_testbed::script::{Content, Cuts, Hold, Script};

fn read_by(reader: Reader, script: &Script) -> Vec<Plan> {
    let mut plans = everywhere(&Protocol::ALL, script);
    plans.iter_mut().for_each(|plan| plan.reader = reader);
    plans
}

/// More than all buffers on the way can take, so that the service has to wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_gets_all_of_it() -> Result<()> {
    let stage = Stage::setup().holding(16_384, "50ms").start().await?;
    for cuts in [Cuts::Large, Cuts::Mixed] {
        let script = Script { content: Content::Pcm, bytes: 1_500_000, cuts, ..Script::default() };
        run_all(&stage.clients, &read_by(Reader::Slow(2), &script), Heard::Whole).await?;
    }
    stage.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_leaves_nothing_behind() -> Result<()> {
    let stage = Stage::setup().holding(16_384, "2s").start().await?;
    for at in [0, 1, 3000, 20_000] {
        let script = Script {
            content: Content::Pcm,
            bytes: 40_000,
            cuts: Cuts::Frames,
            longest_pause_ms: 20,
            ..Script::default()
        };
        run_all(&stage.clients, &read_by(Reader::Leaves(at), &script), Heard::Left).await?;
        stage.settle().await?;
    }
    stage.finish().await
}

/// Nothing more comes that could tell the service, or a filter with something held, of the going.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_a_silent_stream_leaves_nothing_behind() -> Result<()> {
    let stage = Stage::setup().holding(16_384, "2s").start().await?;
    let hold = Some(Hold { at: 20_000, name: "silent".to_owned() });
    let script = Script {
        content: Content::Pcm,
        bytes: 40_000,
        cuts: Cuts::Frames,
        hold,
        ..Script::default()
    };
    run_all(&stage.clients, &read_by(Reader::Leaves(1), &script), Heard::Left).await?;
    stage.settle().await?;
    stage.finish().await
}
