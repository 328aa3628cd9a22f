//! Voices: the preset ones, and those cloned from reference audio.

use super::Service;
use super::api::Refusal;
use super::received::locked;
use super::take::drain;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const PRESET: [&str; 3] = ["alloy", "jiayan", "nova"];

/// How many cloned voices are kept.
const MOST: usize = 1000;

/// The cloned voices' ids.
#[derive(Debug, Default)]
pub(super) struct Voices(Mutex<Vec<String>>);

pub(super) async fn list(State(service): State<Arc<Service>>) -> Json<Value> {
    let cloned = locked(&service.voices.0);
    let voices = PRESET.into_iter().chain(cloned.iter().map(String::as_str));
    Json(json!({ "voices": voices.map(|id| json!({ "voice_id": id })).collect::<Vec<_>>() }))
}

/// Takes the reference audio, whatever its form and length; a stand-in does not listen to it.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    recording: Body,
) -> Result<(StatusCode, Json<Value>), Response> {
    drain(recording).await.map_err(Refusal::into_response)?;
    let mut cloned = locked(&service.voices.0);
    if cloned.len() == MOST {
        return Err(StatusCode::INSUFFICIENT_STORAGE.into_response());
    }
    let id = format!("cloned-{}", cloned.len() + 1);
    cloned.push(id.clone());
    Ok((StatusCode::CREATED, Json(json!({ "voice_id": id }))))
}
