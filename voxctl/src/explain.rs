//! `voxctl explain`: what a policy decides on a request and why, by the code that the filter runs.

mod body;
mod evidence;
mod har;
mod payload;
mod quotas;
mod raw;
mod reading;
mod request;
mod shedding;
mod streams;

use std::time::Duration;

use serde::Serialize;
use voxgate_policy::Policy;
use voxgate_policy::body::Unreadable;
use voxgate_policy::decide::{Progress, decide};
use voxgate_policy::decision::{Decision, Reason, Record};
use voxgate_policy::identity::{IssuerId, IssuerKeys};
use voxgate_policy::time::UnixMillis;
use voxgate_policy::trace::Recorded;

use crate::facts::FactsReport;
use reading::Read;

pub use body::RequestBody;
pub use evidence::{GivenKeys, Surroundings, SurroundingsError};
pub use har::{HarError, from_har};
pub use quotas::Cost;
pub use raw::{ChunkError, RawError, from_raw};
pub use reading::BodyReport;
pub use request::{Header, HeaderError, Request};
pub use shedding::{AtLevel, Shedding};
pub use streams::Held;

/// What a policy decides on one request; documented in docs/voxctl.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Method and path, without the query.
    pub request: String,
    /// Whether the request goes on to the service; `None` if that hangs on keys or a body that are
    /// not at hand.
    pub passes: Option<bool>,
    /// What was considered, in order.
    pub considered: Vec<Considered>,
    /// The record that the filter writes for access logs; `None` if it is not decided.
    pub decision: Option<Record>,
    /// What the client is, or in shadow mode would be, answered.
    pub answer: Option<Answer>,
    /// Keys that are missing to decide.
    pub missing_keys: Option<MissingKeys>,
    /// Whether the body is missing to decide.
    pub missing_body: bool,
    /// How much of the body it took; `None` if there is none, or it is not at hand.
    pub body: Option<BodyReport>,
    /// What was learned beyond the head, as far as the decision took it.
    pub facts: Option<FactsReport>,
    /// What a request that passes takes of quotas; `None` if the policy has none, or it does not pass.
    pub quotas: Option<Vec<Cost>>,
    /// What would become of a request that passes, by the load of the service; `None` if the policy has
    /// no shedding, or it does not pass.
    pub shedding: Option<Shedding>,
    /// What would become of the response to a request that passes, by its content type; `None` if the
    /// policy has no streams, or it does not pass.
    pub streams: Option<Vec<Held>>,
    /// The line that a recording leaves in the log, if the policy has `facts.audit_voice_creations`.
    pub audit: Option<String>,
}

/// One thing that was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Its name.
    pub subject: String,
    /// What came of it.
    pub verdict: String,
}

/// What the client is answered instead of the service's response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The gRPC status, for gRPC requests.
    pub grpc_status: u8,
    /// `WWW-Authenticate`.
    pub www_authenticate: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// One sentence for people.
    pub detail: String,
}

/// Keys that the filter would fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingKeys {
    /// Whose.
    pub issuer: String,
    /// Where the filter gets them.
    pub uri: String,
    /// How long a request waits for them before it is answered 503, in seconds.
    pub max_wait_seconds: u64,
}

/// Says what `policy` decides on `request` at `now`.
pub fn explain(
    policy: &Policy,
    request: &Request,
    surroundings: &Surroundings,
    now: UnixMillis,
) -> Explanation {
    let mut trace = Recorded::default();
    let mut evidence = surroundings.for_request(request);
    let progress =
        decide(policy, &request.head, request.announced(), &mut evidence, now, &mut trace);
    let mut explanation = Explanation {
        request: request.name(),
        passes: None,
        considered: Vec::new(),
        decision: None,
        answer: None,
        missing_keys: None,
        missing_body: false,
        body: None,
        facts: None,
        quotas: None,
        shedding: None,
        streams: None,
        audit: None,
    };
    let read = match (progress, request.body.bytes()) {
        (Progress::WaitForKeys(issuer), _) => {
            explanation.missing_keys = missing(policy, issuer);
            None
        }
        (Progress::Decided(decision), None) if hangs_on_body(&decision, request) => None,
        (Progress::ReadBody(_), None) => None,
        (Progress::Decided(decision), _) => Some(Read::nothing(decision)),
        (Progress::Audited(decision, audit), body) => {
            Some(Read::for_the_log(decision, audit, body, policy))
        }
        (Progress::ReadBody(reading), Some(body)) => {
            Some(Read::until_certain(*reading, body, policy, &mut trace))
        }
    };
    match read {
        Some(Read { decision, bytes, audit }) => {
            explanation.passes = Some(decision.passes());
            explanation.answer = answer(&decision, policy);
            explanation.decision = Some(Record::new(&decision, policy));
            let has_quotas = policy.quotas().iter().next().is_some();
            explanation.quotas = (has_quotas && decision.passes())
                .then(|| quotas::costs(&decision, &request.head, policy, surroundings));
            if decision.passes() {
                explanation.shedding = shedding::foreseen(&decision, &request.head, policy, now);
                explanation.streams = streams::foreseen(&decision, &request.head, policy);
            }
            explanation.facts = decision.facts.as_deref().map(FactsReport::new);
            explanation.body =
                request.body.bytes().map(|it| BodyReport { bytes: it.len(), needed: bytes });
            explanation.audit = audit;
        }
        None => explanation.missing_body = explanation.missing_keys.is_none(),
    }
    // What `facts` has.
    let told = trace.0.into_iter().filter(|(subject, _)| subject != "facts");
    explanation.considered =
        told.map(|(subject, verdict)| Considered { subject, verdict }).collect();
    explanation
}

/// Whether a request is refused only because a type of a body is not given either.
fn hangs_on_body(decision: &Decision, request: &Request) -> bool {
    request.body == RequestBody::NotGiven
        && request.head.first("content-type").is_none()
        && decision.reason == Reason::UnreadableBody(Unreadable::ContentType)
}

fn answer(decision: &Decision, policy: &Policy) -> Option<Answer> {
    decision.answer(policy).map(|it| Answer {
        status: it.status,
        grpc_status: it.grpc as u8,
        www_authenticate: it.www_authenticate,
        retry_after: it.retry_after,
        detail: it.detail,
    })
}

fn missing(policy: &Policy, id: IssuerId) -> Option<MissingKeys> {
    let issuer = policy.identity().issuer(id)?;
    let (uri, wait) = match &issuer.keys {
        IssuerKeys::Remote(remote) => (remote.uri.clone(), remote.max_wait.0),
        IssuerKeys::Inline(_) | IssuerKeys::None => (String::new(), Duration::ZERO),
    };
    let issuer = issuer.rules.issuer.clone();
    Some(MissingKeys { issuer, uri, max_wait_seconds: wait.as_secs() })
}
