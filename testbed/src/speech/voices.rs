//! Voices: the preset ones, and those cloned from reference audio, until they are deleted.

use super::Service;
use super::api::Refusal;
use super::received::locked;
use super::take::drain;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const PRESET: [&str; 3] = ["alloy", "jiayan", "nova"];

/// How many cloned voices are kept.
const MOST: usize = 1000;

/// The cloned voices.
#[derive(Debug, Default)]
pub(super) struct Voices(Mutex<Cloned>);

#[derive(Debug, Default)]
struct Cloned {
    ids: Vec<String>,
    /// How many there ever were: an id is never given again.
    ever: u64,
}

pub(super) async fn list(State(service): State<Arc<Service>>) -> Json<Value> {
    let cloned = locked(&service.voices.0);
    let voices = PRESET.into_iter().chain(cloned.ids.iter().map(String::as_str));
    Json(json!({ "voices": voices.map(|id| json!({ "voice_id": id })).collect::<Vec<_>>() }))
}

/// Takes the reference audio, whatever its form and length; a stand-in does not listen to it.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    recording: Body,
) -> Result<(StatusCode, Json<Value>), Response> {
    drain(recording).await.map_err(Refusal::into_response)?;
    let mut cloned = locked(&service.voices.0);
    if cloned.ids.len() == MOST {
        return Err(StatusCode::INSUFFICIENT_STORAGE.into_response());
    }
    cloned.ever += 1;
    let id = format!("cloned-{}", cloned.ever);
    cloned.ids.push(id.clone());
    Ok((StatusCode::CREATED, Json(json!({ "voice_id": id }))))
}

/// Forgets a cloned voice; a preset one is nobody's to delete.
pub(super) async fn delete(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
) -> (StatusCode, Json<Value>) {
    let mut cloned = locked(&service.voices.0);
    match cloned.ids.iter().position(|it| *it == id) {
        Some(at) => {
            cloned.ids.remove(at);
            (StatusCode::OK, Json(json!({ "status": "ok" })))
        }
        None => {
            let problem = json!({ "error": { "message": "there is no such cloned voice" } });
            (StatusCode::NOT_FOUND, Json(problem))
        }
    }
}
