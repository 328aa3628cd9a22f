//! One request as a test writes it.

use crate::body::{Body, DEFAULT_LIMIT};
use crate::callbacks;
use crate::response::Response;
use crate::state::{self, Headers, StreamPhase, StreamState};
use crate::stream::Stream;

/// A request being written.
#[must_use]
pub struct Request {
    headers: Headers,
    end_of_stream: bool,
    buffer_limit: usize,
    metadata: serde_json::Value,
    peer_uri_san: Option<String>,
    filter_state: Vec<(String, Vec<u8>)>,
    cluster: Option<String>,
}

impl Request {
    pub(crate) fn new() -> Self {
        Self {
            headers: Headers::new(),
            end_of_stream: true,
            buffer_limit: DEFAULT_LIMIT,
            metadata: serde_json::json!({}),
            peer_uri_san: None,
            filter_state: Vec::new(),
            cluster: None,
        }
    }

    /// Adds a header, of any bytes.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// Sets one entry of the dynamic metadata, as a filter before this one would.
    pub fn metadata(mut self, namespace: &str, key: &str, value: serde_json::Value) -> Self {
        self.metadata[namespace][key] = value;
        self
    }

    /// Comes over mutual TLS from a peer whose certificate names this URI.
    pub fn peer_uri_san(mut self, uri: &str) -> Self {
        self.peer_uri_san = Some(uri.to_owned());
        self
    }

    /// Carries filter state `wasm.<key>` from a filter before this one.
    pub fn filter_state(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.filter_state.push((key.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Its route leads to this cluster.
    pub fn cluster(mut self, name: &str) -> Self {
        self.cluster = Some(name.to_owned());
        self
    }

    /// Has a body, which the test sends with [`Stream::body`].
    pub fn with_body(mut self) -> Self {
        self.end_of_stream = false;
        self
    }

    /// Envoy holds at most so many bytes of the body; 1 MiB if nothing is said.
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.buffer_limit = bytes;
        self
    }

    /// Sends it through the newest configuration's filter.
    ///
    /// # Panics
    /// If no configuration was accepted.
    pub fn send(self) -> Stream {
        let count = self.headers.len();
        let (context, root) = state::with(|state| {
            let root = *state.roots.last().expect("configure the host first");
            state.next_context += 1;
            let stream = StreamState {
                phase: StreamPhase::Headers,
                request_open: true,
                headers: self.headers,
                trailers: None,
                response: Response::default(),
                reply: None,
                answered: false,
                body: Body::new(self.buffer_limit),
                route_cache_clears: 0,
                filter_state: self.filter_state.into_iter().collect(),
                cluster: self.cluster,
                metadata: self.metadata,
                peer_uri_san: self.peer_uri_san,
            };
            state.streams.insert(state.next_context, stream);
            (state.next_context, root)
        });
        callbacks::create_context(context, root);
        let goes_on = callbacks::request_headers(context, count, self.end_of_stream);
        state::with(|state| {
            let stream = state.stream(context);
            if stream.phase == StreamPhase::Headers {
                stream.phase = if goes_on { StreamPhase::Continued } else { StreamPhase::Held };
                stream.request_open = !goes_on;
                stream.body.stopped = !goes_on;
            }
        });
        Stream::new(context, self.end_of_stream)
    }
}
