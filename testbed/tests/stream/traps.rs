//! A VM that traps in mid-stream. Nothing that is shipped traps, so the host is told to deny it the call
//! by which its timer lets go on what is held.

use super::support::{everywhere, run_all};
use anyhow::{Result, bail, ensure};
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use voxctl::render::Filter;
use voxgate_testbed::client::ClientError;
use voxgate_testbed::envoy::Options;
use voxgate_testbed::exact::{Clients, Heard, Lost, Mode, Plan, Protocol, Stage};
use voxgate_testbed::fixture::{Fixture, deny, expect_trap};
use voxgate_testbed::script::{Content, Cuts, Hold, Script};
use voxgate_testbed::speech::Speech;

const RESUME: &str = "proxy_continue_stream";

/// How a stream ended that was not to be whole: the client was told.
fn told(plan: &Plan, heard: Result<Heard, Lost>) -> Result<()> {
    match heard {
        Ok(_) | Err(Lost::Status(_) | Lost::Client(ClientError::Http(_))) => Ok(()),
        Err(Lost::BrokenOff { error, .. }) if !matches!(error, ClientError::TimedOut(_)) => Ok(()),
        Err(lost) => bail!("{lost}: {plan:?}"),
    }
}

/// A stream in mode `through`, which needs no timer.
fn through(script: &Script) -> Vec<Plan> {
    let plans = everywhere(&Protocol::ALL, script).into_iter();
    plans.filter(|plan| plan.mode == Mode::Through).collect()
}

/// Sound that stands still with something held, until the timer goes off, and the VM traps.
async fn trap(clients: &Clients, speech: &Speech, name: &str) -> Result<()> {
    let script = Script {
        content: Content::Pcm,
        bytes: 40_000,
        cuts: Cuts::Frames,
        longest_pause_ms: 10,
        hold: Some(Hold { at: 20_000, name: name.to_owned() }),
        ..Script::default()
    };
    let plan = Plan::new(Protocol::Http2, Mode::Interval, script);
    let trapping = plan.run(clients);
    let going_on = async {
        // A busy machine's timer is late.
        tokio::time::sleep(Duration::from_millis(300)).await;
        speech.release_all(name);
    };
    let (heard, ()) = tokio::join!(trapping, going_on);
    told(&plan, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_in_mid_stream_ends_what_runs_and_new_streams_come_whole() -> Result<()> {
    let speech = Speech::start().await?;
    let mut bootstrap = Stage::setup().fixture().bootstrap(speech.address())?;
    ensure!(deny(Filter::ChunkFlush, RESUME, &mut bootstrap) == 1, "the capability is there");
    let mut envoy = Options::default().start(bootstrap).await?;
    expect_trap(&mut envoy, RESUME);
    let mut stage = Stage::of(Fixture { envoy, speech });

    let script = Script { content: Content::Pcm, bytes: 40_000, ..Script::default() };
    for round in 1..=3 {
        let name = format!("round {round}");
        let hold = Some(Hold { at: 20_000, name: name.clone() });
        let plans = through(&Script { hold, cuts: Cuts::Frames, ..script.clone() });
        let plans: Vec<Plan> = plans.iter().cycle().take(5 * plans.len()).cloned().collect();
        let (count, clients) = (plans.len(), stage.clients.clone());
        let running = tokio::spawn(async move {
            let heard = join_all(plans.iter().map(|plan| plan.run(&clients))).await;
            plans.iter().zip(heard).try_for_each(|(plan, heard)| told(plan, heard))
        });
        let before = reloads(&stage).await?;
        let speech = &stage.fixture.speech;
        let held = speech.wait_for_held(&name, count).await;
        ensure!(held.is_ok(), "{held:?} of {count} are under way");

        // On a busy machine nothing may be held when it stands still.
        for attempt in 1..=10 {
            trap(&stage.clients, speech, &format!("trap {round}.{attempt}")).await?;
            if reloads(&stage).await? > before || is_dead(&stage, &script).await? {
                break;
            }
        }
        speech.release_all(&name);
        running.await??;
        wait_for_reload(&stage, before, &script).await?;
        stage.reconnect();
        run_all(&stage.clients, &through(&script), Heard::Whole).await?;
        stage.settle().await?;
    }
    stage.fixture.finish().await
}

async fn reloads(stage: &Stage) -> Result<u64> {
    Ok(stage.fixture.envoy.stat("wasm.chunk-flush.vm_reload_success").await?)
}

fn through_http2(script: &Script) -> Plan {
    Plan::new(Protocol::Http2, Mode::Through, script.clone())
}

/// Whether the VM trapped and did not come back yet: it answers 503.
async fn is_dead(stage: &Stage, script: &Script) -> Result<bool> {
    let plan = through_http2(script);
    let heard = plan.run(&stage.clients).await;
    let is_dead = heard.is_err();
    told(&plan, heard)?;
    Ok(is_dead)
}

/// The VM comes back with a request, a second or so after it trapped.
async fn wait_for_reload(stage: &Stage, before: u64, script: &Script) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while reloads(stage).await? <= before {
        ensure!(Instant::now() < deadline, "the VM is not started anew");
        let plan = through_http2(script);
        let heard = plan.run(&stage.clients).await;
        told(&plan, heard)?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
