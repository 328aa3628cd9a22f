//! What clients send, and the problems they are told.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest text: the limit of OpenAI's `input`, in characters.
pub(super) const MAX_TEXT_CHARS: usize = 4096;

/// `POST /tts`, and one line of `POST /batch` (GLM-TTS). Members we have no use for are ignored,
/// as the real services do.
#[derive(Debug, Deserialize)]
pub(super) struct Tts {
    #[serde(alias = "input_text")]
    pub text: String,
    #[serde(default, alias = "format")]
    pub response_format: Format,
    #[serde(default)]
    pub sample_rate: SampleRate,
}

/// `POST /v1/audio/speech` (OpenAI, "Create speech").
#[derive(Debug, Deserialize)]
pub(super) struct CreateSpeech {
    pub input: String,
    #[serde(default)]
    pub response_format: Format,
    #[serde(default)]
    pub sample_rate: SampleRate,
}

/// Samples a second that are asked for; what makes no sense is not heard, as by real services.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct SampleRate(Option<Value>);

/// How sound is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Wav,
    Pcm,
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the body is not the JSON that this path takes: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("the text has {0} characters; this service speaks 1 to {MAX_TEXT_CHARS}")]
    TextLength(usize),
    #[error("the body was not received: {0}")]
    Body(String),
    #[error("a failure was asked for")]
    Asked(StatusCode),
    #[error("the voice engine failed: {0}")]
    Engine(#[from] std::io::Error),
    #[error("the GPU ran out of memory")]
    Lost,
}

// === impl Format ===

impl Format {
    pub fn content_type(self, sample_rate: u32) -> String {
        match self {
            Self::Wav => "audio/wav".to_owned(),
            Self::Pcm => format!("audio/pcm;rate={sample_rate}"),
        }
    }
}

// === impl SampleRate ===

impl SampleRate {
    /// The rate, or the service's own.
    pub fn or(&self, own: u32) -> u32 {
        let asked = match self.0.as_ref() {
            // It may be written `32e3`.
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let sensible = asked.filter(|rate| (8_000.0..=48_000.0).contains(rate));
        sensible.map_or(own, |rate| rate as u32)
    }
}

// === impl Refusal ===

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotJson(_) | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::TextLength(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Asked(status) => *status,
            Self::Engine(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Lost => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "error": { "message": self.to_string() } }))).into_response()
    }
}

/// The text, if its length is one we speak.
pub(super) fn checked(text: &str) -> Result<&str, Refusal> {
    match text.chars().count() {
        1..=MAX_TEXT_CHARS => Ok(text),
        count => Err(Refusal::TextLength(count)),
    }
}
