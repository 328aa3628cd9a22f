//! What became of a request, as its client saw it.

use std::time::Duration;

use super::mix::Ask;
use crate::client::{ClientError, Request, Streaming};

/// How long a client waits for the first byte, and for each next one, before it gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A request and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What was asked for.
    pub ask: Ask,
    /// How late it was sent: the driver's fault, not the service's.
    pub late: Duration,
    /// From the sending to the first byte of sound.
    pub first_byte: Option<Duration>,
    /// Its end, since the beginning of the run.
    pub at: Duration,
    /// How it ended.
    pub end: End,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// All of its sound came.
    Completed(Sound),
    /// It was answered that it will not be served.
    Refused(Refusal),
    /// The service broke it off, or the proxy found the service gone.
    Failed,
    /// The client waited too long.
    GaveUp,
}

/// Sound that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// How long it is.
    pub length: Duration,
    /// By which lane it came (`x-voxgate-lane`), if the answer says so.
    pub lane: Option<String>,
    /// Whether less was made than was asked for (`x-voxgate-degraded`).
    pub degraded: bool,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The problem's type, or whatever says why.
    pub why: String,
}

/// What was seen until the end.
pub(super) struct Answer {
    pub first_byte: Option<Duration>,
    pub end: End,
}

// === impl Answer ===

impl Answer {
    /// Sends `request` and takes its answer.
    pub async fn to(request: Request) -> Self {
        let began = tokio::time::Instant::now();
        let mut answer = match request.timeout(PATIENCE).stream().await {
            Ok(answer) => answer,
            Err(error) => return Self { first_byte: None, end: End::of(&error) },
        };
        if !answer.status.is_success() {
            return Self { first_byte: None, end: refusal(answer).await };
        }
        let (mut first_byte, mut bytes) = (None, 0);
        loop {
            match answer.next().await {
                Ok(Some(chunk)) => {
                    first_byte = first_byte.or_else(|| Some(began.elapsed()));
                    bytes += chunk.len();
                }
                Ok(None) => {
                    return Self { first_byte, end: End::Completed(Sound::of(&answer, bytes)) };
                }
                Err(error) => return Self { first_byte, end: End::of(&error) },
            }
        }
    }
}

async fn refusal(answer: Streaming) -> End {
    let status = answer.status.as_u16();
    let overloaded = answer.headers.contains_key("x-envoy-overloaded");
    let Ok(response) = answer.collect().await else { return End::Failed };
    let text = response.text();
    // What Envoy says of an upstream that is not there (docs: "Response flags", UF and UC).
    if text.starts_with("upstream connect error") || text.starts_with("no healthy upstream") {
        // A circuit breaker says it too, and tells itself apart by a header.
        if !overloaded {
            return End::Failed;
        }
        return End::Refused(Refusal { status, why: "overflow".to_owned() });
    }
    let problem = response.header("content-type").is_some_and(|it| it.contains("problem+json"));
    let why = match problem {
        true => {
            let kind = response.json()["type"].as_str().unwrap_or_default().to_owned();
            kind.rsplit(['/', ':']).next().unwrap_or_default().to_owned()
        }
        false => text.chars().take(40).collect(),
    };
    End::Refused(Refusal { status, why })
}

// === impl End ===

impl End {
    fn of(error: &ClientError) -> Self {
        match error {
            ClientError::TimedOut(_) => Self::GaveUp,
            _ => Self::Failed,
        }
    }

    /// The sound, if all of it came.
    pub fn sound(&self) -> Option<&Sound> {
        match self {
            Self::Completed(sound) => Some(sound),
            _ => None,
        }
    }
}

// === impl Sound ===

impl Sound {
    /// 16-bit mono samples; the answer says how many there are to a second.
    fn of(answer: &Streaming, bytes: usize) -> Self {
        let text = |name: &str| answer.headers.get(name).and_then(|it| it.to_str().ok());
        let rate = text("content-type").and_then(|it| it.split_once("rate="));
        let rate = rate.and_then(|(_, rate)| rate.parse::<u32>().ok()).unwrap_or(u32::MAX);
        Self {
            length: Duration::from_secs_f64(bytes as f64 / 2.0 / f64::from(rate)),
            lane: text("x-voxgate-lane").map(str::to_owned),
            degraded: answer.headers.contains_key("x-voxgate-degraded"),
        }
    }
}
