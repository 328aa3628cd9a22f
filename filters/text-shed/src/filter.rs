//! One request: decided at its headers; held while it waits, or while its body is changed; watched as
//! it is answered.

use std::mem;
use std::rc::Rc;

use voxgate_host::{
    BodyPart, EndedStream, Flow, HttpFilter, LocalReply, RequestHeaders, ResponseFlow,
    ResponseHeaders, ResponseTrailers, now,
};
use voxgate_policy::shed::guard::{Contended, Finish, Guards, OnTrial};
use voxgate_policy::shed::split::Split;
use voxgate_policy::shed::{
    Decision, Lane, Place, Refusal, Request, ShedRules, Verdict, Why, decide,
};
use voxgate_policy::spec::Level;
use voxgate_policy::subject::{SUBJECT_STATE, Subject};

use crate::arrival::{MAX_HELD, may_wait, request as request_of, tell_deadline, wanted_by};
use crate::change::{Advice, BodyChange};
use crate::running::{Answer, Running};
use crate::service::Service;
use crate::shared::Shared;

/// Handles one stream.
pub struct TextShedFilter {
    shared: Rc<Shared>,
    state: State,
    /// A number that no other request has.
    id: u64,
}

/// How far a request got.
enum State {
    /// Nothing is wanted of it.
    Idle,
    /// It waits for capacity.
    Waiting(Box<Running>),
    /// Its body is changed as it comes; then it goes on, or waits on.
    Changing(Box<Running>, BodyChange, Then),
    /// It is refused, as soon as it is known where its text could be cut.
    Advising(Box<Refused>, Advice),
    /// It went on.
    Running(Box<Running>),
    /// Its answer is whole, and its place given back; trailers may follow.
    Answered(Box<Running>),
}

/// What becomes of a request whose body has been changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Wait,
}

/// A request that is refused.
struct Refused {
    refusal: Refusal,
    subject: Subject,
    rule: Option<Rc<str>>,
    level: Level,
}

// === impl TextShedFilter ===

impl TextShedFilter {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        let id = shared.next_id();
        Self { shared, state: State::Idle, id }
    }

    /// Decides on the request of `subject`.
    fn decide(
        &mut self,
        subject: Subject,
        rules: &ShedRules,
        request: &mut RequestHeaders<'_>,
        has_ended: bool,
    ) -> Flow {
        let head = request.head();
        let now = request.now();
        let is_on_trial = self.shared.policy.is_on_trial();
        let deadline = match wanted_by(&head, &subject, rules, now) {
            Ok(deadline) => deadline,
            Err(_) if is_on_trial => {
                self.would_refuse(&Refusal::BadDeadline, &subject);
                None
            }
            Err(_) => {
                return self.refuse(Refused::outright(Refusal::BadDeadline, subject), request);
            }
        };
        // The next hop may enforce it.
        if let Some(deadline) = deadline.filter(|_| !is_on_trial) {
            tell_deadline(deadline, request);
        }
        let service = self.shared.services.of(request.cluster().as_deref());
        let guards = self.shared.services.guards(&service);
        let may_wait = may_wait(&head, &subject, has_ended);
        let asks = request_of(self.id, &subject, &self.shared.policy, rules, deadline, may_wait);
        let decided = match is_on_trial {
            true => self.try_out(&asks, &subject, rules, &service),
            false => decide(rules, &guards, &asks, now),
        };
        let Decision { rule, level, verdict } = match decided {
            Ok(decision) => decision,
            Err(error) => {
                self.shared.report.contended(error);
                return Flow::Continue;
            }
        };
        let running = |subject, place, degrade| {
            Box::new(Running {
                subject,
                service: Service::clone(&service),
                place,
                rule: rule.clone(),
                level,
                degrade,
                deadline,
                arrived: now,
                began: now,
                changed: Vec::new(),
                answer: Answer::default(),
            })
        };
        match verdict {
            Verdict::Admitted(place, degrade) => {
                self.shared.hold(place, &service);
                let mut running = running(subject, place, degrade);
                self.begin(&mut running, request);
                self.change(running, Then::GoOn, has_ended)
            }
            Verdict::Waits(place, degrade) => {
                self.shared.hold(place, &service);
                self.shared.wait(place, request.stream());
                // Now, for what a timer resumes cannot grow any more.
                self.change(running(subject, place, degrade), Then::Wait, has_ended)
            }
            Verdict::Refused(refusal) => {
                let refused = Box::new(Refused { refusal, subject, rule, level });
                match Advice::on(&refused.refusal, &refused.subject).filter(|_| !has_ended) {
                    Some(advice) => {
                        self.state = State::Advising(refused, advice);
                        Flow::ReadBody
                    }
                    None => self.refuse(*refused, request),
                }
            }
        }
    }

    /// Tells what would be decided; the request goes on, and counts as what is in flight.
    fn try_out(
        &self,
        asks: &Request<'_>,
        subject: &Subject,
        rules: &ShedRules,
        service: &Service,
    ) -> Result<Decision, Contended> {
        let guards = self.shared.services.guards(service);
        let now = now();
        let would = decide(rules, &OnTrial(&guards), asks, now)?;
        guards.update(Lane::Online, |guard| guard.force(&asks.ask(), rules, Lane::Online, now))?;
        let rule = would.rule.as_deref();
        let (outcome, reason) = match &would.verdict {
            Verdict::Refused(refusal) => ("would_reject", refusal.reason()),
            Verdict::Admitted(place, _) | Verdict::Waits(place, _) if place.lane == Lane::Batch => {
                ("would_divert", "none")
            }
            Verdict::Admitted(_, Some(_)) | Verdict::Waits(_, Some(_)) => ("would_degrade", "none"),
            Verdict::Waits(_, None) => ("would_wait", "none"),
            Verdict::Admitted(_, None) => ("", "none"),
        };
        if !outcome.is_empty() {
            self.shared.report.on_trial(outcome, reason, subject, rule, would.level);
        }
        let place = Place { id: asks.id, lane: Lane::Online, work: asks.work };
        Ok(Decision { verdict: Verdict::Admitted(place, None), ..would })
    }

    /// A request has a place, and goes on.
    fn begin(&self, running: &mut Running, request: &mut RequestHeaders<'_>) {
        running.begin(request);
        let is_on_trial = self.shared.policy.is_on_trial();
        self.shared.report.went_on(running, is_on_trial, request);
    }

    /// Changes a request's body, if it has to be.
    fn change(&mut self, running: Box<Running>, then: Then, has_ended: bool) -> Flow {
        let change = BodyChange::of(&running).filter(|_| !has_ended);
        let (state, flow) = match (change, then) {
            (Some(change), then) => (State::Changing(running, change, then), Flow::ReadBody),
            (None, Then::GoOn) => (State::Running(running), Flow::Continue),
            (None, Then::Wait) => (State::Waiting(running), Flow::Wait),
        };
        self.state = state;
        flow
    }

    fn would_refuse(&self, refusal: &Refusal, subject: &Subject) {
        let reason = refusal.reason();
        self.shared.report.on_trial("would_reject", reason, subject, None, Level::Normal);
    }

    fn refuse(&self, refused: Refused, request: &mut RequestHeaders<'_>) -> Flow {
        self.answer(refused, None, request)
    }

    fn answer(
        &self,
        refused: Refused,
        split: Option<&Split>,
        request: &mut RequestHeaders<'_>,
    ) -> Flow {
        let Refused { refusal, subject, rule, level } = refused;
        let rule = rule.as_deref();
        self.shared.report.refused(&refusal, &subject, rule, level, request);
        Flow::Reply(LocalReply::from(refusal.answer(&subject, rule, level, split, self.id)))
    }

    /// Whether a request waits still.
    fn look(&mut self, running: Box<Running>, request: &mut RequestHeaders<'_>) -> Flow {
        let guards = self.shared.services.guards(&running.service);
        let gate = guards.read(running.place.lane).gate;
        if gate.is_waiting(self.id) {
            self.state = State::Waiting(running);
            return Flow::Wait;
        }
        self.stop_waiting(running, gate.is_admitted(self.id), request)
    }

    /// A request that waited does so no more: it goes on, or waited in vain.
    fn stop_waiting(
        &mut self,
        mut running: Box<Running>,
        is_admitted: bool,
        request: &mut RequestHeaders<'_>,
    ) -> Flow {
        let now = request.now();
        let waited = now.since(running.arrived);
        self.shared.stop_waiting(self.id);
        if is_admitted {
            self.shared.report.waited(&running.subject, "admitted", waited);
            self.begin(&mut running, request);
            self.state = State::Running(running);
            return Flow::Continue;
        }
        self.shared.report.waited(&running.subject, "refused", waited);
        let lane = running.place.lane;
        let refusal = match running.deadline.filter(|it| *it <= now) {
            Some(deadline) => Refusal::DeadlinePassed { late: now.since(deadline) },
            None => {
                let room = self.shared.change(&running, |guard| guard.drain()).unwrap_or_default();
                Refusal::Busy { why: Why::Waited, lane, room }
            }
        };
        self.give_back(&running, Finish::Untold);
        let Running { subject, rule, level, .. } = *running;
        self.refuse(Refused { refusal, subject, rule, level }, request)
    }

    fn give_back(&self, running: &Running, finish: Finish) {
        if let Some(rules) = self.shared.policy.rules() {
            running.leave(finish, rules, &self.shared, now());
        }
    }

    fn running(&mut self) -> Option<&mut Running> {
        match &mut self.state {
            State::Running(running) => Some(running),
            _ => None,
        }
    }
}

impl HttpFilter for TextShedFilter {
    fn on_request_headers(
        &mut self,
        request: &mut RequestHeaders<'_>,
        end_of_stream: bool,
    ) -> Flow {
        let shared = Rc::clone(&self.shared);
        let Some(rules) = shared.policy.rules() else { return Flow::Continue };
        let state = request.filter_state(SUBJECT_STATE);
        let Some(subject) = state.and_then(|it| Subject::from_json(&it).ok()) else {
            let (refusal, nobody) = (Refusal::NoSubject, Subject::default());
            if shared.policy.is_on_trial() {
                self.would_refuse(&refusal, &nobody);
                return Flow::Continue;
            }
            return self.refuse(Refused::outright(refusal, nobody), request);
        };
        if !rules.guards(&subject, shared.policy.operations()) {
            return Flow::Continue;
        }
        self.decide(subject, rules, request, end_of_stream)
    }

    fn on_waiting(&mut self, request: &mut RequestHeaders<'_>, held: usize) -> Flow {
        let State::Waiting(running) = mem::replace(&mut self.state, State::Idle) else {
            return Flow::Wait;
        };
        match held <= MAX_HELD {
            true => self.look(running, request),
            false => self.stop_waiting(running, false, request),
        }
    }

    fn on_request_body(&mut self, request: &mut RequestHeaders<'_>, body: &BodyPart<'_>) -> Flow {
        match mem::replace(&mut self.state, State::Idle) {
            State::Changing(mut running, mut change, then) => {
                body.pieces().for_each(|it| change.feed(&it));
                if !body.is_last() {
                    self.state = State::Changing(running, change, then);
                    return Flow::ReadBody;
                }
                match change.finish(request) {
                    Some(changed) => running.changed.extend(changed),
                    None => self.shared.report.unchanged(),
                }
                match then {
                    Then::GoOn => {
                        self.state = State::Running(running);
                        Flow::Continue
                    }
                    Then::Wait => self.look(running, request),
                }
            }
            State::Advising(refused, mut advice) => {
                body.pieces().for_each(|it| advice.feed(&it));
                if !body.is_last() {
                    self.state = State::Advising(refused, advice);
                    return Flow::ReadBody;
                }
                self.answer(*refused, advice.finish().as_ref(), request)
            }
            other => {
                self.state = other;
                Flow::ReadBody
            }
        }
    }

    fn on_response_headers(
        &mut self,
        response: &mut ResponseHeaders<'_>,
        end_of_stream: bool,
    ) -> ResponseFlow {
        let shared = Rc::clone(&self.shared);
        let Some(running) = self.running() else { return ResponseFlow::Continue };
        running.answered(response, &shared);
        if end_of_stream { ResponseFlow::Continue } else { ResponseFlow::Watch }
    }

    fn on_response_body(&mut self, part: &BodyPart<'_>) {
        let shared = Rc::clone(&self.shared);
        let (Some(running), Some(rules)) = (self.running(), shared.policy.rules()) else { return };
        running.pass(part.len(), rules, &shared, now());
        // The service is done with it, however long its client takes to read it.
        let finish = running.whole(now()).filter(|_| part.is_last());
        if let Some(finish) = finish
            && let State::Running(running) = mem::replace(&mut self.state, State::Idle)
        {
            self.give_back(&running, finish);
            self.state = State::Answered(running);
        }
    }

    fn on_response_trailers(&mut self, trailers: &mut ResponseTrailers<'_>) {
        let shared = Rc::clone(&self.shared);
        if let State::Running(running) | State::Answered(running) = &mut self.state {
            running.reported(|name| trailers.get(name), &shared);
            running.grpc_ended(trailers.get("grpc-status"));
        }
    }

    fn on_done(&mut self, stream: &EndedStream<'_>) {
        match mem::replace(&mut self.state, State::Idle) {
            State::Running(running) => self.give_back(&running, running.finish(stream, now())),
            State::Waiting(running) | State::Changing(running, _, Then::Wait) => {
                let waited = now().since(running.arrived);
                self.shared.report.waited(&running.subject, "left", waited);
                self.give_back(&running, Finish::Untold);
            }
            State::Changing(running, _, Then::GoOn) => self.give_back(&running, Finish::Untold),
            State::Advising(..) | State::Answered(_) | State::Idle => {}
        }
    }
}

// === impl Refused ===

impl Refused {
    /// Whatever the ladder would say.
    fn outright(refusal: Refusal, subject: Subject) -> Self {
        Self { refusal, subject, rule: None, level: Level::Normal }
    }
}
