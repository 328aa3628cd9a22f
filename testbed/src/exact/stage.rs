//! An Envoy in which every mode is at work at once.

use super::{Clients, Mode};
use crate::envoy::Options;
use crate::fixture::{Fixture, Setup, resource};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How it is to be started.
#[derive(Debug, Clone)]
#[must_use]
pub struct StageSetup {
    policy: Value,
    is_http1_upstream: bool,
    resources: Vec<Value>,
    options: Options,
}

/// A service, an Envoy with the filter in front of it, and clients.
#[derive(Debug)]
pub struct Stage {
    /// The service and the Envoy.
    pub fixture: Fixture,
    /// Who asks for streams.
    pub clients: Clients,
}

// === impl StageSetup ===

impl StageSetup {
    /// Holds so many bytes for so long at most; 8,192 for 20 ms otherwise.
    pub fn holding(mut self, max_bytes: u32, max_delay: &str) -> Self {
        for rule in self.policy["streams"]["coalesce"].as_array_mut().into_iter().flatten() {
            rule["max_bytes"] = json!(max_bytes);
            rule["max_delay"] = json!(max_delay);
        }
        self
    }

    /// Changes the policy.
    pub fn policy(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.policy);
        self
    }

    /// Speaks HTTP/1.1 to the service, whatever the client speaks, as to a port named `http`: there
    /// is no gRPC then. Otherwise it speaks what the client speaks.
    pub fn http1_upstream(mut self) -> Self {
        self.is_http1_upstream = true;
        self
    }

    /// Applies this resource too: an `EnvoyFilter` of the test.
    pub fn resource(mut self, resource: Value) -> Self {
        self.resources.push(resource);
        self
    }

    /// Changes how Envoy is started.
    pub fn envoy(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// The fixture that it is.
    pub fn fixture(&self) -> Setup {
        let trailers = json!({ "http_protocol_options": { "enable_trailers": true } });
        let mut setup = Fixture::of(self.policy.clone());
        if !self.is_http1_upstream {
            setup = setup
                .resource(resource::client_protocol_upstream())
                .resource(resource::connection_manager(trailers));
        }
        let setup = self.resources.iter().cloned().fold(setup, Setup::resource);
        setup.envoy(|options| options.clone_from(&self.options))
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the service or the Envoy does not start.
    pub async fn start(self) -> Result<Stage> {
        Ok(Stage::of(self.fixture().start().await?))
    }
}

// === impl Stage ===

impl Stage {
    /// An Envoy whose policy has each [`Mode`].
    pub fn setup() -> StageSetup {
        StageSetup {
            policy: Mode::policy(8192, "20ms"),
            is_http1_upstream: false,
            resources: Vec::new(),
            options: Options {
                // Where more programs want to run than can, each waits for its turn as long as for
                // an acknowledgement.
                allow_log: vec!["stream=delayed_ack".to_owned()],
                ..Options::default()
            },
        }
    }

    /// One that runs already.
    pub fn of(fixture: Fixture) -> Self {
        Self { clients: Clients::of(fixture.envoy.address()), fixture }
    }

    /// Clients that have no connection yet: one that was open before a push stays with what was.
    pub fn reconnect(&mut self) {
        self.clients = Clients::of(self.fixture.envoy.address());
    }

    /// Waits until nothing is under way: by Envoy's gauges of requests, by the filter's of streams
    /// that are held, and at the service.
    ///
    /// # Errors
    /// What still is, after ten seconds.
    pub async fn settle(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let left = self.under_way().await?;
            if left.is_empty() {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "still under way: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn under_way(&self) -> Result<Vec<(String, u64)>> {
        let mut left = Vec::new();
        for (name, count) in self.fixture.envoy.stats("").await? {
            let is_request =
                name.ends_with("downstream_rq_active") || name.ends_with("upstream_rq_active");
            // The one that asks.
            if is_request && !name.starts_with("http.admin.") {
                left.push((name, count));
            }
        }
        let held = self.fixture.envoy.metric("voxgate_stream_held", &[]).await?;
        left.push(("voxgate_stream_held".to_owned(), held));
        left.push(("at the service".to_owned(), self.fixture.speech.under_way() as u64));
        left.retain(|(_, count)| *count > 0);
        Ok(left)
    }

    /// Fails when nothing was ever put together: what came through then proves nothing of the modes
    /// that hold.
    ///
    /// # Errors
    /// How many chunks came from the service, and went on.
    pub async fn assert_coalesced(&self) -> Result<()> {
        let chunks = async |direction| {
            let labels = [("direction", direction)];
            self.fixture.envoy.metric("voxgate_stream_chunks_total", &labels).await
        };
        let (came, went) = (chunks("in").await?, chunks("out").await?);
        println!("{came} chunks came, {went} went on");
        ensure!(came > went && went > 0, "{came} chunks came, {went} went on");
        Ok(())
    }

    /// Settles, ends everything and judges Envoy's log.
    ///
    /// # Errors
    /// As [`Stage::settle`] and [`Fixture::finish`]; when a VM was started again.
    pub async fn finish(self) -> Result<()> {
        self.settle().await?;
        self.fixture.assert_no_reload().await?;
        self.fixture.finish().await
    }
}
