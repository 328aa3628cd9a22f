//! What was learned of a request beyond its headers.
//!
//! All of it is numbers, flags and a few short names: never a text, never audio.

mod absorb;
mod address;
mod audio;
mod base64;
mod collect;
mod contribution;
mod inline;
pub(crate) mod literal;
mod reference;
mod script;
mod speech_rate;
mod ssml;
mod text;
mod url;

use serde::Serialize;

pub use collect::{Collector, CollectorRules};
pub use speech_rate::SpeechRates;

/// A length of audio in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AudioMillis(pub u64);

/// What is known of a request's contents. While a body streams, numbers only grow, lists get longer
/// and flags become true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestFacts {
    /// The text, over all jobs.
    pub text: TextFacts,
    /// The recordings to take a voice from.
    pub reference: ReferenceFacts,
    /// The audio to be worked on.
    pub audio: AudioFacts,
    /// The highest sample rate asked for, in Hz.
    pub sample_rate_hz: Option<u64>,
    /// The formats asked for.
    pub formats: Names,
    /// The models asked for.
    pub models: Names,
    /// The voices asked for.
    pub voices: Names,
    /// Whether any answer is to be streamed, if the request says.
    pub stream: Option<bool>,
    /// Lines of a JSONL body, each a job; 0 for what is no batch.
    pub batch_lines: u64,
    /// Whether the request says that the owner of the voice consents: in every job.
    pub consent: bool,
}

/// How much text there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextFacts {
    /// Unicode scalar values, over all jobs.
    pub chars: u64,
    /// … of the job with the most.
    pub longest_chars: u64,
    /// How long it is to speak by estimate, over all jobs.
    pub audio: AudioMillis,
    /// … of the job that takes longest.
    pub longest_audio: AudioMillis,
}

/// Recordings to take a voice from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReferenceFacts {
    /// Those that the request holds.
    pub inline: AudioFacts,
    /// Those that the service is to fetch.
    pub urls: UrlFacts,
}

/// Audio that a request holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AudioFacts {
    /// How many.
    pub count: u64,
    /// The size of the largest, decoded, in bytes.
    pub largest_bytes: u64,
    /// The length of the longest whose length is known.
    pub longest: AudioMillis,
    /// The length of all whose length is known.
    pub total: AudioMillis,
    /// Whether all are complete with a length that their format tells.
    pub all_lengths_known: bool,
    /// The highest sample rate that a header tells, in Hz.
    pub sample_rate_hz: Option<u32>,
    /// SHA-256 of each that is complete, of at most [`MAX_NAMES`], if the policy asks for it.
    pub sha256: Vec<[u8; 32]>,
}

/// References by URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UrlFacts {
    /// How many.
    pub count: u64,
    /// Their hosts, in lower case.
    pub hosts: Names,
    /// Whether one is not `https`.
    pub any_insecure: bool,
    /// Whether the host of one is an address of a private, local or otherwise special network.
    pub any_private: bool,
    /// Whether one can be read in more than one way: user information, an unusual host, …
    pub any_ambiguous: bool,
}

/// Different short names, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// At most [`MAX_NAMES`], each of at most [`MAX_NAME_BYTES`].
    pub known: Vec<String>,
    /// Whether there are more, or longer ones: nothing that asks for particular names is met then.
    pub overflow: bool,
}

/// Most different voices (models, formats, hosts) of one request that are told apart.
pub const MAX_NAMES: usize = 16;

/// The longest name of a voice (model, format, host) that is told, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

// === impl Names ===

impl Names {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && !self.overflow
    }

    /// Whether all are there and fit.
    pub fn all(&self, fits: impl Fn(&str) -> bool) -> bool {
        !self.overflow && self.known.iter().all(|it| fits(it))
    }

    /// Adds a name if it is not there; the empty one is none.
    pub fn insert(&mut self, name: &str) {
        if name.is_empty() || self.known.iter().any(|it| it == name) {
            return;
        }
        if name.len() > MAX_NAME_BYTES || self.known.len() >= MAX_NAMES {
            self.overflow = true;
        } else {
            self.known.push(name.to_owned());
        }
    }
}

// === impl ReferenceFacts ===

impl ReferenceFacts {
    /// Whether the caller brings a recording of its own, in the request or by URL.
    pub fn is_brought(&self) -> bool {
        self.inline.count > 0 || self.urls.count > 0
    }
}
