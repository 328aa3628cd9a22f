//! Thousands of streams, many at once, each of which is another.

use super::{Clients, Heard, Inexact, Lost, Mode, Plan, Protocol, Reader, Stage};
use crate::script::{Content, Cuts, Ending, Script};
use anyhow::Context;
use futures_util::{StreamExt, stream};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one stream may take; the longest takes some seconds when the machine is busy.
const LIMIT: Duration = Duration::from_secs(60);

/// Streams at random.
#[derive(Debug, Clone)]
#[must_use]
pub struct Campaign {
    seed: u64,
    streams: usize,
    at_once: usize,
    protocols: Vec<Protocol>,
    shape: fn(&mut Plan, &mut ChaCha8Rng),
}

/// How the streams of a campaign ended, all of them as they should.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many of each protocol and mode ended so.
    pub ends: BTreeMap<(Protocol, Mode, Heard), usize>,
    /// What was sent, of those that came whole.
    pub bytes: u64,
}

// === impl Campaign ===

impl Campaign {
    /// So many streams, a hundred at once. The seed is `VOXGATE_SEED`, or else new.
    pub fn new(streams: usize, protocols: &[Protocol]) -> Self {
        let seed = std::env::var("VOXGATE_SEED").ok().and_then(|seed| seed.parse().ok());
        Self {
            seed: seed.unwrap_or_else(|| rand_core::RngCore::next_u64(&mut rand_core::OsRng)),
            streams,
            at_once: 100,
            protocols: protocols.to_vec(),
            shape: |_, _| {},
        }
    }

    /// Changes each stream before it is asked for.
    pub fn shape(mut self, shape: fn(&mut Plan, &mut ChaCha8Rng)) -> Self {
        self.shape = shape;
        self
    }

    /// So many at once.
    pub fn at_once(mut self, at_once: usize) -> Self {
        self.at_once = at_once;
        self
    }

    /// The stream of this number.
    fn plan(&self, number: usize) -> Plan {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(number as u64);
        // Each mode and protocol has its share.
        let mode = Mode::ALL[number % Mode::ALL.len()];
        let protocol = self.protocols[number / Mode::ALL.len() % self.protocols.len()];
        let mut plan = Plan::new(protocol, mode, script(protocol, &mut random));
        (self.shape)(&mut plan, &mut random);
        plan
    }

    /// Asks for all of them, and waits until nothing is under way.
    ///
    /// # Errors
    /// As [`Campaign::play`] and [`Stage::settle`].
    pub async fn run(&self, stage: &Stage) -> anyhow::Result<Tally> {
        let tally = self.play(&stage.clients).await?;
        stage.settle().await.with_context(|| format!("VOXGATE_SEED={}", self.seed))?;
        Ok(tally)
    }

    /// Asks for all of them.
    ///
    /// # Errors
    /// All that were wrong.
    pub async fn play(&self, clients: &Clients) -> Result<Tally, Inexact> {
        let run = async |number| {
            let plan = self.plan(number);
            let heard = tokio::time::timeout(LIMIT, plan.run(clients)).await;
            (plan, heard.unwrap_or(Err(Lost::Stuck(LIMIT))))
        };
        let mut streams = stream::iter(0..self.streams).map(run).buffer_unordered(self.at_once);
        let (mut tally, mut wrong) = (Tally::default(), Vec::new());
        while let Some((plan, heard)) = streams.next().await {
            match heard {
                Ok(heard) => tally.add(&plan, heard),
                Err(lost) => wrong.push((Box::new(plan), lost)),
            }
        }
        if !wrong.is_empty() {
            return Err(Inexact { seed: self.seed, streams: self.streams, wrong });
        }
        println!("VOXGATE_SEED={}: {tally}", self.seed);
        Ok(tally)
    }
}

/// A stream that any client can read.
fn script(protocol: Protocol, random: &mut ChaCha8Rng) -> Script {
    let content = match protocol {
        Protocol::Grpc => Content::Grpc,
        _ => *Content::ORDINARY.choose(random).unwrap_or(&Content::Noise),
    };
    let (cuts, bytes) = match random.random_range(0..20) {
        0 => (Cuts::Bytes, random.random_range(0..1500)),
        1 => (Cuts::Large, random.random_range(16_000..200_000)),
        2 => (Cuts::Whole, random.random_range(0..100_000)),
        3..6 => (Cuts::Frames, random.random_range(0..30_000)),
        6 => (Cuts::Mixed, 0),
        _ => (Cuts::Mixed, random.random_range(0..40_000)),
    };
    // What says so and is not, or is not whole.
    let is_mislabelled = protocol != Protocol::Grpc && random.random_ratio(1, 6);
    let label = is_mislabelled.then(|| Content::ORDINARY.choose(random)).flatten();
    Script {
        seed: random.random(),
        content,
        bytes,
        damaged: protocol != Protocol::Grpc && random.random_ratio(1, 6),
        label: label.map(|it| it.content_type().to_owned()),
        cuts,
        longest_pause_ms: if cuts == Cuts::Bytes { 0 } else { random.random_range(0..40) },
        length_told: protocol == Protocol::Http2 && random.random_ratio(1, 8),
        ending: Ending::Whole,
        ..Script::default()
    }
}

// === impl Plan ===

impl Plan {
    /// Lets the client read slowly, leave, or the service break off: each for so many of ten.
    pub fn disturb(&mut self, random: &mut ChaCha8Rng, slow: u32, leaves: u32, breaks: u32) {
        let at = random.random_range(0..=self.script.bytes);
        match random.random_range(0..10) {
            it if it < slow => {
                self.reader = Reader::Slow(random.random_range(1..5));
                if self.script.cuts == Cuts::Bytes {
                    // The `h2` library takes that for an attack, where there is little room.
                    self.script.cuts = Cuts::Frames;
                }
            }
            it if it < slow + leaves => self.reader = Reader::Leaves(at),
            it if it < slow + leaves + breaks => self.script.ending = Ending::Breaks(at),
            _ => {}
        }
    }
}

// === impl Tally ===

impl Tally {
    fn add(&mut self, plan: &Plan, heard: Heard) {
        *self.ends.entry((plan.protocol, plan.mode, heard)).or_default() += 1;
        if heard == Heard::Whole {
            self.bytes += plan.script.bytes as u64;
        }
    }

    /// How many ended so.
    pub fn count(&self, heard: Heard) -> usize {
        self.ends.iter().filter(|((_, _, it), _)| *it == heard).map(|(_, count)| count).sum()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [whole, broken, left] =
            [Heard::Whole, Heard::Broken, Heard::Left].map(|it| self.count(it));
        let megabytes = self.bytes as f64 / 1e6;
        write!(f, "{whole} whole ({megabytes:.1} MB), {broken} broken off, {left} left")
    }
}
