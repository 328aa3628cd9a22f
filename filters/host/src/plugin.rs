//! What a filter implements.

use std::fmt;

use crate::{
    BodyPart, CallId, CallResponse, EndedStream, LocalReply, RequestHeaders, RequestTrailers,
    ResponseHeaders, ResponseTrailers, RootHost,
};

/// One configured plugin: a root context of one VM, thus one a worker and configuration.
///
/// A new configuration makes a new plugin in the same VM; the old one lives until its streams end.
pub trait Plugin: Sized + 'static {
    /// What handles one stream.
    type Filter: HttpFilter;

    /// Why a configuration is refused; its text stands in Envoy's log.
    type ConfigError: fmt::Display;

    /// Reads the plugin configuration.
    ///
    /// Envoy runs this on its main thread too, for a canary that never sees a request, so nothing
    /// may happen here that is felt outside: no call, no shared data.
    ///
    /// # Errors
    /// Envoy refuses the configuration and keeps the one before.
    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, Self::ConfigError>;

    /// The handler of a new stream.
    fn filter(&self) -> Self::Filter;

    /// The timer of [`RootHost::set_tick_period`] went off.
    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        let _ = host;
    }

    /// A call made with [`RootHost::call`] was answered, failed or timed out.
    fn on_call_response(
        &mut self,
        host: &mut RootHost<'_>,
        call: CallId,
        response: CallResponse<'_>,
    ) {
        let _ = (host, call, response);
    }
}

/// Handles one HTTP stream. Phases come in this order; only the first is certain to come.
pub trait HttpFilter: 'static {
    /// Decides at the request headers. `end_of_stream`: no body follows.
    fn on_request_headers(&mut self, request: &mut RequestHeaders<'_>, end_of_stream: bool)
    -> Flow;

    /// Decides by the body, after [`Flow::ReadBody`]: called with each part of it as it comes, once
    /// with an empty last part if there is none, until the answer is another one. The headers are
    /// held and can be changed. At the last part `ReadBody` is no answer: it becomes a 503.
    fn on_request_body(&mut self, request: &mut RequestHeaders<'_>, body: &BodyPart<'_>) -> Flow {
        let _ = (request, body);
        Flow::ReadBody
    }

    /// Decides anew, after [`Flow::Wait`]: [`RootHost::resume`] asks, or more of the body came, of
    /// which Envoy now holds `held` bytes, unread. Past its buffer limit Envoy answers 413 by
    /// itself, so a filter gives up before.
    fn on_waiting(&mut self, request: &mut RequestHeaders<'_>, held: usize) -> Flow {
        let _ = (request, held);
        Flow::Wait
    }

    /// Sees a part of the body pass, after [`Flow::Watch`]: first what is held of it, then all up to
    /// the last one if the client sends it. Parts that [`on_request_body`](Self::on_request_body)
    /// had do not come again.
    fn on_passing_body(&mut self, body: &BodyPart<'_>) {
        let _ = body;
    }

    /// The trailers, which follow the body and go on as the request does. They may come while the
    /// request waits; not after it was answered.
    fn on_request_trailers(&mut self, trailers: &mut RequestTrailers) {
        let _ = trailers;
    }

    /// The upstream, a later filter or Envoy answered. Not called for this filter's own
    /// [`LocalReply`]. `end_of_stream`: no body follows.
    fn on_response_headers(
        &mut self,
        response: &mut ResponseHeaders<'_>,
        end_of_stream: bool,
    ) -> ResponseFlow {
        let _ = (response, end_of_stream);
        ResponseFlow::Continue
    }

    /// Sees a part of the response body pass, after [`ResponseFlow::Watch`]: all up to the last one
    /// if it comes. Nothing of it is ever held. What passed here may still wait for the client to
    /// take it. Of a WebSocket, whose status is 101, it is what the service sends, without an end.
    fn on_response_body(&mut self, part: &BodyPart<'_>) {
        let _ = part;
    }

    /// Decides what becomes of a part of the response body, after [`ResponseFlow::Shape`], instead of
    /// [`on_response_body`](Self::on_response_body). Whatever the answer, everything goes on with the
    /// last part, before trailers, when more than [`MOST_HELD`](crate::MOST_HELD) would be held, and of
    /// a WebSocket, which has no last part;
    /// [`StreamHandle::held`](crate::StreamHandle::held) says what is held then.
    fn on_shaped_body(&mut self, part: &BodyPart<'_>) -> ChunkFlow {
        let _ = part;
        ChunkFlow::Release
    }

    /// Decides between parts, after [`ResponseFlow::Shape`], when
    /// [`RootHost::look_after`] asks: whether anything is held or not.
    fn on_due(&mut self) -> DueFlow {
        DueFlow::Hold
    }

    /// The trailers, which follow the last part of the body, after [`ResponseFlow::Watch`] and
    /// [`ResponseFlow::Shape`].
    fn on_response_trailers(&mut self, trailers: &mut ResponseTrailers<'_>) {
        let _ = trailers;
    }

    /// The stream is over, and access logs are about to be written: what they are to say of it can be
    /// [told](EndedStream::set_filter_state) now. Not called if the VM died.
    ///
    /// The module must export the callback for it, see `Module::tells_logs` in `xtask/src/filters.rs`.
    fn on_log(&mut self, stream: &EndedStream<'_>) {
        let _ = stream;
    }

    /// The stream is over, however it ended. Not called if the VM died.
    fn on_done(&mut self, stream: &EndedStream<'_>) {
        let _ = stream;
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On to the next filter.
    Continue,
    /// Answered here; nothing goes upstream.
    Reply(LocalReply),
    /// On to the next filter, and [`HttpFilter::on_passing_body`] sees the rest of the body.
    Watch,
    /// Held until [`HttpFilter::on_waiting`] decides otherwise. The plugin must bound the time.
    Wait,
    /// Held until [`HttpFilter::on_request_body`] decides otherwise.
    ///
    /// Needs `allow_on_headers_stop_iteration` in the plugin's configuration: without it Envoy
    /// brings no body while headers are held, and the request hangs until it times out.
    ReadBody,
}

/// What a filter wants of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFlow {
    /// No more of it.
    Continue,
    /// [`HttpFilter::on_response_body`] and [`HttpFilter::on_response_trailers`] see the rest.
    ///
    /// The module must export the callbacks for it, see `Module::watches_responses` in
    /// `xtask/src/filters.rs`: Envoy calls what is exported for every chunk of every response.
    Watch,
    /// [`HttpFilter::on_shaped_body`] and [`HttpFilter::on_due`] decide when the parts go on, and
    /// [`HttpFilter::on_response_trailers`] sees the trailers. Needs the same exports.
    Shape,
}

/// What becomes of a part of a response that is [shaped](ResponseFlow::Shape), and of what is held
/// before it. Parts go on as they came, together, and never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkFlow {
    /// Envoy keeps it, behind what it keeps already. The plugin must bound the time, with a timer and
    /// [`RootHost::look_after`].
    Hold,
    /// It goes on, behind what is held.
    Release,
}

/// What becomes of a response between its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueFlow {
    /// Nothing changes.
    Hold,
    /// What is held goes on.
    Release,
    /// What is held goes on, and then the stream is reset: what the client has is not whole, and it
    /// learns that now. Over HTTP/1.1 it sees the connection close after `delayed_close_timeout`, which
    /// is a second.
    End,
}
