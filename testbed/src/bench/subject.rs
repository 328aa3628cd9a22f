//! An Envoy that is measured.

use super::cases::Case;
use super::load;
use crate::envoy::{Envoy, Options};
use anyhow::Result;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

pub(super) struct Subject(Envoy);

// === impl Subject ===

impl Subject {
    pub async fn start(case: &Case) -> Result<Self> {
        // Nothing listens there: every answer is Envoy's own.
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let mut bootstrap = case.setup.bootstrap(nobody)?;
        answer_directly(&mut bootstrap);
        // A denial is logged at `info`.
        let options = Options { log_level: "warning".to_owned(), ..Options::default() };
        Ok(Self(options.start(bootstrap).await?))
    }

    /// The processor time that `count` requests cost.
    pub async fn spend(&self, case: &mut Case, count: usize) -> Result<Duration> {
        let tokens = case.tokens.take(count);
        let before = self.0.cpu_time()?;
        load::send(self.0.address(), tokens, case.status).await?;
        Ok(self.0.cpu_time()?.saturating_sub(before))
    }

    /// Ends it; its resident memory in bytes, before.
    pub async fn finish(self) -> Result<u64> {
        let resident = self.0.resident_bytes()?;
        self.0.finish().await?;
        Ok(resident)
    }
}

/// Every route becomes an answer of Envoy itself, and no access log is written: neither is what is
/// measured.
fn answer_directly(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(answer_directly),
        Value::Object(members) => {
            members.remove("access_log");
            if members.contains_key("match") && members.remove("route").is_some() {
                let body = json!({ "inline_string": "ok" });
                let answer = json!({ "status": 200, "body": body });
                members.insert("direct_response".to_owned(), answer);
            }
            members.values_mut().for_each(answer_directly);
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
        answer_directly(&mut config);
        let answer = json!({ "status": 200, "body": { "inline_string": "ok" } });
        let routes = json!([{ "match": { "prefix": "/" }, "direct_response": answer }]);
        assert_eq!(config, json!({ "routes": routes }));
    }
}
