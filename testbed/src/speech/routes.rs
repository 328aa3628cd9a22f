//! The paths, and what each answers.

use super::api::{CreateSpeech, Format, Refusal, Tts, checked};
use super::{Service, chat, exchange, grpc, take, voices, wav, websocket};
use crate::server::Connection;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The largest body: room for a batch, and for reference audio sent inline.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

pub(super) fn routes(service: Arc<Service>) -> Router {
    Router::new()
        .route("/tts", post(tts))
        .route("/batch", post(batch))
        .route("/v1/audio/speech", post(create_speech))
        .route("/v1/voices/add", post(voices::create))
        .route("/v1/voices", get(voices::list).post(voices::create))
        .route("/v1/voices/{id}", delete(voices::delete))
        .route(chat::PATH, post(chat::complete))
        .route("/ws", any(websocket::speak))
        .route(grpc::PATH, post(grpc::speak))
        .route(take::PATH, any(take::take))
        // A service answers paths of its own too; what reaches them is a test's concern.
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(&service), misbehave_if_asked))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), exchange::record))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Not recorded: they are the tests' own questions.
        .route("/health", get(|| async { "ok" }))
        .route("/_received", get(received).delete(forget))
        .with_state(service)
}

type ReadBody = Result<Bytes, BytesRejection>;

async fn tts(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: ReadBody,
) -> Result<Response, Refusal> {
    let body = body.map_err(|error| Refusal::Body(error.body_text()))?;
    let request: Tts = serde_json::from_slice(&body)?;
    service.answer(&request.text, request.response_format, &headers).await
}

async fn create_speech(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: ReadBody,
) -> Result<Response, Refusal> {
    let body = body.map_err(|error| Refusal::Body(error.body_text()))?;
    let request: CreateSpeech = serde_json::from_slice(&body)?;
    service.answer(&request.input, request.response_format, &headers).await
}

/// One job a line, one result a line, each sent as soon as it is there.
async fn batch(State(service): State<Arc<Service>>, body: ReadBody) -> Result<Response, Refusal> {
    let body = body.map_err(|error| Refusal::Body(error.body_text()))?;
    let lines: Vec<Bytes> = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| body.slice_ref(line))
        .collect();
    let results = stream::iter(lines.into_iter().enumerate()).then(move |(index, line)| {
        let service = Arc::clone(&service);
        async move {
            let result = match service.job(&line).await {
                Ok(result) => result,
                Err(refusal) => json!({ "error": refusal.to_string() }),
            };
            Ok::<_, std::io::Error>(format!("{}\n", json!({ "line": index, "result": result })))
        }
    });
    let head = [(header::CONTENT_TYPE, "application/jsonl")];
    Ok((head, Body::from_stream(results)).into_response())
}

async fn not_found() -> Response {
    let problem = json!({ "error": { "message": "this service has no such path" } });
    (StatusCode::NOT_FOUND, Json(problem)).into_response()
}

/// Hangs or resets the connection where `x-test-hang` or `x-test-reset` asks for it, and answers a
/// failure where `x-test-status` or the failure rate asks for it: at once, while the body
/// still comes. It is read all the same, for a connection that is closed over it may take the
/// answer along (RFC 9112 §9.6).
async fn misbehave_if_asked(
    State(service): State<Arc<Service>>,
    request: axum::extract::Request,
    next: middleware::Next,
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

fn is_asked(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| value == "1")
}

#[derive(Debug, Deserialize)]
struct Which {
    id: Option<String>,
}

async fn received(State(service): State<Arc<Service>>, Query(which): Query<Which>) -> Response {
    match which.id {
        Some(id) => match service.journal.find(&id) {
            Some(received) => Json(received).into_response(),
            None => not_found().await,
        },
        None => {
            let journal = &service.journal;
            Json(json!({ "count": journal.count(), "last": journal.all() })).into_response()
        }
    }
}

async fn forget(State(service): State<Arc<Service>>) -> StatusCode {
    service.journal.clear();
    StatusCode::NO_CONTENT
}

// === impl Service ===

impl Service {
    async fn answer(
        &self,
        text: &str,
        format: Format,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let rate = self.options.sample_rate;
        let mut sound = self.options.engine.speak(checked(text)?, rate).await?;
        if is_asked(headers, "x-test-empty") {
            sound = stream::empty().boxed();
        }
        let sound = match format {
            Format::Wav => stream::iter([Ok(wav::streaming_header(rate))]).chain(sound).boxed(),
            Format::Pcm => sound,
        };
        let paced = self.options.pace.of_request(headers).apply(sound, rate);
        let head = [(header::CONTENT_TYPE, format.content_type(rate))];
        Ok((head, Body::from_stream(paced)).into_response())
    }

    /// What became of one line of a batch: how long the sound is, and its hash.
    async fn job(&self, line: &[u8]) -> Result<Value, Refusal> {
        let job: Tts = serde_json::from_slice(line)?;
        let rate = self.options.sample_rate;
        let mut sound = self.options.engine.speak(checked(&job.text)?, rate).await?;
        let (mut hash, mut bytes) = (Sha256::new(), 0u64);
        while let Some(chunk) = sound.next().await.transpose()? {
            hash.update(&chunk);
            bytes += chunk.len() as u64;
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(json!({ "audio_ms": bytes * 1000 / (u64::from(rate) * 2), "sha256": hash }))
    }

    /// A failure for so many of every hundred requests, evenly spread.
    fn failure(&self) -> Option<StatusCode> {
        let percent = u64::from(self.options.failures_percent.min(100));
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let due = |requests: u64| requests.wrapping_mul(percent) / 100;
        (due(number + 1) > due(number)).then_some(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
