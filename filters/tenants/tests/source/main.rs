//! The source of tenants through the real SDK and a fake Envoy.

mod fetching;
mod pushes;

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use voxgate_fake_host::{Call, FakeHost, LogLevel};
use voxgate_host::{
    CallId, CallResponse, Flow, HttpFilter, LocalReply, Plugin, RequestHeaders, RootHost,
};
use voxgate_policy::Policy;
use voxgate_policy::error::PolicyErrors;
use voxgate_policy::quota::Terms;
use voxgate_policy::spec::PolicySpec;
use voxgate_policy::testing;
use voxgate_tenants::TenantSource;

const CLUSTER: &str = "outbound|80||tenants.test";

/// A plugin that does nothing but ask for tenants, and answers with a tenant's terms.
struct Probe(Rc<Shared>);

struct Shared {
    policy: Policy,
    tenants: TenantSource,
}

struct ProbeFilter(Rc<Shared>);

impl Plugin for Probe {
    type Filter = ProbeFilter;
    type ConfigError = PolicyErrors;

    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, PolicyErrors> {
        let policy = Policy::try_from(PolicySpec::from_json(config)?)?;
        let tenants = TenantSource::of(&policy, host.now());
        Ok(Self(Rc::new(Shared { policy, tenants })))
    }

    fn filter(&self) -> ProbeFilter {
        ProbeFilter(Rc::clone(&self.0))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.0.tenants.on_tick(host);
    }

    fn on_call_response(&mut self, _: &mut RootHost<'_>, call: CallId, response: CallResponse<'_>) {
        self.0.tenants.on_response(&self.0.policy, call, &response);
    }
}

impl HttpFilter for ProbeFilter {
    fn on_request_headers(&mut self, request: &mut RequestHeaders<'_>, _: bool) -> Flow {
        let Shared { policy, tenants } = &*self.0;
        let head = request.head();
        let tenant = std::str::from_utf8(head.first("x-tenant").unwrap()).unwrap();
        let terms = tenants.terms(tenant);
        let (chars, _) = policy.quotas().named("chars").unwrap();
        let limit = match terms.as_ref().and_then(|it| it.of(chars)) {
            None => "none".to_owned(),
            Some(Terms::Unlimited) => "unlimited".to_owned(),
            Some(Terms::Limited { units, .. }) => units.to_string(),
        };
        let cap = tenants.cap(tenant).map_or("none", |it| policy.tiers().name(it));
        let body = format!("{limit} {cap} {}", tenants.generation()).into_bytes();
        Flow::Reply(LocalReply { status: 200, headers: Vec::new(), body, grpc: None })
    }
}

fn policy() -> Value {
    let jwks: Value = serde_json::from_str(testing::jwks()).unwrap();
    json!({
        "version": 1,
        "identity": {"issuers": [{"issuer": testing::ISSUER, "jwks": {"inline": jwks}}]},
        "operations": {"presets": ["openai-audio"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["tts.*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
        "quotas": {"rules": [
            {"name": "chars", "meter": "text.chars", "per": "month", "default": {"limit": 100}},
        ]},
        "tenants": {"source": {
            "uri": "http://tenants.test/all.jsonl?v=1",
            "cluster": CLUSTER,
            "refresh": "30s",
            "timeout": "2s",
            "max_bytes": 100_000,
        }},
    })
}

/// A host with this plugin.
fn start() -> FakeHost {
    let host = FakeHost::start(voxgate_host::start::<Probe>);
    host.add_cluster(CLUSTER);
    host
}

/// A host with [`policy`], whose first fetch is under way.
fn asking() -> FakeHost {
    let host = start();
    assert!(host.configure(policy().to_string()), "{:?}", host.logs());
    host.tick();
    host
}

/// A host that has `document`, with the ETag `"1"`.
fn having(document: &str) -> FakeHost {
    let host = asking();
    answer(&host, 200, Some("\"1\""), document);
    host
}

/// The one fetch under way.
fn call(host: &FakeHost) -> Call {
    let calls = host.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls[0].clone()
}

fn answer(host: &FakeHost, status: u16, etag: Option<&str>, body: &str) {
    let headers: Vec<_> = etag.map(|it| ("etag", it)).into_iter().collect();
    host.answer_call(call(host).token, status, &headers, body.as_bytes());
}

fn wait(host: &FakeHost, seconds: u64) {
    host.advance(Duration::from_secs(seconds));
    host.tick();
}

/// What is known of a tenant: its limit, its cap, and the generation.
fn known(host: &FakeHost, tenant: &str) -> String {
    let pseudo = [(":method", "GET"), (":path", "/"), ("x-tenant", tenant)];
    host.request(&pseudo).reply().text()
}

fn fetches(host: &FakeHost, result: &str) -> u64 {
    host.metric(&format!("result=.={result};.;voxgate_tenants_fetches_total"))
}

fn warnings(host: &FakeHost) -> Vec<String> {
    let logs = host.logs().into_iter().filter(|it| it.level >= LogLevel::Warn);
    logs.map(|it| it.message).collect()
}

const ACME: &str = r#"{"id":"acme","max_tier":"basic","quotas":{"chars":{"limit":5000}}}"#;
