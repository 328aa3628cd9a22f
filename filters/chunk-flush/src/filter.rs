//! One request and its response.

use std::mem;
use std::rc::Rc;

use voxgate_host::{
    BodyPart, ChunkFlow, DueFlow, EndedStream, Ending, Flow, HttpFilter, RequestHeaders,
    ResponseFlow, ResponseHeaders, ResponseTrailers, now_micros,
};
use voxgate_policy::response::ResponseHead;
use voxgate_policy::stream::protect::{self, Headers, SERVER_TIMING};
use voxgate_policy::stream::stages::{STAGES_HEADER, Stages};
use voxgate_policy::stream::stall::StallWatch;
use voxgate_policy::stream::{End, Observer, StreamRules};

use crate::asked::Asked;
use crate::shared::Shared;
use crate::streaming::Streaming;

/// Handles one stream.
pub struct ChunkFlushFilter {
    shared: Rc<Shared>,
    state: State,
}

/// How far a request got.
enum State {
    /// Nothing is wanted of it.
    Idle,
    /// It went on.
    Asked(Box<Asked>),
    /// Its response streams.
    Streaming(Box<Streaming>),
}

/// The status of a connection that became a WebSocket.
const SWITCHED: u16 = 101;

// === impl ChunkFlushFilter ===

impl ChunkFlushFilter {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, state: State::Idle }
    }

    /// A service answered.
    fn answered(
        &mut self,
        asked: Asked,
        rules: &StreamRules,
        response: &mut ResponseHeaders<'_>,
        has_ended: bool,
    ) -> ResponseFlow {
        let now = now_micros();
        let status = response.status().unwrap_or_default();
        let content_type = response.get("content-type").unwrap_or_default();
        if (200..300).contains(&status) || status == SWITCHED {
            self.tell_stages(&asked, rules, response);
        }
        let (cache_control, accel_buffering) =
            (response.get("cache-control"), response.get("x-accel-buffering"));
        let headers = Headers {
            status,
            content_type: &content_type,
            has_length: response.get("content-length").is_some(),
            cache_control: cache_control.as_deref(),
            accel_buffering: accel_buffering.as_deref(),
        };
        let is_stream = protect::is_stream(&headers);
        if is_stream {
            for change in protect::on_response(&rules.protect, &headers) {
                // What the service said, or our own.
                let _set = response.set(change.name, &change.value);
            }
        }
        if has_ended || asked.is_head || !(is_stream || status == SWITCHED) {
            return ResponseFlow::Continue;
        }
        let content_encoding = response.get("content-encoding").unwrap_or_default();
        let head = ResponseHead {
            status,
            content_type: &content_type,
            content_encoding: &content_encoding,
            sample_rate_hz: asked.subject.sample_rate_hz,
        };
        let observer = Observer::new(&head, &rules.observer, asked.sent, now);
        let names = self.shared.policy.operations();
        // A WebSocket is quiet for as long as it likes, and nothing of it can be held.
        let is_response = status != SWITCHED;
        let rule = rules.coalesce_for(&asked.subject, &content_type, names);
        let rule = rule.filter(|_| is_response);
        let stall = rules.stall.as_ref().filter(|_| is_response).map(StallWatch::new);
        let id = (self.shared.next_id(), response.stream());
        let streaming = Streaming::new(asked, observer, rule, stall, id);
        let is_shaped = streaming.is_shaped();
        self.state = State::Streaming(Box::new(streaming));
        if is_shaped { ResponseFlow::Shape } else { ResponseFlow::Watch }
    }

    /// Tells the client, and whoever it asks next, what the stages took up to here.
    fn tell_stages(&self, asked: &Asked, rules: &StreamRules, response: &mut ResponseHeaders<'_>) {
        let Some(stage) = asked.stage.filter(|_| response.is_from_upstream()) else { return };
        let took = now_micros().since(asked.sent);
        self.shared.report.stage(stage, took, asked.deadline);
        if rules.protect.server_timing {
            let stages = asked.stages.clone().with(stage, took).to_string();
            // Tokens and numbers.
            let _added = response.add(SERVER_TIMING, stages.as_bytes());
            let _set = response.set(STAGES_HEADER, stages.as_bytes());
        }
    }

    fn streaming(&mut self) -> Option<&mut Streaming> {
        match &mut self.state {
            State::Streaming(streaming) => Some(streaming),
            State::Idle | State::Asked(_) => None,
        }
    }
}

impl HttpFilter for ChunkFlushFilter {
    fn on_request_headers(
        &mut self,
        request: &mut RequestHeaders<'_>,
        end_of_stream: bool,
    ) -> Flow {
        if let Some(rules) = self.shared.policy.rules() {
            let asked = Asked::new(request);
            let operations = &asked.subject.operations;
            let change =
                protect::on_request(&rules.protect, operations, asked.accept_encoding.as_deref());
            if let Some(change) = change {
                // Our own.
                let _set = request.set(change.name, &change.value);
            }
            let is_upgrade = asked.subject.is_upgrade;
            self.state = State::Asked(Box::new(asked));
            if !end_of_stream && !is_upgrade {
                return Flow::Watch;
            }
        }
        Flow::Continue
    }

    fn on_passing_body(&mut self, body: &BodyPart<'_>) {
        // How long a client takes to send it, is not the service's time.
        if let State::Asked(asked) = &mut self.state
            && body.is_last()
        {
            asked.sent = now_micros();
        }
    }

    fn on_response_headers(
        &mut self,
        response: &mut ResponseHeaders<'_>,
        end_of_stream: bool,
    ) -> ResponseFlow {
        let shared = Rc::clone(&self.shared);
        match (mem::replace(&mut self.state, State::Idle), shared.policy.rules()) {
            (State::Asked(asked), Some(rules)) => {
                self.answered(*asked, rules, response, end_of_stream)
            }
            _ => ResponseFlow::Continue,
        }
    }

    fn on_response_body(&mut self, part: &BodyPart<'_>) {
        let shared = Rc::clone(&self.shared);
        if let Some(streaming) = self.streaming() {
            streaming.chunk(part, &shared);
        }
    }

    fn on_shaped_body(&mut self, part: &BodyPart<'_>) -> ChunkFlow {
        let shared = Rc::clone(&self.shared);
        self.streaming().map_or(ChunkFlow::Release, |it| it.chunk(part, &shared))
    }

    fn on_due(&mut self) -> DueFlow {
        let shared = Rc::clone(&self.shared);
        self.streaming().map_or(DueFlow::Hold, |it| it.due(&shared))
    }

    fn on_response_trailers(&mut self, trailers: &mut ResponseTrailers<'_>) {
        let server_timing = self.shared.policy.rules().is_some_and(|it| it.protect.server_timing);
        if let Some(streaming) = self.streaming()
            && server_timing
            && let Some(ttfa) = streaming.observer.ttfa()
        {
            let timing = Stages::default().with("ttfa", ttfa).to_string();
            // A token and a number.
            let _set = trailers.set(SERVER_TIMING, timing.as_bytes());
        }
    }

    fn on_log(&mut self, stream: &EndedStream<'_>) {
        let shared = Rc::clone(&self.shared);
        if let Some(streaming) = self.streaming() {
            streaming.forget(&shared);
            let figures = streaming.figures(end(stream.ending()));
            shared.report.ended(streaming, &figures, &shared, stream);
            self.state = State::Idle;
        }
    }

    fn on_done(&mut self, _: &EndedStream<'_>) {
        let shared = Rc::clone(&self.shared);
        if let Some(streaming) = self.streaming() {
            streaming.forget(&shared);
        }
    }
}

fn end(ending: Ending) -> End {
    match ending {
        Ending::Complete { .. } => End::Complete,
        Ending::ClientLeft { .. } => End::Left,
        Ending::Replied | Ending::Failed { .. } => End::Failed,
    }
}
