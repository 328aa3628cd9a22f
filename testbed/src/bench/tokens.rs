//! The tokens of a case.

use crate::fixture::now;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::thread;
use voxgate_policy::testing::{SigningKey, claims, sign};

/// Longer than any benchmark runs.
const VALID_SECONDS: u64 = 24 * 3600;

pub(super) enum Tokens {
    /// Every request has the same.
    One(String),
    /// Every request has another.
    Fresh(VecDeque<String>),
}

// === impl Tokens ===

impl Tokens {
    pub fn one(key: &SigningKey, scopes: &str) -> Self {
        Self::One(signed(key, &claims_of(0, scopes)))
    }

    /// So many different ones, signed on all processors: RSA takes its time.
    pub fn fresh(key: fn() -> SigningKey, count: usize) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let sign_share = |first: usize| {
            let key = key();
            let share = (first..count).step_by(threads);
            share.map(|serial| signed(&key, &claims_of(serial, "tts.basic"))).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let shares: Vec<_> =
                (0..threads).map(|first| scope.spawn(move || sign_share(first))).collect();
            let joined = shares.into_iter().map(|share| share.join().expect("keys that sign"));
            Self::Fresh(joined.flatten().collect())
        })
    }

    /// The next `count`.
    pub fn take(&mut self, count: usize) -> Vec<String> {
        match self {
            Self::One(token) => vec![token.clone(); count],
            Self::Fresh(tokens) => tokens.drain(..count).collect(),
        }
    }
}

fn claims_of(serial: usize, scopes: &str) -> Value {
    let mut claims = claims(now());
    claims["scope"] = json!(scopes);
    claims["jti"] = json!(format!("{serial:08}"));
    claims["exp"] = json!(now().0 / 1000 + VALID_SECONDS);
    claims
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    sign(claims.to_string(), key.header().to_string(), key)
}
