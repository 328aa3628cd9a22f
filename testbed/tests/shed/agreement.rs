//! The simulator and the real filter agree: one trace, one policy, one GPU.
//!
//! The trace goes through an Envoy to a service, and then, as it was really sent, through the simulator.
//! Real clocks are some milliseconds off, so what becomes of a request at a border is nobody's to foretell: those
//! are compared of which the simulator says the same however all arrivals, and the service, are shifted by up to
//! [`simulated::SHIFT`].

mod seen;
mod simulated;
mod told;
mod trace;

use anyhow::{Result, ensure};
use serde_json::json;
use voxgate_simulator::arrivals::Arrival;
use voxgate_simulator::{self as simulator, Shedder};
use voxgate_testbed::envoy;
use voxgate_testbed::fixture::Fixture;
use voxgate_testbed::speech::{self, Speech};

use super::support::wait_for_nothing;
use seen::send;
use simulated::{is_sure, shedder, simulate};
use told::{Fate, Told};
use trace::{LIMIT, gpu, policy, trace};

/// Of which of those that are sure they say different things.
fn differences(sent: &[Arrival], sure: &[bool], simulated: &[Told], seen: &[Told]) -> Vec<String> {
    let differ = (0..sent.len()).filter(|it| sure[*it] && simulated[*it].fate != seen[*it].fate);
    let tell = |it: usize| {
        let Arrival { at, tier, chars, .. } = &sent[it];
        let (simulated, seen) = (&simulated[it], &seen[it]);
        format!("{it}: {tier}, {chars} chars, at {at:?}: simulated {simulated}, really {seen}")
    };
    differ.map(tell).collect()
}

#[test]
fn the_trace_has_all_that_can_become_of_a_request_and_hardly_a_border() -> Result<()> {
    let trace = trace();
    let (_, unguarded) = simulate(&trace, &Shedder::Nobody, gpu());
    ensure!(unguarded.crashes > 0, "there is no need to shed");
    let (told, guarded) = simulate(&trace, &shedder(LIMIT)?, gpu());
    ensure!(guarded.crashes == 0, "it falls over");
    let sure = is_sure(&trace, &shedder(LIMIT)?, &told);
    let told: Vec<&Told> =
        told.iter().zip(&sure).filter_map(|(it, sure)| sure.then_some(it)).collect();
    ensure!(told.len() * 10 >= trace.len() * 9, "{} of {} are sure", told.len(), trace.len());
    let refused = |problem: &str, rule: &str| {
        let problem = format!("tag:voxgate,2026:problem/{problem}");
        Fate::refused(&json!({ "type": problem, "rule": format!("shedding.{rule}") }))
    };
    let all = [
        Fate::Passed,
        Fate::Degraded,
        refused("busy", "capacity"),
        refused("busy", "ladder.basic-overload"),
        refused("busy", "ladder.long-overload"),
        refused("text-too-long", "ladder.long-overload"),
    ];
    for fate in &all {
        let count = told.iter().filter(|it| it.fate == *fate).count();
        ensure!(count >= 2, "{count} are {fate:?}");
    }
    ensure!(told.iter().all(|it| all.contains(&it.fate)), "{told:#?}");
    let waits = |it: &simulator::Slice| it.tier == "premium" && it.wait.p99 > 0.0;
    ensure!(guarded.slices.iter().any(waits), "nobody waits");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_and_the_filter_agree_on_a_trace() -> Result<()> {
    let options = speech::Options { gpu: Some(gpu()), ..speech::Options::default() };
    let speech = Speech::start_with(options).await?;
    let bootstrap = Fixture::of(policy(LIMIT)).bootstrap(speech.address())?;
    let options = envoy::Options { concurrency: 2, ..envoy::Options::default() };
    let fixture = Fixture { envoy: options.start(bootstrap).await?, speech };
    let (sent, seen) = send(&fixture.http1(), &trace()).await?;
    wait_for_nothing(&fixture).await?;
    let crashes = fixture.speech.gpu().map(|it| it.crashes);
    fixture.finish().await?;

    let (simulated, _) = simulate(&sent, &shedder(LIMIT)?, gpu());
    let sure = is_sure(&sent, &shedder(LIMIT)?, &simulated);
    let differ = differences(&sent, &sure, &simulated, &seen);
    ensure!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    ensure!(crashes == Some(0), "the service fell over: {crashes:?}");
    // Sent too unevenly, it were another trace.
    let count = sure.iter().filter(|it| **it).count();
    ensure!(count * 4 >= sent.len() * 3, "only {count} of {} are sure", sent.len());
    println!("{count} of {} are sure", sent.len());
    // They do not agree whatever is simulated.
    let (other, _) = simulate(&sent, &shedder(LIMIT - 10)?, gpu());
    ensure!(!differences(&sent, &sure, &other, &seen).is_empty(), "a lower limit is the same");
    Ok(())
}
