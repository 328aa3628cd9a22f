//! A request that has a place: how it goes on, and what its answer says of the service.

use std::rc::Rc;
use std::time::Duration;

use voxgate_host::{Cause, EndedStream, Ending, Progress, RequestHeaders, ResponseHeaders};
use voxgate_policy::shed::guard::{Finish, Guard, Guards};
use voxgate_policy::shed::ladder::Degrade;
use voxgate_policy::shed::load::{Failure, orca};
use voxgate_policy::shed::{LANE_HEADER, Lane, Place, ShedRules};
use voxgate_policy::spec::Level;
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

use crate::service::Service;
use crate::shared::Shared;

/// Tells the client what it gets less of: `sample_rate=16000, stream=true`.
pub const DEGRADED_HEADER: &str = "x-voxgate-degraded";

/// A request that has a place.
pub struct Running {
    pub subject: Subject,
    pub service: Service,
    pub place: Place,
    /// The rule of the ladder that matched.
    pub rule: Option<Rc<str>>,
    pub level: Level,
    /// What it asks for less of.
    pub degrade: Option<Rc<Degrade>>,
    /// By when its first byte is wanted.
    pub deadline: Option<UnixMillis>,
    pub arrived: UnixMillis,
    /// When it went on.
    pub began: UnixMillis,
    /// What of it was changed, as the client is told.
    pub changed: Vec<String>,
    pub answer: Answer,
}

/// What its answer said so far.
#[derive(Default)]
pub struct Answer {
    /// 0 before the headers.
    pub status: u16,
    has_first_byte: bool,
    is_grpc: bool,
    is_from_upstream: bool,
    grpc_status: Option<Vec<u8>>,
}

// === impl Running ===

impl Running {
    /// It goes on now, on its lane.
    pub fn begin(&mut self, request: &mut RequestHeaders<'_>) {
        self.began = request.now();
        if self.place.lane == Lane::Batch {
            let _set = request.set(LANE_HEADER, Lane::Batch.as_str().as_bytes());
        }
        for (name, value) in self.degrade.iter().flat_map(|it| &it.headers) {
            // Checked when the policy was read.
            if request.set(name, value.as_bytes()).is_ok() {
                self.changed.push(name.clone());
            }
        }
    }

    /// The headers of the answer came: takes down what they say, and tells what became of the request.
    pub fn answered(&mut self, response: &mut ResponseHeaders<'_>, shared: &Shared) {
        self.answer.status = response.status().unwrap_or_default();
        self.answer.grpc_status = response.get("grpc-status");
        let content_type = response.get("content-type").unwrap_or_default();
        self.answer.is_from_upstream = response.is_from_upstream();
        self.answer.is_grpc = content_type.starts_with(b"application/grpc");
        self.reported(|name| response.get(name), shared);
        if self.place.lane == Lane::Batch {
            let _set = response.set(LANE_HEADER, Lane::Batch.as_str().as_bytes());
        }
        if !self.changed.is_empty() {
            let _set = response.set(DEGRADED_HEADER, self.changed.join(", ").as_bytes());
        }
    }

    /// Headers or trailers of the answer, in which the service may say how loaded it is.
    pub fn reported(&mut self, get: impl Fn(&str) -> Option<Vec<u8>>, shared: &Shared) {
        let Some(rules) = shared.policy.rules() else { return };
        let report = get(&rules.report_header).and_then(|it| orca(&it, &rules.report_metrics));
        if let Some(permille) = report {
            let now = voxgate_host::now();
            shared.change(self, |guard| guard.load.reported(permille, now));
        }
    }

    /// A gRPC answer ended so.
    pub fn grpc_ended(&mut self, status: Option<Vec<u8>>) {
        self.answer.grpc_status = status.or(self.answer.grpc_status.take());
    }

    /// More of the answer passes.
    pub fn pass(&mut self, bytes: usize, rules: &ShedRules, shared: &Shared, now: UnixMillis) {
        if bytes == 0 || self.answer.has_first_byte {
            return;
        }
        self.answer.has_first_byte = true;
        // How long a body takes that this proxy did not hold, its client decides, too.
        let is_comparable = self.subject.text_chars > 0 && (200..300).contains(&self.answer.status);
        if is_comparable {
            let Place { lane, work, .. } = self.place;
            let took = now.since(self.began);
            shared.change(self, |guard| guard.first_byte(work, took, rules, lane, now));
            shared.report.first_byte(self, took);
        }
    }

    /// Gives its place back.
    pub fn leave(&self, finish: Finish, rules: &ShedRules, shared: &Shared, now: UnixMillis) {
        let Place { id, lane, work } = self.place;
        // Who asks for an answer at once gets none from anybody.
        let is_hasty = self.deadline.is_some_and(|it| it <= now);
        let finish = match finish {
            Finish::Failed(Failure::TimedOut) if is_hasty => Finish::Untold,
            finish => finish,
        };
        shared.change(self, |guard| guard.leave(id, work, finish, rules, lane, now));
        shared.let_go(id);
    }

    /// What its end says of the service.
    pub fn finish(&self, stream: &EndedStream<'_>, now: UnixMillis) -> Finish {
        match stream.ending() {
            Ending::Replied | Ending::ClientLeft { .. } => Finish::Untold,
            Ending::Complete { status } => self.answer_says(status, now),
            Ending::Failed { response } => match stream.cause() {
                // The service closes a socket as it likes.
                Cause::Upstream if self.answer.status != 101 => Finish::Failed(Failure::Broken),
                Cause::NotAsked => Finish::Failed(Failure::Overload),
                // After the headers a client may be as slow as it likes.
                Cause::TimedOut if response == Progress::Nothing => {
                    Finish::Failed(Failure::TimedOut)
                }
                Cause::Upstream | Cause::TimedOut | Cause::Other => Finish::Untold,
            },
        }
    }

    /// What the service's whole answer says of it; gRPC says it in the trailers.
    pub fn whole(&self, now: UnixMillis) -> Option<Finish> {
        let Answer { is_grpc, is_from_upstream, status, .. } = self.answer;
        let is_told = is_from_upstream && !is_grpc && status != 101;
        is_told.then(|| self.answer_says(self.answer.status, now))
    }

    fn answer_says(&self, status: u16, now: UnixMillis) -> Finish {
        let took = now.since(self.began);
        match (status, self.answer.grpc_status.as_deref()) {
            (200, Some(grpc_status)) => grpc_finish(grpc_status, took),
            (429 | 503, _) => Finish::Failed(Failure::Overload),
            (500 | 507, _) => Finish::Suspected,
            (502, _) => Finish::Failed(Failure::Broken),
            (504, _) => Finish::Failed(Failure::TimedOut),
            (status, _) if (200..300).contains(&status) => Finish::Served(took),
            // How long a socket is open, its client decides; others cost nothing.
            _ => Finish::Untold,
        }
    }
}

/// What a `grpc-status` (gRPC, "Status codes") says of the service.
fn grpc_finish(status: &[u8], took: Duration) -> Finish {
    match status {
        b"0" => Finish::Served(took),
        // RESOURCE_EXHAUSTED, UNAVAILABLE.
        b"8" | b"14" => Finish::Failed(Failure::Overload),
        // DEADLINE_EXCEEDED.
        b"4" => Finish::Failed(Failure::TimedOut),
        // UNKNOWN, INTERNAL, DATA_LOSS: what HTTP calls 500.
        b"2" | b"13" | b"15" => Finish::Suspected,
        _ => Finish::Untold,
    }
}

// === impl Shared ===

impl Shared {
    /// Changes the guard of a request's lane.
    pub fn change<T>(&self, running: &Running, change: impl FnMut(&mut Guard) -> T) -> Option<T> {
        let guards = self.services.guards(&running.service);
        match guards.update(running.place.lane, change) {
            Ok(result) => Some(result),
            Err(error) => {
                self.report.contended(error);
                None
            }
        }
    }
}
