//! The paths, and what each answers.

use super::api::{CreateSpeech, Format, Refusal, SampleRate, Tts, checked};
use super::gpu::Lost;
use super::synthesis::{CHARACTER_MILLIS, Sound};
use super::{
    Service, chat, exchange, grpc, orca, page, recording, scripted, take, trouble, voices, wav,
    websocket,
};
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
use std::time::Duration;
use voxgate_policy::facts::AudioMillis;

/// The largest body: room for a batch, and for reference audio sent inline.
pub(super) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

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
        .layer(middleware::from_fn_with_state(Arc::clone(&service), recording::play_if_asked))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), scripted::answer_if_asked))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), trouble::misbehave_if_asked))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), orca::report))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), exchange::record))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Not recorded: they are the tests' own questions.
        .merge(page::routes())
        .route("/health", get(|| async { "ok" }))
        .route("/_received", get(received).delete(forget))
        .route("/_gpu", get(gpu))
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
    service.answer(&request.text, request.response_format, &request.sample_rate, &headers).await
}

async fn create_speech(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: ReadBody,
) -> Result<Response, Refusal> {
    let body = body.map_err(|error| Refusal::Body(error.body_text()))?;
    let request: CreateSpeech = serde_json::from_slice(&body)?;
    service.answer(&request.input, request.response_format, &request.sample_rate, &headers).await
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

async fn gpu(State(service): State<Arc<Service>>) -> Response {
    match &service.card {
        Some(card) => Json(card.status()).into_response(),
        None => not_found().await,
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
        rate: &SampleRate,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let rate = rate.or(self.options.sample_rate);
        let mut sound = self.speak(checked(text)?, rate).await?;
        if trouble::is_asked(headers, "x-test-empty") {
            sound = stream::empty().boxed();
        }
        let sound = match format {
            Format::Wav => stream::iter([Ok(wav::streaming_header(rate))]).chain(sound).boxed(),
            Format::Pcm => sound,
        };
        let head = [(header::CONTENT_TYPE, format.content_type(rate))];
        let body = match &self.card {
            // It has a pace of its own.
            Some(_) => Body::from_stream(sound),
            None => Body::from_stream(self.options.pace.of_request(headers).apply(sound, rate)),
        };
        Ok((head, body).into_response())
    }

    /// The sound of `text`. With a GPU it is a job of it, as long as [`CHARACTER_MILLIS`] says for each
    /// character, and there is none before its first sound.
    pub(super) async fn speak(&self, text: &str, sample_rate: u32) -> Result<Sound, Refusal> {
        let Some(card) = &self.card else {
            return Ok(self.options.engine.speak(text, sample_rate).await?);
        };
        let audio = AudioMillis(text.chars().count() as u64 * u64::from(CHARACTER_MILLIS));
        let spoken = async {
            let mut job = card.begin(audio, sample_rate)?;
            job.first_sound().await?;
            Ok(job.sound().boxed())
        };
        match spoken.await {
            Ok(sound) => Ok(sound),
            Err(Lost) => {
                // Nobody is to hear of it but by the reset of the connection, which is under way.
                tokio::time::sleep(Duration::from_secs(1)).await;
                Err(Refusal::Lost)
            }
        }
    }

    /// What became of one line of a batch: how long the sound is, and its hash.
    async fn job(&self, line: &[u8]) -> Result<Value, Refusal> {
        let job: Tts = serde_json::from_slice(line)?;
        let rate = job.sample_rate.or(self.options.sample_rate);
        let mut sound = self.speak(checked(&job.text)?, rate).await?;
        let (mut hash, mut bytes) = (Sha256::new(), 0u64);
        while let Some(chunk) = sound.next().await.transpose()? {
            hash.update(&chunk);
            bytes += chunk.len() as u64;
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(json!({ "audio_ms": bytes * 1000 / (u64::from(rate) * 2), "sha256": hash }))
    }
}
