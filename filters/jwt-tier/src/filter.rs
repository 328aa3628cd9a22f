//! One request: decided at its headers, or held until its issuer's keys are here.

use std::rc::Rc;

use voxgate_host::{Flow, HttpFilter, RequestHeaders, RequestTrailers, RootHost};
use voxgate_policy::decide::{Progress, decide};
use voxgate_policy::decision::Decision;
use voxgate_policy::identity::{OPERATION_HEADER, TENANT_HEADER, TIER_HEADER, is_reserved_header};
use voxgate_policy::request::RequestHead;
use voxgate_policy::time::UnixMillis;
use voxgate_policy::trace::Silent;

use crate::evidence::HostEvidence;
use crate::shared::{SOON, Shared};

/// Handles one stream.
pub struct JwtTierFilter {
    shared: Rc<Shared>,
    /// The request while it waits for keys, and since when.
    waiting: Option<(RequestHead, UnixMillis)>,
}

// === impl JwtTierFilter ===

impl JwtTierFilter {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, waiting: None }
    }
}

impl HttpFilter for JwtTierFilter {
    fn on_request_headers(&mut self, request: &mut RequestHeaders<'_>, _: bool) -> Flow {
        let head = request.head();
        let now = request.now();
        match judge(&self.shared, &head, request, now, now) {
            Some(decision) => enforce(&self.shared, &head, request, &decision),
            None => {
                self.shared.waiting.borrow_mut().push(request.stream());
                self.waiting = Some((head, now));
                request.set_tick_period(SOON);
                Flow::Wait
            }
        }
    }

    fn on_waiting(&mut self, request: &mut RequestHeaders<'_>, _: usize) -> Flow {
        let Some((head, since)) = &self.waiting else { return Flow::Wait };
        match judge(&self.shared, head, request, *since, request.now()) {
            Some(decision) => enforce(&self.shared, head, request, &decision),
            None => Flow::Wait,
        }
    }

    /// Some servers take trailers for headers.
    fn on_request_trailers(&mut self, trailers: &mut RequestTrailers) {
        for name in trailers.names().iter().filter(|it| is_reserved_header(it)) {
            let _removed = trailers.remove(name);
        }
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

/// The decision on a request that came at `since`; `None` if it must wait.
fn judge(
    shared: &Shared,
    head: &RequestHead,
    request: &RequestHeaders<'_>,
    since: UnixMillis,
    now: UnixMillis,
) -> Option<Decision> {
    let mut evidence = HostEvidence::new(shared, request, since);
    match decide(&shared.policy, head, &mut evidence, now, &mut Silent) {
        Progress::Decided(decision) => Some(decision),
        Progress::WaitForKeys(_) => None,
    }
}

fn enforce(
    shared: &Shared,
    head: &RequestHead,
    request: &mut RequestHeaders<'_>,
    decision: &Decision,
) -> Flow {
    shared.report.decided(&shared.policy, decision, request);
    if !decision.passes()
        && let Some(answer) = decision.answer(&shared.policy)
    {
        return Flow::Reply(crate::report::reply(answer));
    }
    identify(shared, head, request, decision);
    Flow::Continue
}

/// Replaces whatever identity the client claims by the one that was found.
fn identify(
    shared: &Shared,
    head: &RequestHead,
    request: &mut RequestHeaders<'_>,
    decision: &Decision,
) {
    let policy = &shared.policy;
    let operation = policy.operations().display(decision.operations);
    let ours = [
        (TIER_HEADER, decision.tier.map(|it| policy.tiers().name(it))),
        (TENANT_HEADER, decision.tenant.as_deref()),
        (OPERATION_HEADER, Some(operation.as_str()).filter(|it| !it.is_empty())),
    ];
    keep_past_the_next_hop(head, request);
    for name in head.names().filter(|it| is_reserved_header(it)) {
        // A second removal of a repeated header does nothing.
        let is_replaced = ours.iter().any(|(it, value)| *it == name && value.is_some());
        if !is_replaced {
            let _removed = request.remove(name);
        }
    }
    for (name, value) in ours {
        if let Some(value) = value
            && request.set(name, value.as_bytes()).is_err()
        {
            // Tiers and operations are names by construction; a tenant has no control characters.
            // Should a value be refused all the same, none goes out, least of all the client's.
            let _removed = request.remove(name);
        }
    }
}

/// `Connection` names headers that the next hop must drop (RFC 9110 §7.6.1). Envoy passes it on with
/// an upgrade, and a client could name ours there.
fn keep_past_the_next_hop(head: &RequestHead, request: &mut RequestHeaders<'_>) {
    let options = || head.values("connection").flat_map(|it| it.split(|byte| *byte == b','));
    let is_ours = |option: &&[u8]| {
        let name = String::from_utf8_lossy(option.trim_ascii()).to_ascii_lowercase();
        is_reserved_header(&name)
    };
    if options().any(|it| is_ours(&it)) {
        let kept: Vec<&[u8]> = options().filter(|it| !is_ours(it)).collect();
        let _set = request.set("connection", &kept.join(&b','));
    }
}
