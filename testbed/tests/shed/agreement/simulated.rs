//! By the simulator.

use std::time::Duration;

use anyhow::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use voxgate_policy::ShedPolicy;
use voxgate_policy::subject::Subject;
use voxgate_simulator::arrivals::Arrival;
use voxgate_simulator::model::GpuModel;
use voxgate_simulator::{self as simulator, Record, Report, Service, Shedder, run_telling};

use super::told::{Fate, Told};
use super::trace::{gpu, policy};

/// How far a moment may be off, and how often the simulator is asked what that changes.
pub const SHIFT: Duration = Duration::from_millis(40);
pub const SHIFTS: u64 = 300;

/// What becomes of these, each at its place.
pub fn simulate(asked: &[Arrival], shedder: &Shedder, model: GpuModel) -> (Vec<Told>, Report) {
    let mut order: Vec<usize> = (0..asked.len()).collect();
    order.sort_by_key(|place| asked[*place].at);
    let service = Service {
        batch: model.clone(),
        online: model,
        in_time: Duration::from_secs(1),
        patience: Duration::from_secs(60),
    };
    let mut told = vec![None; asked.len()];
    let mut tell = |record: &Record| {
        told[order[record.number as usize - 1]] = Some(Told::by_simulator(record));
    };
    let arrivals = order.iter().map(|place| asked[*place].clone());
    let report = run_telling(&service, arrivals, shedder, Duration::from_secs(60), &mut tell);
    (told.into_iter().map(|it| it.expect("all end")).collect(), report)
}

pub fn shedder(limit: u64) -> Result<Shedder> {
    let policy = ShedPolicy::from_json(policy(limit).to_string().as_bytes())?;
    let rules = Box::new(policy.rules().expect("it sheds").clone());
    Ok(Shedder::Policy { rules, names: policy.operations().clone(), learner: None })
}

/// Of which of these the simulator says the same whatever is a little earlier or later.
pub fn is_sure(asked: &[Arrival], shedder: &Shedder, told: &[Told]) -> Vec<bool> {
    let mut is_sure = vec![true; asked.len()];
    let shift = SHIFT.as_secs_f64();
    for seed in 0..SHIFTS {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut shifted = asked.to_vec();
        for arrival in &mut shifted {
            let later = arrival.at + Duration::from_secs_f64(random.random_range(0.0..2.0 * shift));
            arrival.at = later.saturating_sub(SHIFT);
        }
        let first_byte_seconds = gpu().first_byte_seconds + random.random_range(0.0..shift);
        let (others, _) = simulate(&shifted, shedder, GpuModel { first_byte_seconds, ..gpu() });
        for (place, other) in others.iter().enumerate() {
            is_sure[place] &= other.fate == told[place].fate;
        }
    }
    is_sure
}

impl Told {
    fn by_simulator(record: &Record) -> Self {
        let rule = record.rule.as_deref();
        let fate = match &record.fate {
            simulator::Fate::Served { .. } if record.degraded => Fate::Degraded,
            simulator::Fate::Served { .. } => Fate::Passed,
            simulator::Fate::Refused { refusal: Some(refusal), .. } => {
                let answer = refusal.answer(&Subject::default(), rule, record.level, None, 0);
                Fate::refused(&serde_json::from_slice(&answer.problem).expect("JSON"))
            }
            // It waited in vain.
            simulator::Fate::Refused { refusal: None, .. } => Fate::refused(
                &json!({ "type": "tag:voxgate,2026:problem/busy", "rule": "shedding.capacity" }),
            ),
            other => Fate::Broken(format!("{other:?}")),
        };
        let waited = record.waited.as_millis();
        let why = format!("load {}, rule {rule:?}, waited {waited} ms", record.level.as_str());
        Self { fate, why }
    }
}
