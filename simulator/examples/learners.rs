//! Compares ways to learn a capacity: `cargo run --release -p voxgate-simulator --example learners`.
//!
//! Prints the table of docs/shedding-simulation.md.

use std::rc::Rc;
use std::time::Duration;

use voxgate_policy::shed::ShedRules;
use voxgate_policy::{ShedPolicy, operation::OperationNames};
use voxgate_simulator::arrivals::{Scenario, Shape};
use voxgate_simulator::learner::Method;
use voxgate_simulator::model::GpuModel;
use voxgate_simulator::{Report, Service, Shedder, run};

const SEEDS: u64 = 5;

fn main() {
    let methods = [
        ("first-byte gradient with a wall (shipped)", None),
        ("AIMD on first bytes and failures", Some(Method::Aimd)),
        ("Gradient2 on first bytes", Some(Method::Gradient2)),
        ("gradient on whole requests", Some(Method::WholeRequest)),
    ];
    let models = [
        ("latency", GpuModel::default()),
        (
            "memory",
            GpuModel { first_byte_growth: 0.0, per_job_max_speed: 2.0, ..GpuModel::default() },
        ),
        ("not streaming", GpuModel { streams: false, ..GpuModel::default() }),
    ];
    println!(
        "| service | scenario | learner | goodput (s/s) | crashes | first byte p99 of short (s) | refused (%) | though there was room (%) |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (service_name, model) in &models {
        for (scenario_name, shape, seconds, long) in [
            ("flood, 5 % long", Shape::Flood(3.0), 720, 5.0),
            ("flood, 20 % long", Shape::Flood(3.0), 720, 20.0),
            ("day", Shape::Days(0.25), 86_400, 1.0),
        ] {
            for (name, learner) in [("nobody sheds", None)].into_iter().chain(methods) {
                let reports = (1..=SEEDS).map(|seed| {
                    let shedder = if name == "nobody sheds" {
                        Shedder::Nobody
                    } else {
                        let (rules, names) = rules();
                        Shedder::Policy { rules, names, learner }
                    };
                    simulate(model, shape, seconds, long, seed, &shedder)
                });
                print(service_name, scenario_name, name, &reports.collect::<Vec<_>>());
            }
        }
    }
}

fn rules() -> (Box<ShedRules>, OperationNames) {
    let json = br#"{"version": 1, "tiers": [{"name": "premium", "scopes": ["a"], "allow": ["*"]}, {"name": "standard", "scopes": ["b"], "allow": ["*"]}, {"name": "basic", "scopes": ["c"], "allow": ["*"]}], "shedding": {}}"#;
    let policy = ShedPolicy::from_json(json).expect("a policy");
    (Box::new(policy.rules().expect("a section").clone()), policy.operations().clone())
}

fn simulate(
    model: &GpuModel,
    shape: Shape,
    seconds: u64,
    long: f64,
    seed: u64,
    shedder: &Shedder,
) -> Report {
    let duration = Duration::from_secs(seconds);
    let tiers: Vec<Rc<str>> = ["premium", "standard", "basic"].map(Rc::from).to_vec();
    let speed = model.audio_seconds_per_second;
    let mut scenario = Scenario::new(shape, duration, speed, &tiers);
    scenario.long_percent = long;
    let service = Service {
        online: model.clone(),
        batch: model.clone(),
        in_time: Duration::from_secs(if model.streams { 1 } else { 10 }),
        patience: Duration::from_secs(10),
    };
    run(&service, scenario.arrivals(seed), shedder, duration)
}

fn print(service: &str, scenario: &str, name: &str, reports: &[Report]) {
    let mean =
        |of: &dyn Fn(&Report) -> f64| reports.iter().map(of).sum::<f64>() / reports.len() as f64;
    let slowest = |it: &Report| {
        let short = it.slices.iter().filter(|it| !it.is_long);
        short.map(|it| it.first_byte.p99).fold(0.0, f64::max)
    };
    let percent = |part: u64, it: &Report| 100.0 * part as f64 / it.all.offered as f64;
    println!(
        "| {service} | {scenario} | {name} | {:.1} | {:.1} | {:.2} | {:.1} | {:.2} |",
        mean(&|it| it.goodput),
        mean(&|it| it.crashes.into()),
        mean(&slowest),
        mean(&|it| percent(it.all.refused(), it)),
        mean(&|it| percent(it.false_rejections, it)),
    );
}
