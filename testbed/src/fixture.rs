//! What most tests start: a speech service, and an Envoy with a filter and its policy in front.
//!
//! The Envoy's configuration is that of an operator: the resources that `voxctl render
//! envoyfilter` prints for the policy, with the test's own resources beside them, applied.
//!
//! ```no_run
//! # use voxgate_testbed::fixture::{Fixture, policy};
//! # async fn test() -> anyhow::Result<()> {
//! let fixture = Fixture::of(policy()).start().await?;
//! let response = fixture.http1().post("/tts").send().await?;
//! assert_eq!(response.status, 401);
//! fixture.finish().await
//! # }
//! ```

mod capability;
mod observed;
mod policy;
pub mod resource;
#[cfg(feature = "mutual-tls")]
mod tls;

pub use capability::{deny, expect_trap};
pub use policy::{now, policy, signed, token, token_at};
#[cfg(feature = "mutual-tls")]
pub use tls::Authority;

use crate::client::Client;
use crate::envoy::{Envoy, Options};
use crate::speech::Speech;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use voxctl::render::envoy::{EnvoyOptions, NamedCluster, from_files};
use voxctl::render::{Filter, ModuleSource, PolicyDocument, Proxy, ResourceOptions, envoyfilter};

/// What is to be started.
#[derive(Debug, Clone)]
#[must_use]
pub struct Setup {
    policy: Value,
    module: PathBuf,
    resources: Vec<Value>,
    left_out: Vec<&'static str>,
    filters_left_out: Vec<Filter>,
    clusters: Vec<NamedCluster>,
    options: Options,
}

/// A service and the Envoy in front of it. Dropped, it ends both and judges Envoy's log.
#[derive(Debug)]
pub struct Fixture {
    /// The Envoy.
    pub envoy: Envoy,
    /// The service.
    pub speech: Speech,
}

// === impl Setup ===

impl Setup {
    /// Applies this resource too: an `EnvoyFilter` of the test.
    pub fn resource(mut self, resource: Value) -> Self {
        self.resources.push(resource);
        self
    }

    /// Leaves out the rendered resources of this kind, as `AuthorizationPolicy`.
    pub fn without(mut self, kind: &'static str) -> Self {
        self.left_out.push(kind);
        self
    }

    /// Leaves out a filter that the policy has use for.
    pub fn without_filter(mut self, filter: Filter) -> Self {
        self.filters_left_out.push(filter);
        self
    }

    /// Uses this file of `$VOXGATE_DIST` instead of the filter's ordinary module.
    pub fn module(mut self, file: &str) -> Self {
        self.module = file.into();
        self
    }

    /// Gives Envoy a cluster of this name, as for a key server.
    pub fn cluster(mut self, name: &str, address: SocketAddr) -> Self {
        let address = address.to_string().parse().expect("an address and a port");
        self.clusters.push(NamedCluster { name: name.to_owned(), address });
        self
    }

    /// Changes how Envoy is started.
    pub fn envoy(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Envoy's whole configuration, for the service at `upstream`.
    ///
    /// # Errors
    /// What cannot be rendered or applied, a warning of the renderer included.
    pub fn bootstrap(&self, upstream: SocketAddr) -> Result<Value> {
        let policy = PolicyDocument::new(self.policy.clone())?;
        let wasm_dir = std::env::var_os("VOXGATE_DIST")
            .context("VOXGATE_DIST is not set; run `cargo xtask test e2e`, which sets it")?;
        let mut documents: Vec<Value> = Vec::new();
        let filters = Filter::of(&policy).into_iter();
        for filter in filters.filter(|it| !self.filters_left_out.contains(it)) {
            let module = match filter {
                Filter::JwtTier => self.module.clone(),
                other => other.module_file().into(),
            };
            let resources = ResourceOptions {
                filter,
                namespace: None,
                labels: [("app".to_owned(), "speech".to_owned())].into(),
                proxy: Proxy::Sidecar,
                port: 8080,
                module: ModuleSource::File(module),
            };
            let yaml = envoyfilter(&policy, &resources)?.value;
            documents.extend(serde_saphyr::from_multiple::<Value>(&yaml)?);
        }
        documents.retain(|it| self.left_out.iter().all(|kind| it["kind"] != *kind));
        documents.extend(self.resources.iter().cloned());

        let file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
        let text: Vec<String> = documents.iter().map(|it| format!("{it:#}\n")).collect();
        std::fs::write(&file, text.join("---\n"))?;

        let mut options = EnvoyOptions::new(upstream.to_string().parse()?, 0, 0);
        options.wasm_dir = wasm_dir.into();
        options.access_log = Some("access.jsonl".into());
        options.clusters.clone_from(&self.clusters);
        let rendered = from_files(&[file.path()], &options)?;
        ensure!(rendered.warnings.is_empty(), "the renderer warns: {:#?}", rendered.warnings);
        Ok(rendered.value)
    }

    /// Starts the service and the Envoy.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start(self) -> Result<Fixture> {
        let speech = Speech::start().await?;
        let bootstrap = self.bootstrap(speech.address())?;
        let envoy = self.options.start(bootstrap).await?;
        Ok(Fixture { envoy, speech })
    }
}

// === impl Fixture ===

impl Fixture {
    /// A speech service behind the filter with this policy.
    pub fn of(policy: Value) -> Setup {
        Setup {
            policy,
            module: Filter::JwtTier.module_file().into(),
            resources: Vec::new(),
            left_out: Vec::new(),
            filters_left_out: Vec::new(),
            clusters: Vec::new(),
            options: Options::default(),
        }
    }

    /// A client that speaks HTTP/1.1 to Envoy.
    pub fn http1(&self) -> Client {
        Client::http1(self.envoy.address())
    }

    /// A client that speaks HTTP/2 to Envoy.
    pub fn http2(&self) -> Client {
        Client::http2(self.envoy.address())
    }

    /// One client of each protocol, with its name.
    pub fn both(&self) -> [(&'static str, Client); 2] {
        Client::both(self.envoy.address())
    }

    /// Ends it and judges Envoy's log.
    ///
    /// # Errors
    /// As [`Envoy::finish`].
    pub async fn finish(self) -> Result<()> {
        Ok(self.envoy.finish().await?)
    }
}
