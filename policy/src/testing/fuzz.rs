//! What the fuzz targets of `fuzz/` do with their bytes. It stands here so that the tests of this
//! crate can do the same with the kept corpus, without a fuzzer.
//!
//! A target returns whatever it is given, or panics: a panic is a finding, whether it is the
//! code's or that of a broken promise noticed here.

mod audio;
mod bearer;
mod formats;
pub(crate) mod json;
mod pieces;
mod policy_file;
mod progress;
mod response;
pub(crate) mod rewrite;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use crate::Policy;
use crate::decide::{Body, Progress, decide};
use crate::decision::{Decision, Record};
use crate::identity::{Evidence, Identity, IssuerId, Keys, NewerKeys};
use crate::request::RequestHead;
use crate::time::UnixMillis;
use crate::token::TokenDigest;
use crate::trace::Recorded;

pub use audio::audio_header;
pub use bearer::{signed_token, token};
pub use formats::{compressed, form_facts, gzip_body, multipart_facts};
pub use json::{json_facts, jsonl_facts};
pub use pieces::{claims_pairs, jwks, path};
pub use policy_file::policy_file;
pub use progress::{flac, fmp4, frames, grpc, jsonl_audio, ogg, pcm, sse_audio, wav};
pub use response::response_meter;
pub use rewrite::rewrite;

/// The moment at which all targets decide; the tokens of the corpus are made for it.
pub const NOW: UnixMillis = UnixMillis(1_700_000_000_250);

/// A target: its name, which is that of its corpus, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 23] = [
    ("token", token),
    ("signed_token", signed_token),
    ("policy_file", policy_file),
    ("claims_pairs", claims_pairs),
    ("jwks", jwks),
    ("path", path),
    ("json_facts", json_facts),
    ("jsonl_facts", jsonl_facts),
    ("multipart_facts", multipart_facts),
    ("form_facts", form_facts),
    ("gzip_body", gzip_body),
    ("audio_header", audio_header),
    ("response_meter", response_meter),
    ("rewrite", rewrite),
    ("wav", wav),
    ("pcm", pcm),
    ("frames", frames),
    ("ogg", ogg),
    ("flac", flac),
    ("fmp4", fmp4),
    ("grpc", grpc),
    ("sse_audio", sse_audio),
    ("jsonl_audio", jsonl_audio),
];

/// A proxy that knows nothing of a request but its head.
struct Nothing;

impl Evidence for Nothing {
    fn peer(&mut self) -> Option<String> {
        None
    }

    fn verified_payload(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn verified_claim(&self, _: &str, _: &[&str]) -> Option<Vec<u8>> {
        None
    }

    fn recall(&mut self, _: &TokenDigest, _: UnixMillis) -> Option<Identity> {
        None
    }

    fn remember(&mut self, _: TokenDigest, _: &Identity, _: Option<UnixMillis>) {}

    fn keys(&mut self, _: IssuerId, _: UnixMillis) -> Keys {
        Keys::Unavailable
    }

    fn newer_keys(&mut self, _: IssuerId, _: UnixMillis) -> NewerKeys {
        NewerKeys::Unavailable
    }
}

/// A head of these headers.
fn head<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> RequestHead {
    let owned = |(name, value): (&str, &[u8])| (name.to_owned(), value.to_owned());
    RequestHead::new(headers.into_iter().map(owned).collect())
}

/// Decides, and checks what is said of the decision.
fn decided(policy: &Policy, head: &RequestHead) -> Decision {
    let Progress::Decided(decision) =
        decide(policy, head, Body::Absent, &mut Nothing, NOW, &mut Recorded::default())
    else {
        panic!("a decision waits for keys that nobody fetches");
    };
    check_said(&decision, policy);
    decision
}

/// What leaves the proxy can be sent and logged as it stands.
fn check_said(decision: &Decision, policy: &Policy) {
    let record = Record::new(decision, policy);
    assert!(is_json(record.to_json().as_bytes()), "the record is not JSON");
    assert!(!record.to_string().contains(char::is_control), "a log line is not one line");
    let Some(answer) = decision.answer(policy) else {
        assert!(decision.passes(), "a denial without an answer: {:?}", decision.reason);
        return;
    };
    assert!((400..=599).contains(&answer.status));
    assert!(is_json(&answer.problem), "the problem details are not JSON");
    assert!(!answer.detail.is_empty() && !answer.detail.contains(char::is_control));
    let challenge = answer.www_authenticate.unwrap_or_default();
    assert!(challenge.bytes().all(|b| matches!(b, 0x20..=0x7e)), "not a header value");
    // RFC 9110 §11.2: every quote opens or closes, because none is escaped.
    assert!(challenge.matches('"').count() % 2 == 0 && !challenge.contains('\\'));
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|it| it.is_object())
}
