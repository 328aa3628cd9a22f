//! One request: admitted or denied at its headers, watched as it is answered, settled at its end.

use std::cell::RefCell;
use std::rc::Rc;

use voxgate_host::{
    BodyPart, EndedStream, Flow, HttpFilter, LocalReply, RequestHeaders, ResponseFlow,
    ResponseHeaders, ResponseTrailers, now,
};
use voxgate_policy::quota::Denial;
use voxgate_policy::spec::WebSocketStreams;
use voxgate_policy::subject::{SUBJECT_STATE, Subject};

use crate::admit::Admission;
use crate::running::Running;
use crate::shared::Shared;
use crate::{tell, usage};

/// Handles one stream.
pub struct VoiceQuotaFilter {
    shared: Rc<Shared>,
    /// The request, while it is under way.
    running: Option<Rc<RefCell<Running>>>,
    /// Its number among those that are kept alive.
    number: u64,
}

// === impl VoiceQuotaFilter ===

impl VoiceQuotaFilter {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, running: None, number: 0 }
    }

    fn deny(&self, denial: &Denial, subject: &Subject, request: &mut RequestHeaders<'_>) -> Flow {
        self.shared.report.denied(denial, subject, request, &self.shared.policy);
        let answer = denial.answer(self.shared.policy.quotas(), subject, request.now());
        let mut reply = LocalReply::from(answer.answer);
        tell::fields(&answer.fields, |name, value| reply.headers.push((name, value)));
        if let Some(details) = answer.grpc_details.filter(|_| tell::is_grpc(request)) {
            reply.headers.push(("grpc-status-details-bin", details));
        }
        Flow::Reply(reply)
    }
}

impl HttpFilter for VoiceQuotaFilter {
    fn on_request_headers(&mut self, request: &mut RequestHeaders<'_>, _: bool) -> Flow {
        // Then jwt-tier leaves no subject either.
        if self.shared.policy.quotas().is_empty() {
            return Flow::Continue;
        }
        let state = request.filter_state(SUBJECT_STATE);
        let Some(subject) = state.and_then(|it| Subject::from_json(&it).ok()) else {
            return match self.shared.is_on_trial {
                true => Flow::Continue,
                false => self.deny(&Denial::NoSubject, &Subject::default(), request),
            };
        };
        if subject.asks_usage {
            return Flow::Reply(usage::reply(&self.shared, &subject, &request.head(), now()));
        }
        if subject.is_exempt {
            return Flow::Continue;
        }
        match self.shared.admit(subject.clone(), request.now()) {
            Admission::Uncounted => Flow::Continue,
            Admission::Pending => Flow::Wait,
            Admission::Denied(denial) => self.deny(&denial, &subject, request),
            Admission::Granted(running) => {
                self.shared.report.granted(&running, request, &self.shared.policy);
                let running = Rc::new(RefCell::new(*running));
                self.number = self.shared.keep_alive(&running);
                self.running = Some(running);
                Flow::Continue
            }
        }
    }

    fn on_response_headers(
        &mut self,
        response: &mut ResponseHeaders<'_>,
        end_of_stream: bool,
    ) -> ResponseFlow {
        let Some(running) = &self.running else { return ResponseFlow::Continue };
        let status = response.status().unwrap_or_default();
        tell::answered(&mut running.borrow_mut(), response, status, &self.shared, now());
        let websockets = self.shared.policy.quotas().websockets;
        if status == 101 && websockets == WebSocketStreams::Generating {
            self.shared.let_go(self.number);
        }
        if end_of_stream { ResponseFlow::Continue } else { ResponseFlow::Watch }
    }

    fn on_response_body(&mut self, part: &BodyPart<'_>) {
        if let Some(running) = &self.running {
            running.borrow_mut().pass(part, &self.shared, now());
        }
    }

    fn on_response_trailers(&mut self, trailers: &mut ResponseTrailers<'_>) {
        if let Some(running) = &self.running {
            let is_failure = trailers.get("grpc-status").is_some_and(|it| it != b"0");
            running.borrow_mut().answer.is_grpc_failure |= is_failure;
        }
    }

    fn on_done(&mut self, stream: &EndedStream<'_>) {
        self.shared.let_go(self.number);
        // Whoever keeps it alive holds it weakly.
        if let Some(running) = self.running.take().and_then(Rc::into_inner) {
            running.into_inner().settle(stream, &self.shared, now());
        }
    }
}
