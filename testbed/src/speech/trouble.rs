//! Trouble that a request asks for: no answer, a reset, a failure, or an answer that is held.

use super::Service;
use super::api::Refusal;
use super::received::locked;
use super::take;
use crate::server::Connection;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Requests that are held, by the name they were held under.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<HashMap<String, Arc<Hold>>>);

/// Who waits under one name; each permit lets one go.
#[derive(Debug)]
struct Hold {
    released: Semaphore,
    waiting: AtomicUsize,
}

/// One that waits; it may leave.
struct Waiting<'a>(&'a AtomicUsize);

/// Hangs, holds or resets the connection where `x-test-hang`, `x-test-hold` or `x-test-reset` asks
/// for it, and answers a failure where `x-test-status` or the failure rate asks for it: at once,
/// while the body still comes. It is read all the same, for a connection that is closed over it may
/// take the answer along (RFC 9112 §9.6).
pub(super) async fn misbehave_if_asked(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    if is_asked(request.headers(), "x-test-reset")
        && let Some(connection) = request.extensions().get::<Connection>()
    {
        connection.reset();
        return std::future::pending().await;
    }
    if is_asked(request.headers(), "x-test-hang") {
        // That a client goes is only seen by who has read all it sent.
        return match take::drain(request.into_body()).await {
            Ok(_) => std::future::pending().await,
            Err(refusal) => refusal.into_response(),
        };
    }
    let request = match service.hold_if_asked(request).await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let asked = request.headers().get("x-test-status");
    let asked = asked.and_then(|status| StatusCode::from_bytes(status.as_bytes()).ok());
    match asked.or_else(|| service.failure()) {
        Some(status) => {
            tokio::spawn(take::drain(request.into_body()));
            Refusal::Asked(status).into_response()
        }
        None => next.run(request).await,
    }
}

pub(super) fn is_asked(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| value == "1")
}

// === impl Service ===

impl Service {
    /// Holds a request with all of its body, so that its client's going is seen.
    async fn hold_if_asked(&self, request: Request) -> Result<Request, Refusal> {
        let Some(name) = request.headers().get("x-test-hold") else { return Ok(request) };
        let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, super::routes::MAX_BODY_BYTES).await;
        let body = body.map_err(|error| Refusal::Body(error.to_string()))?;
        self.holds.wait(&name).await;
        Ok(Request::from_parts(head, Body::from(body)))
    }

    /// A failure for so many of every hundred requests, evenly spread.
    fn failure(&self) -> Option<StatusCode> {
        let percent = u64::from(self.options.failures_percent.min(100));
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let due = |requests: u64| requests.wrapping_mul(percent) / 100;
        (due(number + 1) > due(number)).then_some(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

// === impl Holds ===

impl Holds {
    fn of(&self, name: &str) -> Arc<Hold> {
        let new = || Arc::new(Hold { released: Semaphore::new(0), waiting: AtomicUsize::new(0) });
        Arc::clone(locked(&self.0).entry(name.to_owned()).or_insert_with(new))
    }

    pub(super) async fn wait(&self, name: &str) {
        let hold = self.of(name);
        hold.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&hold.waiting);
        // Closed: nobody waits under this name any more.
        if let Ok(permit) = hold.released.acquire().await {
            permit.forget();
        }
    }

    /// How many wait.
    pub fn held(&self, name: &str) -> usize {
        self.of(name).waiting.load(Ordering::SeqCst)
    }

    /// Lets `count` go, those who have waited longest first; of more than wait, the next ones too.
    pub fn release(&self, name: &str, count: usize) {
        self.of(name).released.add_permits(count);
    }

    /// Lets all go, also those who come later.
    pub fn release_all(&self, name: &str) {
        self.of(name).released.close();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
