//! `/jwks.json`, and the commands that change it.

use super::{Fault, Shared};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Where [`Fault::Redirect`] leads.
const MOVED: &str = "/moved.json";

pub(super) fn routes(state: Arc<Shared>) -> Router {
    Router::new()
        .route("/jwks.json", get(keys))
        .route(MOVED, get(moved))
        .route("/_rotate", post(rotate))
        .route("/_sign", post(sign))
        .route("/_fault", put(fault))
        .route("/_fetches", get(fetches))
        .route("/health", get(|| async { "ok" }))
        .with_state(state)
}

async fn keys(State(state): State<Arc<Shared>>) -> Response {
    let (fault, document) = {
        let mut state = state.lock();
        state.fetches += 1;
        (state.fault, state.document())
    };
    let document = match fault {
        Fault::None => document,
        Fault::Slow(millis) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            document
        }
        Fault::Huge(bytes) => {
            let padding = " ".repeat(bytes.saturating_sub(document.len()));
            document + &padding
        }
        Fault::Malformed => document.chars().take(document.len() / 2).collect(),
        Fault::Status(status) => {
            return StatusCode::from_u16(status)
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
                .into_response();
        }
        Fault::Empty => json!({ "keys": [] }).to_string(),
        Fault::UnknownType => json!({ "keys": [{ "kty": "XYZ", "kid": "key-1" }] }).to_string(),
        Fault::Redirect => {
            return (StatusCode::FOUND, [(header::LOCATION, MOVED)]).into_response();
        }
    };
    answer(document)
}

async fn moved(State(state): State<Arc<Shared>>) -> Response {
    answer(state.lock().document())
}

fn answer(document: String) -> Response {
    // RFC 7517 §8.5.2.
    ([(header::CONTENT_TYPE, "application/jwk-set+json")], document).into_response()
}

async fn rotate(State(state): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "kid": state.lock().rotate() }))
}

async fn sign(
    State(state): State<Arc<Shared>>,
    Json(claims): Json<Value>,
) -> Result<String, StatusCode> {
    state.lock().newest().map(|key| key.sign(&claims)).ok_or(StatusCode::NOT_FOUND)
}

async fn fault(State(state): State<Arc<Shared>>, Json(fault): Json<Fault>) -> StatusCode {
    state.lock().fault = fault;
    StatusCode::NO_CONTENT
}

async fn fetches(State(state): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "fetches": state.lock().fetches }))
}
