//! Configurations that are pushed in mid-stream.

use super::support::{everywhere, run_all};
use anyhow::{Result, ensure};
use std::time::Duration;
use voxgate_testbed::envoy::Push;
use voxgate_testbed::exact::{Campaign, Heard, Protocol, Stage, StageSetup};
use voxgate_testbed::script::{Content, Cuts, Hold, Script};

/// Its old listeners keep their connections for a minute, each until its next answer.
fn dynamic(max_bytes: u32, max_delay: &str) -> StageSetup {
    Stage::setup().holding(max_bytes, max_delay).envoy(|options| {
        options.dynamic = true;
        options.drain_seconds = Some(60);
    })
}

async fn push(stage: &mut Stage, setup: &StageSetup) -> Result<()> {
    let bootstrap = setup.fixture().bootstrap(stage.fixture.speech.address())?;
    ensure!(stage.fixture.envoy.push(bootstrap).await? == Push::Accepted);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_in_mid_stream_loses_nothing_of_the_old_streams_nor_of_the_new() -> Result<()> {
    let mut stage = dynamic(8192, "50ms").start().await?;
    let script = Script {
        content: Content::Pcm,
        bytes: 40_000,
        cuts: Cuts::Frames,
        longest_pause_ms: 3,
        ..Script::default()
    };
    for round in 0..3 {
        let name = format!("round {round}");
        let hold = Some(Hold { at: 20_000, name: name.clone() });
        let old = everywhere(&Protocol::ALL, &Script { hold, ..script.clone() });
        let (count, clients) = (old.len(), stage.clients.clone());
        let old = tokio::spawn(async move { run_all(&clients, &old, Heard::Whole).await });
        let held = stage.fixture.speech.wait_for_held(&name, count).await;
        ensure!(held.is_ok(), "{held:?} of {count} are under way");
        push(&mut stage, &dynamic(256 << round, "5ms")).await?;
        stage.reconnect();
        run_all(&stage.clients, &everywhere(&Protocol::ALL, &script), Heard::Whole).await?;
        stage.fixture.speech.release_all(&name);
        old.await??;
        stage.settle().await?;
    }
    stage.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_while_hundreds_of_streams_run_lose_nothing() -> Result<()> {
    let mut stage = dynamic(8192, "20ms").start().await?;
    let clients = stage.clients.clone();
    let campaign = Campaign::new(800, &Protocol::ALL).at_once(50);
    let running = tokio::spawn(async move { campaign.play(&clients).await });
    let mut pushes = 0;
    while !running.is_finished() {
        pushes += 1;
        let max_bytes = if pushes % 2 == 0 { 8192 } else { 512 };
        push(&mut stage, &dynamic(max_bytes, "10ms")).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let tally = running.await??;
    println!("{pushes} pushes");
    ensure!(pushes > 2 && tally.count(Heard::Whole) == 800, "{pushes} pushes, {tally}");
    stage.settle().await?;
    stage.finish().await
}
