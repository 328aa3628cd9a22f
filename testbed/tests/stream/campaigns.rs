//! Thousands of streams of any kind, in every mode and over every protocol, many at once.

use anyhow::{Result, ensure};
use rand::Rng;
use voxgate_testbed::exact::{Campaign, Heard, Protocol, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_any_kind_come_byte_for_byte() -> Result<()> {
    let stage = Stage::setup().start().await?;
    let campaign = Campaign::new(2000, &Protocol::ALL).shape(|plan, random| {
        plan.script.trailers = random.random_ratio(1, 3);
    });
    let tally = campaign.run(&stage).await?;
    ensure!(tally.count(Heard::Whole) == 2000, "{tally}");
    stage.assert_coalesced().await?;
    stage.finish().await
}

/// As to a port that is named `http`: trailers cannot pass, and gRPC is not spoken.
#[tokio::test(flavor = "multi_thread")]
async fn streams_of_a_service_that_speaks_http1_come_byte_for_byte() -> Result<()> {
    for (max_bytes, max_delay) in [(256, "5ms"), (16_384, "100ms")] {
        let setup = Stage::setup().http1_upstream().holding(max_bytes, max_delay);
        let stage = setup.start().await?;
        // What is written while Envoy is busy comes to it as one chunk, so: fewer at once.
        let campaign = Campaign::new(600, &Protocol::OVER_HTTP1).at_once(30);
        let tally = campaign.run(&stage).await?;
        ensure!(tally.count(Heard::Whole) == 600, "{tally}");
        stage.assert_coalesced().await?;
        stage.finish().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_clients_that_are_slow_or_leave_and_services_that_break_off_nothing_stays_stuck()
-> Result<()> {
    let stage = Stage::setup().holding(16_384, "50ms").start().await?;
    let campaign = Campaign::new(1200, &Protocol::ALL).shape(|plan, random| {
        plan.script.trailers = random.random_ratio(1, 3);
        plan.disturb(random, 2, 3, 2);
    });
    let tally = campaign.run(&stage).await?;
    for heard in [Heard::Whole, Heard::Broken, Heard::Left] {
        ensure!(tally.count(heard) > 100, "{tally}");
    }
    stage.assert_coalesced().await?;
    stage.finish().await
}
