//! Streams whose audio and pauses are known: the filter's figures are between what the service and the
//! client saw.
//!
//! The filter sees a chunk after the service has sent it and before the client has it, and a request the
//! other way round. So its time to first audio is at least the service's and at most the client's, and its
//! underruns are those that either counts, for a pause is longer by far than what lies between the two.

use super::listener::{Heard, hear};
use super::samples::{self, Sample};
use super::support::{
    alone, ask, assert_all_good, figures, get, holding, measuring, millis, recording,
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::time::Duration;
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::Fixture;

/// When each part is sent. All that is before the last is played 500 ms before the next comes.
const PAUSED: [u64; 4] = [0, 500, 1700, 2900];
/// Here each comes half a second before the one before it has been played.
const STEADY: [u64; 4] = [0, 100, 200, 300];

/// How often a stream is played at most.
const ATTEMPTS: usize = 3;

/// Figures are rounded to a tenth, and clocks to a microsecond.
const ROUNDING: f64 = 0.2;

/// Whether a machine was fast enough.
#[derive(Debug, PartialEq)]
enum Played {
    AsPlanned,
    Otherwise,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_agree_with_what_service_and_client_counted_for_every_format() {
    compare_all(measuring()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_agree_likewise_where_chunks_are_held() {
    compare_all(holding()).await;
}

async fn compare_all(policy: Value) {
    let _alone = alone().await;
    let fixture = Fixture::of(policy).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let samples = samples::all();
        let checks = samples.iter().flat_map(|sample| {
            [("paused", PAUSED), ("steady", STEADY)].map(|(manner, times)| {
                let id = format!("{} {manner} {protocol}", sample.name);
                check(&fixture, client.clone(), sample, times, id)
            })
        });
        assert_all_good(checks).await;
    }
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

/// Plays it as often as it takes a busy machine to play it as planned: otherwise, it proves nothing about
/// underruns.
async fn check(
    fixture: &Fixture,
    client: Client,
    sample: &Sample,
    times: [u64; 4],
    id: String,
) -> Result<()> {
    for attempt in 1..=ATTEMPTS {
        let id = format!("{id} {attempt}");
        let played = play(fixture, &client, sample, times, &id).await;
        if played.with_context(|| id)? == Played::AsPlanned {
            return Ok(());
        }
    }
    bail!("{id}: {ATTEMPTS} times not played as planned")
}

async fn play(
    fixture: &Fixture,
    client: &Client,
    sample: &Sample,
    times: [u64; 4],
    id: &str,
) -> Result<Played> {
    let mut from = 0;
    let mut parts = Vec::new();
    for ((to, _), at) in sample.cuts.iter().zip(times) {
        parts.push((at, &sample.bytes[from..*to]));
        from = *to;
    }
    ensure!(from == sample.bytes.len(), "the cuts end at {from} of {}", sample.bytes.len());
    fixture.speech.record(id, recording(sample.content_type, &parts));
    let got = get(ask(client, id, id)).await?;
    ensure!(got.body == sample.bytes && got.complete, "other bytes came than were sent");
    let figures = figures(fixture, id).await?;
    let played = fixture.speech.played(id).context("not played")?;

    // When the service sent each part, and when the client had all of it.
    let service: Vec<Duration> = played.pieces.iter().map(|at| *at - played.begun).collect();
    let arrived = |(end, _): &(usize, u64)| {
        got.arrivals.iter().find(|(_, bytes)| bytes >= end).map(|(at, _)| *at)
    };
    let client: Vec<Duration> = sample.cuts.iter().filter_map(arrived).collect();
    ensure!(service.len() == sample.cuts.len() && client.len() == service.len());
    let audio = |times: &[Duration]| -> Vec<(Duration, Duration)> {
        let audio = sample.cuts.iter().map(|(_, micros)| Duration::from_micros(*micros));
        times.iter().copied().zip(audio).collect()
    };
    let planned: Vec<Duration> = times.iter().copied().map(Duration::from_millis).collect();
    let [planned, by_service, by_client] =
        [&planned, &service, &client].map(|times| hear(&audio(times)));
    let told = format!("{figures:?}; the service {by_service:?}, the client {by_client:?}");

    let total = sample.cuts.last().map_or(0, |(_, micros)| *micros) as f64 / 1000.0;
    let measured = figures.audio_ms.with_context(|| format!("no audio: {told}"))?;
    ensure!(
        (measured - total).abs() <= millis(sample.frame) + ROUNDING,
        "{total} ms of audio: {told}"
    );

    let ttfa = figures.ttfa_ms.with_context(|| format!("never audible: {told}"))?;
    let (least, most) = (service[sample.audible_in], client[sample.audible_in]);
    ensure!(
        ttfa >= millis(least) - ROUNDING && ttfa <= millis(most) + ROUNDING,
        "first audio after {least:?} to {most:?}: {told}"
    );

    ensure!(figures.end == "complete" && figures.bytes == sample.bytes.len() as u64, "{told}");
    let as_planned = |heard: Heard| heard.underruns == planned.underruns;
    if !(as_planned(by_service) && as_planned(by_client)) {
        println!("not as planned, {planned:?}: {told}");
        return Ok(Played::Otherwise);
    }
    ensure!(figures.underruns == planned.underruns, "{planned:?}: {told}");
    ensure!(figures.continuous == Some(planned.underruns == 0), "{told}");
    // A hole begins with one part's arrival and ends with another's; each is as uncertain as this.
    let slack = service.iter().zip(&client).map(|(sent, came)| came.saturating_sub(*sent)).max();
    let slack = 2.0 * millis(slack.unwrap_or_default()) + millis(sample.frame) + ROUNDING;
    ensure!(
        (figures.missing_ms - millis(by_client.missing)).abs() <= slack,
        "missing, give or take {slack} ms: {told}"
    );
    Ok(Played::AsPlanned)
}
