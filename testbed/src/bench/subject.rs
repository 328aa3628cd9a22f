//! An Envoy that is measured.

use super::cases::{Ask, Case};
use super::{MAX_BODY_BYTES, Memory, load};
use crate::envoy::{Envoy, Options};
use crate::fixture::Setup;
use anyhow::Result;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

pub(super) struct Subject(Envoy);

// === impl Subject ===

impl Subject {
    /// Starts an Envoy in front of `upstream`; without one it answers every request itself.
    pub async fn start(case: &Case, upstream: Option<SocketAddr>) -> Result<Self> {
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let mut bootstrap = case.setup.bootstrap(upstream.unwrap_or(nobody))?;
        // No access log: it is not what is measured.
        remove_members(&mut bootstrap, "access_log");
        match upstream {
            Some(_) => make_room(&mut bootstrap),
            None => answer_directly(&mut bootstrap),
        }
        let options = Options {
            // A denial is logged at `info`.
            log_level: "warning".to_owned(),
            allow_log: vec!["audit=voice.create".to_owned()],
            ..Options::default()
        };
        Ok(Self(options.start(bootstrap).await?))
    }

    /// The processor time that `count` requests cost.
    pub async fn spend(&self, ask: &Ask, case: &mut Case, count: usize) -> Result<Duration> {
        let tokens = case.tokens.take(count);
        let before = self.0.cpu_time()?;
        load::send(self.0.address(), ask, tokens, case.status).await?;
        Ok(self.0.cpu_time()?.saturating_sub(before))
    }

    /// What it held at most is counted from here.
    pub fn forget_peak(&self) -> Result<()> {
        Ok(self.0.forget_peak()?)
    }

    /// Ends it; the memory that it had, before.
    pub async fn finish(self) -> Result<Memory> {
        let memory = Memory {
            resident_bytes: self.0.resident_bytes()?,
            peak_bytes: self.0.peak_resident_bytes()?,
            // Not every case has a VM.
            wasm_bytes: self.0.wasm_memory_bytes().unwrap_or_default(),
        };
        self.0.finish().await?;
        Ok(memory)
    }
}

/// An Envoy with so many workers that answers every request itself.
pub(super) async fn answered_by_envoy(setup: &Setup, workers: u32) -> Result<Envoy> {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let mut bootstrap = setup.bootstrap(nobody)?;
    remove_members(&mut bootstrap, "access_log");
    answer_directly(&mut bootstrap);
    let options =
        Options { log_level: "warning".to_owned(), concurrency: workers, ..Options::default() };
    Ok(options.start(bootstrap).await?)
}

/// Every virtual host lets filters hold the largest body, as the rendered filter's does.
fn make_room(bootstrap: &mut Value) {
    each_object(bootstrap, &mut |members| {
        if members.contains_key("domains") {
            members.insert("request_body_buffer_limit".to_owned(), json!(MAX_BODY_BYTES));
        }
    });
}

/// Every route becomes an answer of Envoy itself.
fn answer_directly(value: &mut Value) {
    each_object(value, &mut |members| {
        if members.contains_key("match") && members.remove("route").is_some() {
            let body = json!({ "inline_string": "ok" });
            let answer = json!({ "status": 200, "body": body });
            members.insert("direct_response".to_owned(), answer);
        }
    });
}

pub(super) fn remove_members(value: &mut Value, name: &str) {
    each_object(value, &mut |members| {
        members.remove(name);
    });
}

pub(super) fn each_object(
    value: &mut Value,
    change: &mut impl FnMut(&mut serde_json::Map<String, Value>),
) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| each_object(it, change)),
        Value::Object(members) => {
            change(members);
            members.values_mut().for_each(|it| each_object(it, change));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_becomes_an_answer_and_the_access_log_goes() {
        let mut config = json!({
            "access_log": [{}],
            "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "a" } }],
        });
        remove_members(&mut config, "access_log");
        answer_directly(&mut config);
        let answer = json!({ "status": 200, "body": { "inline_string": "ok" } });
        let routes = json!([{ "match": { "prefix": "/" }, "direct_response": answer }]);
        assert_eq!(config, json!({ "routes": routes }));
    }
}
