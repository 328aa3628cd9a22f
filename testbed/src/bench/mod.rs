//! What a filter costs Envoy: processor time a request and memory, side by side in one run.
//!
//! Each subject is an Envoy with one worker. It answers every request itself where only headers
//! count, so that nothing but its filters differ; where bodies are read they go to a server. The
//! cases take turns, round after round, so that what else the machine does meets all of them; the
//! median of the rounds counts.

mod bodies;
mod cases;
mod contention;
pub mod flood;
mod load;
mod measured;
mod report;
pub mod streams;
mod subject;
mod tokens;
mod upstream;

pub use contention::{Contention, contention};
pub use measured::{Comparison, Measured, Memory, Spread};
pub use report::summary;

use anyhow::{Context, Result};
use cases::Turns;
use std::net::SocketAddr;
use subject::Subject;

/// The largest body that an Envoy has to hold.
const MAX_BODY_BYTES: usize = 8 << 20;

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How often the cases take turns.
    pub rounds: usize,
    /// Requests of one case in one round.
    pub requests: usize,
    /// Of [`headers`] only cases, of [`facts`] only bodies whose name contains one of these; all
    /// when empty. The case without any filter is always among them.
    pub only: Vec<String>,
}

// === impl Plan ===

impl Plan {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|it| name.contains(it))
    }
}

/// Measures requests without a body. `$ENVOY` names the Envoy, `$VOXGATE_DIST` the folder of the
/// modules, among them `empty.wasm` made of `empty.wat`.
///
/// # Errors
/// When an Envoy does not start, or answers otherwise than the case expects.
pub async fn headers(plan: Plan) -> Result<Comparison> {
    compare(cases::headers(&plan), plan.rounds, None).await
}

/// Measures requests whose bodies are read, one comparison for each body; `each` gets them as they
/// come. A round has fewer requests where they are large.
///
/// # Errors
/// As [`headers`].
pub async fn facts(plan: Plan, each: impl Fn(&Comparison)) -> Result<Vec<Comparison>> {
    let upstream = upstream::start().await?;
    let mut comparisons = Vec::new();
    for turns in cases::facts(&plan) {
        let comparison = compare(turns, plan.rounds, Some(upstream.address())).await?;
        each(&comparison);
        comparisons.push(comparison);
    }
    Ok(comparisons)
}

/// Measures requests that are counted.
///
/// # Errors
/// As [`headers`].
pub async fn quotas(plan: Plan) -> Result<Comparison> {
    compare(cases::quotas(&plan), plan.rounds, None).await
}

/// Measures requests for speech that are shed, or might be.
///
/// # Errors
/// As [`headers`].
pub async fn shedding(plan: Plan) -> Result<Comparison> {
    let upstream = upstream::start().await?;
    compare(cases::shedding(&plan), plan.rounds, Some(upstream.address())).await
}

async fn compare(turns: Turns, rounds: usize, upstream: Option<SocketAddr>) -> Result<Comparison> {
    let Turns { title, requests, ask, mut cases } = turns;
    let mut subjects = Vec::new();
    for case in &cases {
        subjects.push(Subject::start(case, upstream).await.with_context(|| case.name)?);
    }
    let mut measured: Vec<_> = cases.iter().map(|it| Measured::none(it.name)).collect();
    for round in 0..=rounds {
        for ((case, subject), result) in cases.iter_mut().zip(&subjects).zip(&mut measured) {
            let spent = subject.spend(&ask, case, requests).await.with_context(|| case.name)?;
            if round > 0 {
                result.rounds.push(spent / u32::try_from(requests)?);
            } else {
                // This one is to warm up.
                subject.forget_peak()?;
            }
        }
        eprintln!("{title}: round {round} of {rounds}");
    }
    for (subject, result) in subjects.into_iter().zip(&mut measured) {
        result.memory = subject.finish().await.with_context(|| result.name)?;
    }
    Ok(Comparison { title, requests, measured })
}
