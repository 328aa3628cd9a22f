//! One request on its way through the filter.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::state::{self, Headers, StreamPhase, StreamState};
use crate::{body, callbacks, response};

/// What became of a request so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went on to the next filter.
    Continued,
    /// The filter holds it.
    Waiting,
    /// The filter answered it.
    Replied,
}

/// What a filter wants of a body chunk or of trailers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// On to the next filter.
    Continue,
    /// Kept in Envoy's buffer.
    Pause,
}

impl Action {
    fn of(goes_on: bool) -> Self {
        if goes_on { Self::Continue } else { Self::Pause }
    }
}

/// A local reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers that the filter added.
    pub headers: Headers,
    /// The body; for gRPC, the message.
    pub body: Vec<u8>,
    /// `grpc-status`, if it is a gRPC reply.
    pub grpc_status: Option<u32>,
}

impl Reply {
    /// The first value of a header, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        first(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn of_envoy(status: u16, body: &str) -> Self {
        Self { status, headers: Headers::new(), body: body.into(), grpc_status: None }
    }

    pub(crate) fn as_headers(&self) -> Headers {
        let mut headers = vec![(":status".to_owned(), self.status.to_string().into_bytes())];
        headers.extend(self.headers.clone());
        headers
    }
}

/// A request that was sent.
pub struct Stream {
    context: u32,
    end_of_stream: bool,
    /// State is per thread.
    thread: PhantomData<*const ()>,
}

/// A request that is over.
pub struct Ended(BTreeMap<String, Vec<u8>>);

impl Stream {
    pub(crate) fn new(context: u32, end_of_stream: bool) -> Self {
        Self { context, end_of_stream, thread: PhantomData }
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        self.read(|stream| match stream.phase {
            StreamPhase::Continued => Outcome::Continued,
            StreamPhase::Headers | StreamPhase::Held => Outcome::Waiting,
            StreamPhase::Replied => Outcome::Replied,
        })
    }

    /// The filter's answer.
    ///
    /// # Panics
    /// If it didn't answer.
    pub fn reply(&self) -> Reply {
        self.read(|stream| stream.reply.clone()).expect("the filter did not reply")
    }

    /// The first value of a request header, as the next filter sees it, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.read(|stream| first(&stream.headers, name))
    }

    /// All request headers, as the next filter sees them.
    pub fn headers(&self) -> Vec<(String, Vec<u8>)> {
        self.read(|stream| stream.headers.clone())
    }

    /// How often the route was forgotten.
    pub fn route_cache_clears(&self) -> usize {
        self.read(|stream| stream.route_cache_clears)
    }

    /// Filter state `wasm.<key>`, as text.
    pub fn filter_state(&self, key: &str) -> Option<String> {
        self.read(|stream| {
            stream.filter_state.get(key).map(|it| String::from_utf8_lossy(it).into_owned())
        })
    }

    /// Sends a chunk of the request body, also while the filter holds the headers, as Envoy does
    /// with `allow_on_headers_stop_iteration`.
    ///
    /// # Panics
    /// If the request was sent without a body.
    pub fn body(&self, chunk: &[u8], end_of_stream: bool) -> Action {
        assert!(!self.end_of_stream, "the request has no body; see Request::with_body");
        Action::of(body::deliver(self.context, chunk, end_of_stream))
    }

    /// What the next filter has of the body.
    pub fn upstream_body(&self) -> Vec<u8> {
        self.read(|stream| stream.body.upstream().to_vec())
    }

    /// The request trailers that the filter holds, as it left them.
    pub fn held_trailers(&self) -> Headers {
        self.read(|stream| stream.trailers.clone()).unwrap_or_default()
    }

    /// Sends request trailers; returns also what goes on.
    pub fn trailers(&self, trailers: &[(&str, &str)]) -> (Action, Headers) {
        self.read(|stream| stream.trailers = Some(owned(trailers)));
        let action = Action::of(callbacks::request_trailers(self.context));
        if self.read(|stream| stream.body.is_too_large && stream.phase == StreamPhase::Held) {
            body::too_large(self.context);
        }
        self.read(|stream| {
            if action == Action::Continue && stream.phase != StreamPhase::Replied {
                stream.goes_on();
                stream.body.flush();
            }
        });
        // While they are held they can be read and changed.
        let trailers = self.read(|stream| match action {
            Action::Continue => stream.trailers.take(),
            Action::Pause => stream.trailers.clone(),
        });
        (action, trailers.unwrap_or_default())
    }

    /// The upstream answers, and its body may follow; returns the headers as the client sees them.
    pub fn respond(&self, headers: &[(&str, &str)]) -> Headers {
        self.respond_with(headers, false)
    }

    /// The upstream answers without a body; returns the headers as the client sees them.
    pub fn respond_without_body(&self, headers: &[(&str, &str)]) -> Headers {
        self.respond_with(headers, true)
    }

    fn respond_with(&self, headers: &[(&str, &str)], end_of_stream: bool) -> Headers {
        self.read(|stream| stream.response.details = Some("via_upstream".into()));
        callbacks::response_headers(self.context, owned(headers), end_of_stream);
        self.read(|stream| stream.response.changes.clone())
    }

    /// Sends a chunk of the upstream's body to the client.
    pub fn response_body(&self, chunk: &[u8], end_of_stream: bool) -> Action {
        Action::of(response::deliver(self.context, chunk, end_of_stream))
    }

    /// Sends trailers after the upstream's body.
    pub fn response_trailers(&self, trailers: &[(&str, &str)]) -> Action {
        Action::of(response::deliver_trailers(self.context, owned(trailers)))
    }

    /// The trailers as the client sees them.
    pub fn downstream_trailers(&self) -> Headers {
        self.read(|stream| stream.response.sent_trailers.clone()).unwrap_or_default()
    }

    /// How many bytes of the upstream's body went on at a time.
    pub fn downstream_writes(&self) -> Vec<usize> {
        self.read(|stream| stream.response.writes.clone())
    }

    /// Bytes of the upstream's body that are held.
    pub fn held_response(&self) -> usize {
        self.read(|stream| stream.response.buffer.len())
    }

    /// Whether the filter reset the stream; Envoy ends it then, which is for the test to play.
    pub fn is_reset(&self) -> bool {
        self.read(|stream| stream.response.is_reset)
    }

    /// What the client has of the upstream's body.
    pub fn downstream_body(&self) -> Vec<u8> {
        self.read(|stream| stream.response.downstream.clone())
    }

    /// Envoy itself, or a later filter, answers with this status, these bits of `response.flags` and
    /// these `response.code_details`; for what they are see `voxgate_host::Ending`.
    pub fn answer_locally(&self, status: u16, flags: u64, details: &str) {
        self.explain(flags, details);
        callbacks::local_reply(self.context, &Reply::of_envoy(status, details));
    }

    /// As [`answer_locally`](Self::answer_locally), without a body: so Envoy answers gRPC requests,
    /// and those whose route has no cluster.
    pub fn answer_locally_without_body(&self, status: u16, flags: u64, details: &str) {
        self.explain(flags, details);
        callbacks::local_reply(self.context, &Reply::of_envoy(status, ""));
    }

    /// The stream ends as it must after what came: a whole response, or the filter's own reply.
    /// What its access log says.
    pub fn end(self) -> Ended {
        callbacks::end(self.context);
        let stream = state::with(|state| state.streams.remove(&self.context));
        Ended(stream.map(|it| it.filter_state).unwrap_or_default())
    }

    /// The client closes its connection.
    pub fn client_leaves(self) -> Ended {
        self.end_with(1 << 14, "downstream_remote_disconnect")
    }

    /// The upstream resets a response that had begun.
    pub fn upstream_breaks(self) -> Ended {
        self.end_with(1 << 4, "upstream_reset_after_response_started{remote_reset}")
    }

    /// The stream ends with these bits of `response.flags` and these `response.code_details`.
    pub fn end_with(self, flags: u64, details: &str) -> Ended {
        self.explain(flags, details);
        self.end()
    }

    fn explain(&self, flags: u64, details: &str) {
        self.read(|stream| {
            stream.response.flags |= flags;
            stream.response.details = Some(details.to_owned());
        });
    }

    fn read<R>(&self, read: impl FnOnce(&mut StreamState) -> R) -> R {
        state::with(|state| read(state.stream(self.context)))
    }
}

// === impl Ended ===

impl Ended {
    /// Filter state `wasm.<key>` as the access log sees it, as text.
    pub fn filter_state(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|it| String::from_utf8_lossy(it).into_owned())
    }
}

fn owned(headers: &[(&str, &str)]) -> Headers {
    headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn first(headers: &Headers, name: &str) -> Option<String> {
    let (_, value) = headers.iter().find(|(key, _)| key == name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}
