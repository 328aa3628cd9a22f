//! Services that break off in mid-stream: what came is the beginning of what was sent, and the client
//! is told that it is not the whole.

use super::support::{everywhere, run_all};
use anyhow::Result;
use voxgate_testbed::exact::{Heard, Protocol, Stage};
use voxgate_testbed::script::{Content, Cuts, Ending, Script};

/// Behind no byte, the first, some that are held, and the last.
const PLACES: [usize; 5] = [0, 1, 3000, 20_000, 100_000];

fn broken(ending: Ending) -> Script {
    let (content, bytes, cuts) = (Content::Wav, 40_000, Cuts::Frames);
    Script { content, bytes, cuts, longest_pause_ms: 3, ending, ..Script::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_is_never_taken_for_whole() -> Result<()> {
    let stage = Stage::setup().start().await?;
    for at in PLACES {
        let plans = everywhere(&Protocol::ALL, &broken(Ending::Breaks(at)));
        run_all(&stage.clients, &plans, Heard::Broken).await?;
        stage.settle().await?;
    }
    stage.finish().await
}

/// Of HTTP/2, all streams of the connection end.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_reset_ends_its_streams() -> Result<()> {
    let stage = Stage::setup().start().await?;
    for at in PLACES {
        let plans = everywhere(&Protocol::ALL, &broken(Ending::Resets(at)));
        run_all(&stage.clients, &plans, Heard::Broken).await?;
        stage.settle().await?;
    }
    let plans = everywhere(&Protocol::ALL, &broken(Ending::Whole));
    run_all(&stage.clients, &plans, Heard::Whole).await?;
    stage.finish().await
}
