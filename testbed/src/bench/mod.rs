//! What a filter costs Envoy: processor time a request and memory, side by side in one run.
//!
//! Each subject is an Envoy with one worker that answers every request itself, so that nothing but
//! its filters differ. The cases take turns, round after round, so that what else the machine does
//! meets all of them; the median of the rounds counts.

mod cases;
mod load;
mod report;
mod subject;
mod tokens;

pub use report::table;

use anyhow::{Context, Result};
use cases::Case;
use std::time::Duration;
use subject::Subject;

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How often the cases take turns.
    pub rounds: usize,
    /// Requests of one case in one round.
    pub requests: usize,
    /// Only cases whose name contains one of these, and that without any filter; all when empty.
    pub only: Vec<String>,
}

/// What came out for one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was done.
    pub name: &'static str,
    /// Envoy's processor time for one request, of each round, in order.
    pub rounds: Vec<Duration>,
    /// Envoy's resident memory at the end, in bytes.
    pub resident_bytes: u64,
}

// === impl Measured ===

impl Measured {
    /// The median of the rounds.
    pub fn median(&self) -> Duration {
        let mut rounds = self.rounds.clone();
        rounds.sort_unstable();
        rounds.get(rounds.len() / 2).copied().unwrap_or_default()
    }
}

/// Measures every case; the first is that without any filter. `$ENVOY` names the Envoy,
/// `$VOXGATE_DIST` the folder of the modules, among them `empty.wasm` made of `empty.wat`.
///
/// # Errors
/// When an Envoy does not start, or answers otherwise than the case expects.
pub async fn run(plan: Plan) -> Result<Vec<Measured>> {
    let mut subjects = Vec::new();
    let mut cases = cases::chosen(&plan);
    for case in &cases {
        subjects.push(Subject::start(case).await.with_context(|| case.name)?);
    }
    let mut measured: Vec<Measured> = cases.iter().map(Measured::none).collect();
    for round in 0..=plan.rounds {
        for ((case, subject), result) in cases.iter_mut().zip(&subjects).zip(&mut measured) {
            let spent = subject.spend(case, plan.requests).await.with_context(|| case.name)?;
            // The first is to warm up.
            if round > 0 {
                result.rounds.push(spent / u32::try_from(plan.requests)?);
            }
        }
        eprintln!("round {round} of {}", plan.rounds);
    }
    for (subject, result) in subjects.into_iter().zip(&mut measured) {
        result.resident_bytes = subject.finish().await.with_context(|| result.name)?;
    }
    Ok(measured)
}

impl Measured {
    fn none(case: &Case) -> Self {
        Self { name: case.name, rounds: Vec::new(), resident_bytes: 0 }
    }
}
