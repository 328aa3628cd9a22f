//! The flood: a service that falls over is offered several times what it can bear, and different
//! things stand in front of it, in one session.
//!
//! The service's GPU is [`model`]; it makes 80 seconds of audio in one, in jobs of at most 10 each, so that
//! eight jobs fill it; more only slow each other down and take memory. A fifth of the texts is long and
//! makes three quarters of the audio. Requests come by a schedule that waits for nobody, for
//! that is what makes a flood.
//!
//! What the service can bear is measured first: the same requests are sent as soon as there is room for
//! them by the GPU's own model, which no proxy can know.

mod cases;
mod drive;
mod measured;
mod mix;
mod report;
mod seen;

pub use measured::{Class, Ends, FirstByte, Run};
pub use mix::{Ask, Mix, Tier};
pub use seen::{End, Refusal, Seen, Sound};

use anyhow::{Context, Result, ensure};
use cases::Case;
use drive::{Clients, Room};
use std::time::Duration;
use voxgate_policy::facts::AudioMillis;
use voxgate_simulator::model::GpuModel;

use crate::envoy::Options;
use crate::speech::{self, CHARACTER_MILLIS, Speech};

/// Requests of premium's that are sent one at a time, to know what the first byte takes alone.
const ALONE: usize = 100;

/// For how long it is measured what the service can bear, with each of so many jobs at once: eight fill
/// it, but those that wait for their first sound leave their share of it unused.
const BEST: (Duration, [usize; 3]) = (Duration::from_secs(60), [8, 10, 12]);

/// For how long ordinary load follows the flood.
pub const AFTER: Duration = Duration::from_secs(30);

/// How much that is of what the service can bear.
const ORDINARY: f64 = 0.3;

/// What is run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// For how long each is flooded; its own time when absent.
    pub seconds: Option<u64>,
    /// Times what the service can bear.
    pub load: f64,
    /// Of the requests.
    pub seed: u64,
    /// Only cases whose name contains one of these; all when empty.
    pub only: Vec<String>,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Flood {
    /// Offered in a second: requests.
    pub per_second: f64,
    /// … and seconds of their audio.
    pub offered: f64,
    /// The best constant load, in seconds of audio a second.
    pub best: f64,
    /// What premium's short texts take through it if nobody else asks.
    pub alone: FirstByte,
    /// One for each case.
    pub runs: Vec<Run>,
}

/// The GPU of the service that is flooded.
pub fn model() -> GpuModel {
    GpuModel {
        audio_seconds_per_second: 80.0,
        per_job_max_speed: 10.0,
        first_byte_seconds: 0.25,
        first_byte_per_audio_second: 0.002,
        first_byte_growth: 0.04,
        ..GpuModel::default()
    }
}

/// Floods all that is planned; tells of each on the standard error.
///
/// # Errors
/// When an Envoy does not start, or a service that should not fall over does.
pub async fn flood(plan: Plan) -> Result<Flood> {
    let tokens = drive::tokens();
    let mut flood = Flood::before(plan.load, best(&tokens).await?, alone(&tokens).await?);
    eprintln!("{}", flood.notes());
    let wanted = |name: &&str| plan.only.is_empty() || plan.only.iter().any(|it| name.contains(it));
    for name in cases().into_iter().filter(wanted) {
        let standing = Standing::start(|it| it.name == name).await.context(name)?;
        let length = Duration::from_secs(plan.seconds.unwrap_or(standing.seconds));
        let mut mix = Mix::new(plan.seed);
        let mut asks = mix.during(length, flood.per_second);
        asks.extend(mix.during(AFTER, flood.per_second / plan.load * ORDINARY));
        let run = standing.run(name, length, &asks, &tokens).await.context(name)?;
        eprintln!("{}", report::line(&run));
        flood.runs.push(run);
    }
    Ok(flood)
}

/// The cases' names.
pub fn cases() -> Vec<&'static str> {
    cases::all(nobody()).iter().map(|it| it.name).collect()
}

/// Sends these requests through the Envoy of the case `name`.
///
/// # Errors
/// When there is no such case, or its Envoy does not start or warns.
pub async fn run(name: &str, length: Duration, asks: &[Ask]) -> Result<Run> {
    let standing = Standing::start(|it| it.name == name).await?;
    standing.run(name, length, asks, &drive::tokens()).await
}

/// The best constant load.
async fn best(tokens: &Tokens) -> Result<f64> {
    let (length, jobs) = BEST;
    let mut best = 0.0_f64;
    for jobs in jobs {
        let standing = Standing::without_filter().await?;
        let mut mix = Mix::new(0);
        let room = Room { model: model(), jobs };
        let clients = Clients::of(standing.envoy.address(), tokens);
        let seen = clients.fill(&room, length, || mix.next(1.0)).await;
        let run = standing.finish("best constant load", length, seen).await?;
        ensure!(run.crashes == 0, "it crashed by what there was room for");
        best = best.max(run.goodput(false));
    }
    Ok(best)
}

async fn alone(tokens: &Tokens) -> Result<FirstByte> {
    let standing = Standing::without_filter().await?;
    let clients = Clients::of(standing.envoy.address(), tokens);
    let seen = clients.alone(&mut Mix::new(0), ALONE).await;
    let run = standing.finish("alone", Duration::MAX, seen).await?;
    run.first_byte(Class::short(Tier::Premium)).context("nobody was served")
}

/// A service, its batch lane, and an Envoy in front of them.
struct Standing {
    envoy: crate::envoy::Envoy,
    online: Speech,
    batch: Speech,
    seconds: u64,
}

type Tokens = std::sync::Arc<std::collections::BTreeMap<(Tier, usize), String>>;

// === impl Standing ===

impl Standing {
    async fn without_filter() -> Result<Self> {
        Self::start(|it| it.name == "no filter").await
    }

    async fn start(wanted: impl Fn(&Case) -> bool) -> Result<Self> {
        let (online, batch) = (service("online").await?, service("batch").await?);
        let cases = cases::all(batch.address());
        let case = cases.iter().find(|it| wanted(it)).context("no such case")?;
        let options = Options {
            // A refusal is logged at `info`.
            log_level: "warning".to_owned(),
            ..Options::default()
        };
        let envoy = options.start(case.bootstrap(online.address())?).await?;
        Ok(Self { envoy, online, batch, seconds: case.seconds })
    }

    async fn run(self, name: &str, length: Duration, asks: &[Ask], tokens: &Tokens) -> Result<Run> {
        let seen = Clients::of(self.envoy.address(), tokens).follow(asks).await;
        self.finish(name, length, seen).await
    }

    async fn finish(self, name: &str, length: Duration, seen: Vec<Seen>) -> Result<Run> {
        let crashes = [&self.online, &self.batch].map(|it| it.gpu().map_or(0, |gpu| gpu.crashes));
        self.envoy.finish().await?;
        Ok(Run { name: name.to_owned(), length, seen, crashes: crashes.iter().sum() })
    }
}

async fn service(name: &str) -> Result<Speech> {
    let options = speech::Options {
        gpu: Some(model()),
        load_reports: true,
        name: Some(name.to_owned()),
        ..speech::Options::default()
    };
    Ok(Speech::start_with(options).await?)
}

fn nobody() -> std::net::SocketAddr {
    std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 9))
}

/// How long the service speaks a text of so many characters.
fn audio_of(chars: usize) -> AudioMillis {
    AudioMillis(chars as u64 * u64::from(CHARACTER_MILLIS))
}

// === impl Flood ===

impl Flood {
    fn before(load: f64, best: f64, alone: FirstByte) -> Self {
        let offered = load * best;
        let audio = Mix::mean_chars() * f64::from(CHARACTER_MILLIS) / 1000.0;
        Self { per_second: offered / audio, offered, best, alone, runs: Vec::new() }
    }
}
