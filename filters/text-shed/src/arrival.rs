//! A request as the pure decision wants it.

use voxgate_host::RequestHeaders;
use voxgate_policy::ShedPolicy;
use voxgate_policy::request::RequestHead;
use voxgate_policy::shed::{
    BadDeadline, DEADLINE_HEADER, GRPC_TIMEOUT_HEADER, Request, ShedRules, TierKey, deadline,
};
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

/// The most bytes of a body that are held while a request waits, below Envoy's own limit of 1 MiB.
pub const MAX_HELD: usize = 768 * 1024;

/// By when the first byte of an answer is wanted.
pub fn wanted_by(
    head: &RequestHead,
    subject: &Subject,
    rules: &ShedRules,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, BadDeadline> {
    let tier = subject.tier.as_deref().map_or(TierKey::NONE, TierKey::of);
    let header = head.first(DEADLINE_HEADER);
    deadline(header, head.first(GRPC_TIMEOUT_HEADER), rules.budget(tier), now)
}

/// Tells the next hops by when.
pub fn tell_deadline(deadline: UnixMillis, request: &mut RequestHeaders<'_>) {
    // A number is no malformed value.
    let _set = request.set(DEADLINE_HEADER, deadline.0.to_string().as_bytes());
}

/// The request of `subject` under the number `id`.
pub fn request<'a>(
    id: u64,
    subject: &'a Subject,
    policy: &ShedPolicy,
    rules: &ShedRules,
    deadline: Option<UnixMillis>,
    may_wait: bool,
) -> Request<'a> {
    Request {
        id,
        tenant: subject.tenant.as_deref().map_or(0, fnv),
        asked: rules.asked(subject, policy.operations()),
        work: rules.work(subject),
        deadline,
        may_wait,
    }
}

/// Whether a request can be held: what is to come of its body must fit into Envoy's buffer.
pub fn may_wait(head: &RequestHead, subject: &Subject, has_ended: bool) -> bool {
    let length = head.first("content-length").and_then(|it| std::str::from_utf8(it).ok());
    let length: Option<usize> = length.and_then(|it| it.trim().parse().ok());
    let is_read = subject.text_chars > 0;
    !subject.is_upgrade && (has_ended || is_read || length.is_some_and(|it| it <= MAX_HELD))
}

/// FNV-1a.
fn fnv(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
