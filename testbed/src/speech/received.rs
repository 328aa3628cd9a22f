//! What was received: the last thousand requests.

use http::HeaderMap;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many requests are remembered.
const REMEMBERED: usize = 1000;

/// One request as it arrived here.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Received {
    /// `x-request-id`, or `x-test-id` where a test set its own.
    pub id: Option<String>,
    /// The method.
    pub method: String,
    /// The path with its query, as written.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// All headers in order.
    pub headers: ReceivedHeaders,
    /// The trailers, which follow the body.
    pub trailers: ReceivedHeaders,
    /// Bytes of the body.
    pub body_bytes: u64,
    /// SHA-256 of the body in hexadecimal, once all of it came; of a text only this is kept.
    pub body_sha256: Option<String>,
    /// The status that was answered, once it was.
    pub status: Option<u16>,
    /// Whether the answer was handed over completely.
    pub complete: bool,
    /// Whether the caller went away before the answer was complete.
    pub client_gone: bool,
}

/// Headers in the order they came, repeated ones included; a byte that is no ASCII text is
/// written `\xNN`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ReceivedHeaders(pub Vec<(String, String)>);

/// The requests, shared by all connections.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    count: u64,
    last: VecDeque<Entry>,
}

/// A request that may still be going on.
pub(super) type Entry = Arc<Mutex<Received>>;

// === impl ReceivedHeaders ===

impl ReceivedHeaders {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |value: &http::HeaderValue| value.as_bytes().escape_ascii().to_string();
        Self(headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect())
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.0.iter().filter(same).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that occurs once; `None` if it is absent or repeated.
    pub fn one(&self, name: &str) -> Option<&str> {
        match self.all(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }
}

// === impl Journal ===

impl Journal {
    pub fn open(&self, received: Received) -> Entry {
        let entry = Arc::new(Mutex::new(received));
        let mut entries = locked(&self.0);
        entries.count += 1;
        if entries.last.len() == REMEMBERED {
            entries.last.pop_front();
        }
        entries.last.push_back(Arc::clone(&entry));
        entry
    }

    pub fn all(&self) -> Vec<Received> {
        locked(&self.0).last.iter().map(|entry| locked(entry).clone()).collect()
    }

    pub fn count(&self) -> u64 {
        locked(&self.0).count
    }

    pub fn find(&self, id: &str) -> Option<Received> {
        let entries = locked(&self.0);
        let found = entries.last.iter().rev().find(|entry| locked(entry).id.as_deref() == Some(id));
        found.map(|entry| locked(entry).clone())
    }

    pub fn clear(&self) {
        *locked(&self.0) = Entries::default();
    }
}

/// A request that panicked must not take the others' record with it.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
