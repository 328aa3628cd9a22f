//! One request: decided at its headers, or held until its issuer's keys are here, or until as much
//! of its body came as the decision needs.

use std::mem;
use std::rc::Rc;

use voxgate_host::{
    BodyPart, EndedStream, Flow, HttpFilter, RequestHeaders, RequestTrailers, RootHost,
};
use voxgate_policy::decide::{Audit, Body, Progress, Reading, decide};
use voxgate_policy::decision::Decision;
use voxgate_policy::request::RequestHead;
use voxgate_policy::subject::{SUBJECT_STATE, Subject};
use voxgate_policy::time::UnixMillis;
use voxgate_policy::trace::Silent;

use crate::evidence::HostEvidence;
use crate::identify::{clean, identify};
use crate::report;
use crate::shared::{SOON, Shared};

/// Handles one stream.
pub struct JwtTierFilter {
    shared: Rc<Shared>,
    state: State,
}

/// How far a request got.
enum State {
    /// Nothing more is wanted of it.
    Idle,
    /// It waits for keys.
    Waiting { head: RequestHead, body: Body, since: UnixMillis, held: usize },
    /// Its body is read until the decision is certain.
    Reading { head: RequestHead, reading: Box<Reading> },
    /// It goes on, and its body is read for the log.
    Audited(Audit),
}

// === impl JwtTierFilter ===

impl JwtTierFilter {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, state: State::Idle }
    }

    /// Decides by the head, of a request that came at `since`; if it waits already, Envoy holds `held`
    /// bytes of its body.
    fn decide(
        &mut self,
        request: &mut RequestHeaders<'_>,
        head: RequestHead,
        body: Body,
        since: UnixMillis,
        held: Option<usize>,
    ) -> Flow {
        let policy = &self.shared.policy;
        let mut evidence = HostEvidence::new(&self.shared, request, since, held);
        match decide(policy, &head, body, &mut evidence, request.now(), &mut Silent) {
            Progress::Decided(decision) => self.enforce(&head, request, &decision, None),
            Progress::Audited(decision, audit) => {
                self.enforce(&head, request, &decision, Some(audit))
            }
            Progress::ReadBody(reading) => {
                self.state = State::Reading { head, reading };
                Flow::ReadBody
            }
            Progress::WaitForKeys(_) => {
                let held = held.unwrap_or_default();
                self.state = State::Waiting { head, body, since, held };
                Flow::Wait
            }
        }
    }

    fn enforce(
        &mut self,
        head: &RequestHead,
        request: &mut RequestHeaders<'_>,
        decision: &Decision,
        audit: Option<Audit>,
    ) -> Flow {
        let policy = &self.shared.policy;
        self.shared.report.decided(policy, decision, request);
        if !decision.passes()
            && let Some(answer) = decision.answer(policy)
        {
            return Flow::Reply(answer.into());
        }
        identify(policy, head, request, decision);
        if policy.tells_subjects() {
            let subject = Subject::new(decision, head, policy);
            request.set_filter_state(SUBJECT_STATE, subject.to_json().as_bytes());
        }
        match audit {
            Some(audit) => {
                self.state = State::Audited(audit);
                Flow::Watch
            }
            None => Flow::Continue,
        }
    }

    fn end_audit(&mut self) {
        if let State::Audited(audit) = mem::replace(&mut self.state, State::Idle) {
            report::audited(&audit, &self.shared.policy);
        }
    }
}

impl HttpFilter for JwtTierFilter {
    fn on_request_headers(
        &mut self,
        request: &mut RequestHeaders<'_>,
        end_of_stream: bool,
    ) -> Flow {
        let head = request.head();
        let body = if end_of_stream { Body::Absent } else { Body::Follows };
        let flow = self.decide(request, head, body, request.now(), None);
        if flow == Flow::Wait {
            self.shared.waiting.borrow_mut().push(request.stream());
            request.set_tick_period(SOON);
        }
        flow
    }

    fn on_waiting(&mut self, request: &mut RequestHeaders<'_>, held: usize) -> Flow {
        match mem::replace(&mut self.state, State::Idle) {
            // More of the body came, which makes no keys come.
            State::Waiting { head, body, since, held: before }
                if held > before
                    && held as u64 <= self.shared.policy.body_rules().max_held_bytes =>
            {
                self.state = State::Waiting { head, body, since, held };
                Flow::Wait
            }
            State::Waiting { head, body, since, .. } => {
                self.decide(request, head, body, since, Some(held))
            }
            other => {
                self.state = other;
                Flow::Wait
            }
        }
    }

    fn on_request_body(&mut self, request: &mut RequestHeaders<'_>, body: &BodyPart<'_>) -> Flow {
        let State::Reading { head, mut reading } = mem::replace(&mut self.state, State::Idle)
        else {
            return Flow::ReadBody;
        };
        body.pieces().for_each(|it| reading.feed(&it));
        if body.is_last() {
            reading.finish();
        }
        match reading.decide(&self.shared.policy, &mut Silent) {
            Some(decision) => {
                let audit = Audit::of(reading, &decision, &self.shared.policy);
                let flow = self.enforce(&head, request, &decision, audit);
                if body.is_last() {
                    self.end_audit();
                }
                flow
            }
            None => {
                self.state = State::Reading { head, reading };
                Flow::ReadBody
            }
        }
    }

    fn on_passing_body(&mut self, body: &BodyPart<'_>) {
        if let State::Audited(audit) = &mut self.state {
            body.pieces().for_each(|it| audit.feed(&it));
            if body.is_last() {
                audit.finish();
                self.end_audit();
            }
        }
    }

    fn on_request_trailers(&mut self, trailers: &mut RequestTrailers) {
        clean(trailers);
    }

    fn on_done(&mut self, _: &EndedStream<'_>) {
        self.end_audit();
    }
}

/// Decides again on every request that waits: lets it go, answers it, or lets it wait on.
pub(crate) fn look_after_waiting(shared: &Shared, host: &mut RootHost<'_>) {
    for stream in shared.waiting.take() {
        host.resume(&stream);
        if stream.is_waiting() {
            shared.waiting.borrow_mut().push(stream);
        }
    }
}
