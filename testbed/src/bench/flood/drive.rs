//! Sends requests: by a schedule that waits for nobody, or as many as there is room for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use voxgate_simulator::model::{GpuModel, Job};

use super::audio_of;
use super::mix::{Ask, Mix, Tier};
use super::seen::{Answer, Seen};
use crate::client::{Client, Request};
use crate::fixture::{now, signed};

/// Many clients of one address.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    client: Client,
    tokens: Arc<BTreeMap<(Tier, usize), String>>,
}

/// As much at once as a GPU has room for, by its own model: what no proxy can know.
pub(super) struct Room {
    pub model: GpuModel,
    pub jobs: usize,
}

/// A token for each tenant, good for as long as a bench takes.
pub(super) fn tokens() -> Arc<BTreeMap<(Tier, usize), String>> {
    let of = |tier: Tier, tenant: usize| {
        let mut claims = voxgate_policy::testing::claims(now());
        claims["scope"] = json!(format!("tts.{}", tier.name()));
        claims["tenant"] = json!(format!("{}-{tenant}", tier.name()));
        claims["exp"] = json!(now().0 / 1000 + 24 * 3600);
        ((tier, tenant), signed(&claims))
    };
    let all = Tier::ALL.into_iter();
    Arc::new(all.flat_map(|tier| (0..tier.tenants()).map(move |it| of(tier, it))).collect())
}

// === impl Clients ===

impl Clients {
    pub fn of(address: SocketAddr, tokens: &Arc<BTreeMap<(Tier, usize), String>>) -> Self {
        Self { client: Client::http1(address), tokens: Arc::clone(tokens) }
    }

    fn request(&self, ask: &Ask) -> Request {
        let token = self.tokens.get(&(ask.tier, ask.tenant));
        self.client.post("/tts").bearer(token.map_or("", String::as_str)).json(&ask.body())
    }

    /// Sends each when its time has come, whatever became of those before.
    pub async fn follow(&self, asks: &[Ask]) -> Vec<Seen> {
        let began = Instant::now();
        let mut under_way = JoinSet::new();
        for ask in asks {
            tokio::time::sleep_until(began + ask.at).await;
            let (ask, request) = (*ask, self.request(ask));
            under_way.spawn(async move {
                let late = began.elapsed().saturating_sub(ask.at);
                let answer = Answer::to(request).await;
                seen(ask, late, answer, began)
            });
        }
        under_way.join_all().await
    }

    /// Sends what `next` says, one after another, for so long; each when there is room for it.
    pub async fn fill(
        &self,
        room: &Room,
        length: Duration,
        mut next: impl FnMut() -> Ask,
    ) -> Vec<Seen> {
        let began = Instant::now();
        let mut under_way = JoinSet::new();
        let memory = Arc::new(Semaphore::new(room.model.memory_for_jobs() as usize));
        let jobs = Arc::new(Semaphore::new(room.jobs));
        loop {
            let ask = next();
            let audio = audio_of(ask.chars);
            let job = Job { id: 0, audio, sample_rate: ask.sample_rate };
            let megabytes = room.model.memory_of(&job).ceil() as u32;
            let memory = Arc::clone(&memory).acquire_many_owned(megabytes).await;
            let slot = Arc::clone(&jobs).acquire_owned().await;
            if began.elapsed() >= length {
                return under_way.join_all().await;
            }
            let request = self.request(&ask);
            under_way.spawn(async move {
                let answer = Answer::to(request).await;
                drop((memory, slot));
                seen(ask, Duration::ZERO, answer, began)
            });
        }
    }

    /// Premium's short texts, one at a time: what the first byte takes if nobody else asks.
    pub async fn alone(&self, mix: &mut Mix, count: usize) -> Vec<Seen> {
        let began = Instant::now();
        let mut all = Vec::new();
        while all.len() < count {
            let ask = mix.next(1.0);
            if ask.tier == Tier::Premium && !ask.is_long() {
                let answer = Answer::to(self.request(&ask)).await;
                all.push(seen(ask, Duration::ZERO, answer, began));
            }
        }
        all
    }
}

fn seen(ask: Ask, late: Duration, answer: Answer, began: Instant) -> Seen {
    let Answer { first_byte, end } = answer;
    Seen { ask, late, first_byte, at: began.elapsed(), end }
}
