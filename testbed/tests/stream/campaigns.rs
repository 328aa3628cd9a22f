//! Thousands of streams of any kind, in every mode and over every protocol, many at once.

use anyhow::{Result, ensure};
use rand::Rng;
use voxgate_testbed::exact::{Campaign, Heard, Protocol, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_any_kind_come_byte_for_byte() -> Result<()> {
    let stage = Stage::setup().start().await?;
    let campaign = Campaign::new(1600, &Protocol::ALL);
    let tally = campaign.shape(|plan, random| {
        plan.script.trailers = random.random_ratio(1, 3);
    });
    let tally = tally.run(&stage).await?;
    ensure!(tally.count(Heard::Whole) == 1600, "{tally}");
    stage.finish().await
}
