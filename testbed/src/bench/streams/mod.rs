//! What a stream loses on its way, and what is saved: direct, through Envoy, and through each mode of
//! chunk-flush, in one run.
//!
//! The service writes a chunk of 20 ms at a time into a socket with `TCP_NODELAY`; each says when it was
//! made, and the listener, in the same process, when it came. The cases take turns, round after round, so
//! that what else the machine does meets all of them; medians of the rounds count, and what is added to
//! another case is the median of the differences within each round.

mod cases;
mod connection;
mod heard;
mod measured;
mod pace;
mod report;
mod service;
mod sound;

pub use connection::Protocol;
pub use measured::{Comparison, Measured, Round};
pub use pace::Pace;

use super::subject::remove_members;
use crate::envoy::{Envoy, Options};
use anyhow::{Context, Result};
use cases::Case;
use connection::Connection;
use futures_util::future::try_join_all;
use heard::Heard;
use pace::{CHUNK, Wanted};
use std::net::SocketAddr;
use tokio::time::sleep;

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Only cases, or kinds of streams, whose name contains one of these; all when empty. The direct
    /// connection and Envoy without a filter are always among the cases.
    pub only: Vec<String>,
    /// How often the cases take turns.
    pub rounds: usize,
    /// Streams of one case in one round whose first sound is waited for.
    pub first_sounds: usize,
    /// Seconds of audio of those that are listened to.
    pub seconds: u32,
    /// Listeners at a time.
    pub at_once: usize,
}

/// What is measured of a kind of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// When the first sound comes.
    FirstSound,
    /// What becomes of the whole.
    Stream,
    /// What a chunk costs.
    Chunk,
}

struct Subject {
    case: Case,
    envoy: Option<Envoy>,
    address: SocketAddr,
}

/// Streams of one kind.
#[derive(Debug, Clone, Copy)]
struct Kind {
    what: What,
    pace: Pace,
    protocol: Protocol,
    streams: usize,
    at_once: usize,
    chunks: u32,
}

/// Chunks of 20 ms in a second.
const CHUNKS_A_SECOND: u32 = 50;

/// Chunks of one round, to know what one costs.
const MANY_CHUNKS: u32 = 10_000;

/// Listeners that share them; the service's timer makes one chunk in two milliseconds for each.
const MANY_AT_ONCE: u32 = 10;

/// Measures all that is wanted; `each` gets it as it comes. `$ENVOY` names the Envoy, `$VOXGATE_DIST`
/// the folder of the modules, among them those made of the `.wat` files here.
///
/// # Errors
/// When an Envoy does not start, or a stream does not come whole.
pub async fn streams(plan: Plan, each: impl Fn(What, &Comparison)) -> Result<()> {
    let service = service::start().await?;
    let mut subjects = Vec::new();
    for (number, case) in cases::all().into_iter().enumerate() {
        if number < 2 || plan.wants(case.name, |plan| plan.of_cases()) {
            let name = case.name;
            subjects.push(Subject::start(case, service.address()).await.context(name)?);
        }
    }
    for kind in plan.kinds() {
        each(kind.what, &compare(kind, plan.rounds, &subjects).await?);
    }
    for subject in subjects {
        if let Some(envoy) = subject.envoy {
            envoy.finish().await.context(subject.case.name)?;
        }
    }
    Ok(())
}

async fn compare(kind: Kind, rounds: usize, subjects: &[Subject]) -> Result<Comparison> {
    let none = |it: &Subject| Measured { name: it.case.name, rounds: Vec::new() };
    let mut cases: Vec<Measured> = subjects.iter().map(none).collect();
    for round in 0..=rounds {
        for (subject, measured) in subjects.iter().zip(&mut cases) {
            // The first is to warm up.
            let kind = if round == 0 { kind.shorter() } else { kind };
            let it = subject.round(kind, round as u64).await.context(subject.case.name)?;
            if round > 0 {
                measured.rounds.push(it);
            }
        }
        eprintln!("{}, {}: round {round} of {rounds}", kind.name(), kind.protocol.name());
    }
    let Kind { pace, protocol, streams, at_once, chunks, .. } = kind;
    Ok(Comparison { pace, protocol, streams, at_once, chunks, cases })
}

// === impl Subject ===

impl Subject {
    async fn start(case: Case, service: SocketAddr) -> Result<Self> {
        let Some(setup) = &case.setup else {
            return Ok(Self { case, envoy: None, address: service });
        };
        let mut bootstrap = setup.bootstrap(service)?;
        // No access log: it is not what is measured.
        remove_members(&mut bootstrap, "access_log");
        let options = Options {
            log_level: "warning".to_owned(),
            // A busy machine makes patterns and slow streams, which are told.
            allow_log: vec!["stream".to_owned()],
            ..Options::default()
        };
        let envoy = options.start(bootstrap).await?;
        let address = envoy.address();
        Ok(Self { case, envoy: Some(envoy), address })
    }

    async fn round(&self, kind: Kind, round: u64) -> Result<Round> {
        let before = self.spent()?;
        let listeners = (0..kind.at_once).map(|number| self.listen(kind, round, number));
        let heard = try_join_all(listeners).await?.concat();
        let spent = self.spent()?.zip(before);
        let spent = spent.map(|(now, before)| (now.0.saturating_sub(before.0), now.1 - before.1));
        Ok(Round { heard, spent })
    }

    /// A listener hears its share of the streams, one after the other.
    async fn listen(&self, kind: Kind, round: u64, number: usize) -> Result<Vec<Heard>> {
        let mut connection =
            Connection::open(self.address, kind.protocol, self.case.token.clone()).await?;
        // Real listeners do not all begin in the same millisecond.
        sleep(CHUNK * u32::try_from(number)? / u32::try_from(kind.at_once)?).await;
        let mut heard = Vec::new();
        for serial in (number..kind.streams).step_by(kind.at_once) {
            // The same in each case.
            let seed = round << 32 | serial as u64;
            let Kind { pace, chunks, .. } = kind;
            let received = connection.listen(Wanted { pace, chunks, wait_ms: 4, seed }).await?;
            heard.push(Heard::of(&received)?);
        }
        Ok(heard)
    }

    fn spent(&self) -> Result<Option<(std::time::Duration, u64)>> {
        let Some(envoy) = &self.envoy else { return Ok(None) };
        Ok(Some((envoy.cpu_time()?, envoy.writes()?)))
    }
}

// === impl Plan ===

impl Plan {
    fn kinds(&self) -> Vec<Kind> {
        let of = |what, pace, streams: usize, at_once: usize, chunks| {
            Protocol::ALL.map(|protocol| Kind { what, pace, protocol, streams, at_once, chunks })
        };
        let chunks = self.seconds * CHUNKS_A_SECOND;
        let listened = |pace| of(What::Stream, pace, self.at_once, self.at_once, chunks);
        let many = MANY_AT_ONCE as usize;
        // The end comes behind a second chunk: what is done at the end must not delay the first.
        let all = [
            of(What::FirstSound, Pace::Separate, self.first_sounds, 1, 2),
            listened(Pace::Twice),
            listened(Pace::RealTime),
            listened(Pace::Hiccups),
            of(What::Chunk, Pace::Separate, many, many, MANY_CHUNKS / MANY_AT_ONCE),
        ];
        let mut kinds = all.concat();
        kinds.retain(|it| self.wants(it.name(), |plan| plan.of_kinds()));
        kinds
    }

    /// Whether a name is among those that are meant, of this sort; any is, if none of the sort is.
    fn wants<'a>(&'a self, name: &str, sort: impl Fn(&'a Self) -> Vec<&'a str>) -> bool {
        let wanted = sort(self);
        wanted.is_empty() || wanted.iter().any(|it| name.contains(it))
    }

    fn of_cases(&self) -> Vec<&str> {
        self.only
            .iter()
            .map(String::as_str)
            .filter(|it| !Kind::NAMES.iter().any(|name| name.contains(it)))
            .collect()
    }

    fn of_kinds(&self) -> Vec<&str> {
        self.only
            .iter()
            .map(String::as_str)
            .filter(|it| Kind::NAMES.iter().any(|name| name.contains(it)))
            .collect()
    }
}

// === impl Kind ===

impl Kind {
    const NAMES: [&str; 5] = [
        "first sound",
        "streams at real time",
        "streams at twice real time",
        "streams with hiccups",
        "cost of a chunk",
    ];

    fn name(&self) -> &'static str {
        match (self.what, self.pace) {
            (What::FirstSound, _) => "first sound",
            (What::Chunk, _) => "cost of a chunk",
            (_, Pace::Twice) => "streams at twice real time",
            (_, Pace::Hiccups) => "streams with hiccups",
            _ => "streams at real time",
        }
    }

    fn shorter(self) -> Self {
        match self.what {
            What::FirstSound => Self { streams: self.streams.div_ceil(4), ..self },
            _ => Self { chunks: self.chunks.min(20), ..self },
        }
    }
}
