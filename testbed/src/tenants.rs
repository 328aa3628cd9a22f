//! A server of tenants, whose document changes and which fails on command.

use crate::fixture::{Fixture, Setup};
use crate::server::Server;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The Envoy cluster that leads to the server.
pub const CLUSTER: &str = "outbound|80||tenants.test";

/// What is wrong with the answer. That nobody answers is [`Tenants::go_down`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It comes after so long.
    Slow(Duration),
    /// Empty lines follow, up to so many bytes.
    Huge(usize),
    /// It ends in the middle of its last line.
    Malformed,
    /// Its status is this.
    Status(StatusCode),
}

/// A running server; stopped when dropped.
#[derive(Debug)]
pub struct Tenants {
    address: SocketAddr,
    server: Option<Server>,
    state: Arc<Shared>,
}

#[derive(Debug)]
struct Shared(Mutex<Served>);

#[derive(Debug)]
struct Served {
    document: Bytes,
    /// The entity tag.
    version: u64,
    fault: Fault,
    fetches: u64,
    unchanged: u64,
}

// === impl Tenants ===

impl Tenants {
    /// Serves `document` on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(document: impl Into<Bytes>) -> io::Result<Self> {
        let served = Served {
            document: document.into(),
            version: 1,
            fault: Fault::None,
            fetches: 0,
            unchanged: 0,
        };
        let state = Arc::new(Shared(Mutex::new(served)));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(address, routes(Arc::clone(&state))).await?;
        Ok(Self { address: server.address(), server: Some(server), state })
    }

    /// Where it listens, or listened before it went down.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The policy with this server as the source of its tenants. `source` changes members of
    /// `tenants.source`, as `{"refresh": "1s"}`.
    pub fn in_policy(&self, mut policy: Value, source: &Value) -> Value {
        let uri = format!("http://{}/tenants.jsonl", self.address);
        let mut spec = json!({ "uri": uri, "cluster": CLUSTER, "refresh": "1s" });
        for (name, value) in source.as_object().into_iter().flatten() {
            spec[name] = value.clone();
        }
        policy["tenants"]["source"] = spec;
        policy
    }

    /// A fixture whose policy has its tenants from here, asked for each second.
    pub fn setup(&self, policy: Value) -> Setup {
        Fixture::of(self.in_policy(policy, &json!({}))).cluster(CLUSTER, self.address)
    }

    /// Serves another document from now on.
    pub fn replace(&self, document: impl Into<Bytes>) {
        let mut served = self.state.lock();
        served.document = document.into();
        served.version += 1;
    }

    /// Fails like this from now on; [`Fault::None`] ends it.
    pub fn set_fault(&self, fault: Fault) {
        self.state.lock().fault = fault;
    }

    /// Refuses connections and ends those that are open.
    pub fn go_down(&mut self) {
        self.server = None;
    }

    /// Listens again where it did.
    ///
    /// # Errors
    /// When somebody else has taken the port meanwhile.
    pub async fn come_up(&mut self) -> io::Result<()> {
        self.server = None;
        self.server = Some(Server::start(self.address, routes(Arc::clone(&self.state))).await?);
        Ok(())
    }

    /// How often the document was asked for, faults included.
    pub fn fetches(&self) -> u64 {
        self.state.lock().fetches
    }

    /// How often the answer was that it did not change.
    pub fn unchanged(&self) -> u64 {
        self.state.lock().unchanged
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Served> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn routes(state: Arc<Shared>) -> Router {
    Router::new().route("/tenants.jsonl", get(tenants)).with_state(state)
}

async fn tenants(State(state): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let (document, etag, fault) = {
        let mut served = state.lock();
        served.fetches += 1;
        (served.document.clone(), format!("\"{}\"", served.version), served.fault)
    };
    match fault {
        Fault::Status(status) => return status.into_response(),
        Fault::Slow(time) => tokio::time::sleep(time).await,
        Fault::None | Fault::Huge(_) | Fault::Malformed => {}
    }
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|it| *it == etag);
    if is_known && matches!(fault, Fault::None | Fault::Slow(_)) {
        state.lock().unchanged += 1;
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let document = match fault {
        Fault::Huge(bytes) => {
            let padding = "\n".repeat(bytes.saturating_sub(document.len()));
            [&document[..], padding.as_bytes()].concat().into()
        }
        Fault::Malformed => document.slice(..document.trim_ascii_end().len() - 1),
        Fault::None | Fault::Slow(_) | Fault::Status(_) => document,
    };
    let headers = [(header::ETAG, etag), (header::CONTENT_TYPE, "application/jsonl".to_owned())];
    (headers, document).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[tokio::test]
    async fn a_document_is_served_whole_until_it_is_known_and_anew_when_it_changed() {
        let tenants = Tenants::start("{\"id\":\"a\"}\n").await.unwrap();
        let client = Client::http1(tenants.address());
        let ask = |etag: &str| client.get("/tenants.jsonl").header("if-none-match", etag).send();
        let first = ask("\"0\"").await.unwrap();
        assert_eq!((first.status.as_u16(), first.text().as_str()), (200, "{\"id\":\"a\"}\n"));
        let etag = first.header("etag").unwrap().to_owned();
        assert_eq!(ask(&etag).await.unwrap().status, 304);
        tenants.replace("{\"id\":\"b\"}\n");
        assert_eq!(ask(&etag).await.unwrap().text(), "{\"id\":\"b\"}\n");
        assert_eq!((tenants.fetches(), tenants.unchanged()), (3, 1));
    }

    #[tokio::test]
    async fn each_fault_is_what_it_says() {
        let mut tenants = Tenants::start("{\"id\":\"a\"}\n").await.unwrap();
        let client = Client::http1(tenants.address());
        let ask = || client.get("/tenants.jsonl").send();
        tenants.set_fault(Fault::Status(StatusCode::BAD_GATEWAY));
        assert_eq!(ask().await.unwrap().status, 502);
        tenants.set_fault(Fault::Malformed);
        assert_eq!(ask().await.unwrap().text(), "{\"id\":\"a\"");
        tenants.set_fault(Fault::Huge(1000));
        assert_eq!(ask().await.unwrap().body.len(), 1000);
        tenants.set_fault(Fault::None);
        tenants.go_down();
        assert!(ask().await.is_err());
        tenants.come_up().await.unwrap();
        assert_eq!(ask().await.unwrap().status, 200);
    }
}
