//! What is compared.

mod facts;
mod headers;
mod quotas;
mod shedding;

pub(super) use facts::{BUFFER, UNREAD, comparisons as facts};
pub(super) use headers::comparison as headers;
pub(super) use quotas::comparison as quotas;
pub(super) use shedding::comparison as shedding;

use super::tokens::Tokens;
use crate::fixture::{Fixture, Setup, policy, resource};
use bytes::Bytes;
use serde_json::{Value, json};
use voxgate_policy::testing::SigningKey;

/// Cases that take turns, one of which is the measure of the others: the first, without a filter.
pub(super) struct Turns {
    pub title: String,
    /// Requests of one case in one round.
    pub requests: usize,
    /// What each request asks for.
    pub ask: Ask,
    pub cases: Vec<Case>,
}

/// What a request asks for.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    /// The list of voices, which Envoy itself answers.
    Voices,
    /// Speech, with this JSON; a server behind Envoy reads it.
    Speech(Bytes),
}

/// One subject and what it is asked.
pub(super) struct Case {
    pub name: &'static str,
    pub setup: Setup,
    pub tokens: Tokens,
    /// The status of every answer.
    pub status: u16,
}

/// The tests' policy with so many quota rules, and enough for any number of requests.
pub(super) fn counted(rules: usize) -> Value {
    quotas::with_limit(rules, quotas::PLENTY)
}

fn case(name: &'static str, setup: Setup, tokens: Tokens) -> Case {
    Case { name, setup, tokens, status: 200 }
}

fn no_filter() -> Case {
    case("no filter", without_filter(), known("tts.basic"))
}

fn empty_filter() -> Case {
    let setup = Fixture::of(policy()).module("empty.wasm");
    case("an empty Wasm filter", setup, known("tts.basic"))
}

fn known(scopes: &str) -> Tokens {
    Tokens::one(&SigningKey::rs256(), scopes)
}

pub(super) fn without_filter() -> Setup {
    // A patch that changes nothing of weight: without any, the renderer takes it for a mistake.
    let patch = resource::connection_manager(json!({ "stat_prefix": "bench" }));
    Fixture::of(policy()).without("EnvoyFilter").resource(patch)
}

/// One of Envoy's own HTTP filters, alone.
pub(super) fn native(name: &str, kind: &str, mut config: Value) -> Setup {
    config["@type"] = json!(format!("type.googleapis.com/envoy.extensions.filters.http.{kind}"));
    let name = format!("envoy.filters.http.{name}");
    without_filter().resource(resource::first_http_filter(json!({
        "name": name,
        "typed_config": config,
    })))
}
