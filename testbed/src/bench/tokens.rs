//! The tokens of a case.

use crate::fixture::now;
use serde_json::{Value, json};
use std::thread;
use voxgate_policy::testing::{SigningKey, claims, sign};

/// Longer than any benchmark runs.
const VALID_SECONDS: u64 = 24 * 3600;

pub(super) enum Tokens {
    /// Every request has the same.
    One(String),
    /// Every request has another, signed with this key.
    Fresh { key: fn() -> SigningKey, used: usize },
}

// === impl Tokens ===

impl Tokens {
    pub fn one(key: &SigningKey, scopes: &str) -> Self {
        Self::One(signed(key, &claims_of(0, scopes)))
    }

    pub fn fresh(key: fn() -> SigningKey) -> Self {
        Self::Fresh { key, used: 0 }
    }

    /// The next `count`.
    pub fn take(&mut self, count: usize) -> Vec<String> {
        match self {
            Self::One(token) => vec![token.clone(); count],
            Self::Fresh { key, used } => {
                let serials = *used..*used + count;
                *used = serials.end;
                sign_all(*key, &serials.collect::<Vec<_>>())
            }
        }
    }
}

/// Signs on all processors: RSA takes its time.
fn sign_all(key: fn() -> SigningKey, serials: &[usize]) -> Vec<String> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let sign_share = |serials: &[usize]| -> Vec<String> {
        let key = key();
        serials.iter().map(|serial| signed(&key, &claims_of(*serial, "tts.basic"))).collect()
    };
    thread::scope(|scope| {
        let shares = serials.chunks(serials.len().div_ceil(threads).max(1));
        let shares: Vec<_> = shares.map(|share| scope.spawn(move || sign_share(share))).collect();
        shares.into_iter().flat_map(|share| share.join().expect("keys that sign")).collect()
    })
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
