//! What the service is told of the caller, in place of whatever the client claims.

use voxgate_host::{RequestHeaders, RequestTrailers};
use voxgate_policy::Policy;
use voxgate_policy::decision::Decision;
use voxgate_policy::identity::{OPERATION_HEADER, TENANT_HEADER, TIER_HEADER, is_reserved_header};
use voxgate_policy::request::RequestHead;

/// Replaces whatever identity the client claims by the one that was found.
pub fn identify(
    policy: &Policy,
    head: &RequestHead,
    request: &mut RequestHeaders<'_>,
    decision: &Decision,
) {
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

/// Removes what only Voxgate may say: some servers take trailers for headers.
pub fn clean(trailers: &mut RequestTrailers) {
    for name in trailers.names().iter().filter(|it| is_reserved_header(it)) {
        let _removed = trailers.remove(name);
    }
}
