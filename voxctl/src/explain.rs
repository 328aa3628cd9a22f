//! `voxctl explain`: what a policy decides on a request and why, by the code that the filter runs.

mod evidence;
mod har;
mod payload;
mod raw;
mod request;

use std::time::Duration;

use serde::Serialize;
use voxgate_policy::Policy;
use voxgate_policy::decide::{Progress, decide};
use voxgate_policy::decision::{Decision, Record};
use voxgate_policy::identity::{IssuerId, IssuerKeys};
use voxgate_policy::time::UnixMillis;
use voxgate_policy::trace::Recorded;

pub use evidence::{GivenKeys, Surroundings, SurroundingsError};
pub use har::{HarError, from_har};
pub use raw::{RawError, from_raw};
pub use request::{Header, HeaderError, Request};

/// What a policy decides on one request; documented in docs/voxctl.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Method and path, without the query.
    pub request: String,
    /// Whether the request goes on to the service; `None` if that hangs on keys not at hand.
    pub passes: Option<bool>,
    /// What was considered, in order.
    pub considered: Vec<Considered>,
    /// The record that the filter writes for access logs; `None` without keys.
    pub decision: Option<Record>,
    /// What the client is, or in shadow mode would be, answered.
    pub answer: Option<Answer>,
    /// What is missing to decide.
    pub missing_keys: Option<MissingKeys>,
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
    let progress = decide(policy, &request.head, &mut evidence, now, &mut trace);
    let considered =
        trace.0.into_iter().map(|(subject, verdict)| Considered { subject, verdict }).collect();
    let mut explanation = Explanation {
        request: request.name(),
        passes: None,
        considered,
        decision: None,
        answer: None,
        missing_keys: None,
    };
    match progress {
        Progress::Decided(decision) => {
            explanation.passes = Some(decision.passes());
            explanation.answer = answer(&decision, policy);
            explanation.decision = Some(Record::new(&decision, policy));
        }
        Progress::WaitForKeys(issuer) => explanation.missing_keys = missing(policy, issuer),
    }
    explanation
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
