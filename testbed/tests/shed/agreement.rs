//! The simulator and the real filter agree: one trace, one policy, one GPU.
//!
//! The trace goes through an Envoy to a service, and then, as it was really sent, through the simulator.
//! Real clocks are some milliseconds off, so what becomes of a request at a border is nobody's to foretell: those
//! are compared of which the simulator says the same however all arrivals, and the service, are shifted by up to
//! [`SHIFT`].

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::time::Instant;
use voxgate_policy::ShedPolicy;
use voxgate_policy::facts::AudioMillis;
use voxgate_policy::subject::Subject;
use voxgate_simulator::arrivals::Arrival;
use voxgate_simulator::model::GpuModel;
use voxgate_simulator::{self as simulator, Record, Report, Service, Shedder, run_telling};
use voxgate_testbed::client::{Client, Request, Response};
use voxgate_testbed::envoy;
use voxgate_testbed::fixture::Fixture;
use voxgate_testbed::speech::{self, Speech};

use super::support::{shedding, token_of, wait_for_nothing};

/// What a character takes to speak: as the policy estimates it, and as the service does it.
const ESTIMATED_MILLIS: u64 = 80;
const SPOKEN_MILLIS: u64 = 70;

/// In Hz: what is asked for, and what is left of it.
const RATE: u32 = 32_000;
const LESSER_RATE: u32 = 16_000;

/// In seconds of audio.
const LIMIT: u64 = 110;

/// How far a moment may be off, and how often the simulator is asked what that changes.
const SHIFT: Duration = Duration::from_millis(40);
const SHIFTS: u64 = 300;

fn gpu() -> GpuModel {
    GpuModel {
        memory_mb: 16_384.0,
        first_byte_seconds: 0.2,
        first_byte_growth: 0.02,
        ..GpuModel::default()
    }
}

fn policy(limit: u64) -> Value {
    let mut policy = shedding(json!({
        "capacity": {
            "limit": limit,
            "tiers": {
                "premium": { "share": 4, "reserve": 20, "queue": { "max": 4, "wait": "1500ms" } },
                "standard": { "share": 2 },
                "basic": { "share": 1 },
            },
        },
        "load": {
            "busy": { "in_use": 50, "first_byte": 200, "reported": 80 },
            "overload": { "in_use": 90, "first_byte": 400, "reported": 95 },
            "dwell": "500ms",
        },
        "ladder": [
            {
                "name": "long-busy",
                "text_chars": { "above": 200 },
                "load": ["busy"],
                "rung": "degrade",
                "degrade": { "sample_rate": LESSER_RATE },
            },
            {
                "name": "long-overload",
                "text_chars": { "above": 200 },
                "load": ["overload"],
                "rung": "reject",
            },
            { "name": "basic-overload", "tiers": ["basic"], "load": ["overload"], "rung": "reject" },
        ],
    }));
    policy["facts"] = json!({ "chars_per_second": { "latin": 1000.0 / ESTIMATED_MILLIS as f64 } });
    let standard =
        json!({ "name": "standard", "scopes": ["tts.standard"], "allow": ["tts.synthesize"] });
    policy["tiers"].as_array_mut().expect("a list").insert(1, standard);
    policy
}

/// A calm time, a burst that is more than the service bears, and a calm time again.
fn trace() -> Vec<Arrival> {
    let phases = [(12, 350), (40, 90), (24, 200)];
    let gaps = phases.into_iter().flat_map(|(count, gap)| std::iter::repeat_n(gap, count));
    let mut at = 0;
    let arrival = |(number, gap): (u64, u64)| {
        at += gap;
        let is_long = number % 5 == 3;
        let chars = if is_long { 300 + number * 53 % 250 } else { 20 + number * 37 % 60 };
        let tier = ["basic", "premium", "standard", "basic"][number as usize % 4];
        Arrival {
            at: Duration::from_millis(at),
            tenant: Rc::from(format!("{tier}-{}", number % 3)),
            tier: Rc::from(tier),
            operation: Rc::from("tts.synthesize"),
            chars,
            estimate: AudioMillis(chars * ESTIMATED_MILLIS),
            audio: AudioMillis(chars * SPOKEN_MILLIS),
            sample_rate: RATE,
        }
    };
    (0..).zip(gaps).map(arrival).collect()
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Passed,
    Degraded,
    /// With this problem, by this part of the policy.
    Refused {
        problem: String,
        rule: String,
    },
    Broken(String),
}

/// The same, and what is known of why.
#[derive(Debug, Clone)]
struct Told {
    fate: Fate,
    why: String,
}

// === impl Fate ===

impl Fate {
    fn refused(problem: &Value) -> Self {
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        Self::Refused { problem: text("type"), rule: text("rule") }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.fate, self.why)
    }
}

// === the simulator ===

/// What becomes of these, each at its place.
fn simulate(asked: &[Arrival], shedder: &Shedder, model: GpuModel) -> (Vec<Told>, Report) {
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

fn shedder(limit: u64) -> Result<Shedder> {
    let policy = ShedPolicy::from_json(policy(limit).to_string().as_bytes())?;
    let rules = Box::new(policy.rules().expect("it sheds").clone());
    Ok(Shedder::Policy { rules, names: policy.operations().clone(), learner: None })
}

/// Of which of these the simulator says the same whatever is a little earlier or later.
fn is_sure(asked: &[Arrival], shedder: &Shedder, told: &[Told]) -> Vec<bool> {
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

// === the filter ===

/// Sends each when its time has come; tells when that really was.
async fn send(client: &Client, trace: &[Arrival]) -> Result<(Vec<Arrival>, Vec<Told>)> {
    // Signing takes its time, too.
    let asks: Vec<Request> = trace.iter().map(|arrival| ask(client, arrival)).collect();
    let began = Instant::now();
    let mut sent = Vec::new();
    let mut answers = Vec::new();
    for (arrival, request) in trace.iter().zip(asks) {
        tokio::time::sleep_until(began + arrival.at).await;
        sent.push(Arrival { at: began.elapsed(), ..arrival.clone() });
        answers.push(tokio::spawn(request.send()));
    }
    let mut told = Vec::new();
    for (answer, arrival) in answers.into_iter().zip(trace) {
        told.push(match answer.await? {
            Ok(response) => Told::by_filter(&response, arrival),
            Err(error) => Told { fate: Fate::Broken(error.to_string()), why: String::new() },
        });
    }
    Ok((sent, told))
}

fn ask(client: &Client, arrival: &Arrival) -> Request {
    let body = json!({
        "text": "x".repeat(arrival.chars as usize),
        "sample_rate": arrival.sample_rate,
        "response_format": "pcm",
    });
    client.post("/tts").bearer(token_of(&arrival.tenant, &arrival.tier)).json(&body)
}

impl Told {
    fn by_filter(response: &Response, arrival: &Arrival) -> Self {
        if response.status != 200 {
            let problem = response.json();
            let why = format!("status {}, {problem}", response.status);
            return Self { fate: Fate::refused(&problem), why };
        }
        let degraded = response.header("x-voxgate-degraded");
        let rate = if degraded.is_some() { LESSER_RATE } else { RATE };
        let (bytes, wanted) = (response.body.len(), arrival.audio.0 * u64::from(rate) / 1000 * 2);
        let fate = match degraded {
            // The simulator's job is as long as the service's.
            _ if bytes as u64 != wanted => Fate::Broken(format!("{bytes} bytes, not {wanted}")),
            Some(_) => Fate::Degraded,
            None => Fate::Passed,
        };
        let first_byte = response.time_to_first_byte.as_millis();
        Self { fate, why: format!("degraded {degraded:?}, first byte after {first_byte} ms") }
    }
}

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
    // They do not agree whatever is simulated.
    let (other, _) = simulate(&sent, &shedder(LIMIT - 10)?, gpu());
    ensure!(!differences(&sent, &sure, &other, &seen).is_empty(), "a lower limit is the same");
    Ok(())
}
