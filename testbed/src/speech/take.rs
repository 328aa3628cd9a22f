//! Bodies of any form and length, read as they come and not kept.

use super::api::Refusal;
use axum::Json;
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// Under it any path takes any body, for tests with APIs of their own.
pub(super) const PATH: &str = "/take/{*name}";

/// Reads a body to its end; says how many bytes it had.
pub(super) async fn drain(mut body: Body) -> Result<u64, Refusal> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::Body(error.to_string()))?;
        bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(bytes)
}

pub(super) async fn take(body: Body) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({ "bytes": drain(body).await? })))
}
