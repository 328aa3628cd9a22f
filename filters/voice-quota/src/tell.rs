//! What clients are told of their quota in the headers of an answer.

use voxgate_host::{RequestHeaders, ResponseHeaders};
use voxgate_policy::quota::{Meter, RateLimitFields, rate_limit_fields};
use voxgate_policy::response::{ResponseHead, ResponseMeter};
use voxgate_policy::time::UnixMillis;

use crate::running::Running;
use crate::shared::Shared;

/// Tells which soft limits are passed: a List of Structured Fields (RFC 9651 §3.1).
pub const WARNING_HEADER: &str = "x-voxgate-quota-warning";

/// Sets both fields, if there is anything to tell.
pub fn fields(fields: &RateLimitFields, mut set: impl FnMut(&'static str, String)) {
    if !fields.limit.is_empty() {
        set("ratelimit-policy", fields.policy.clone());
        set("ratelimit", fields.limit.clone());
    }
}

/// Whether Envoy takes the request for gRPC: `application/grpc`, alone or followed by `+`. Only such
/// a client knows binary metadata.
pub fn is_grpc(request: &RequestHeaders<'_>) -> bool {
    let head = request.head();
    let content_type = head.first("content-type").unwrap_or_default();
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|it| matches!(it.first(), None | Some(b'+')))
}

/// The headers of the answer came: takes down what they say, and tells the client how it stands.
pub fn answered(
    running: &mut Running,
    response: &mut ResponseHeaders<'_>,
    status: u16,
    shared: &Shared,
    now: UnixMillis,
) {
    let answer = &mut running.answer;
    answer.status = status;
    let header = |name: &str| response.get(name).unwrap_or_default();
    let content_type = header("content-type");
    if content_type.starts_with(b"application/grpc") {
        answer.is_grpc_failure = response.get("grpc-status").is_some_and(|it| it != b"0");
    }
    if (200..300).contains(&status) {
        answer.meter = Some(ResponseMeter::new(&ResponseHead {
            status,
            content_type: &content_type,
            content_encoding: &header("content-encoding"),
            sample_rate_hz: running.subject.sample_rate_hz,
        }));
    }
    let mut set = |name: &'static str, value: String| {
        // Made of rule names and numbers.
        let _ = response.set(name, value.as_bytes());
    };
    let quotas = shared.policy.quotas();
    let limited = || {
        running.reservation.charges().filter_map(|(share, charge, _, standing)| {
            Some((quotas.get(share.rule)?, charge.limit?, *standing))
        })
    };
    fields(&rate_limit_fields(limited(), now), &mut set);
    let warnings: Vec<String> = limited()
        .filter_map(|(rule, limit, standing)| {
            let level = rule.soft_limit_reached(standing.used, limit)?;
            Some(format!("\"{}\";percent={level}", rule.name))
        })
        .collect();
    if !warnings.is_empty() {
        set(WARNING_HEADER, warnings.join(", "));
    }
    if running.subject.rule.as_deref().is_some_and(|it| it.starts_with("elevenlabs/")) {
        elevenlabs(running, &mut set);
    }
}

/// The headers that ElevenLabs' own clients read
/// (<https://elevenlabs.io/docs/api-reference/introduction>, "Response headers").
fn elevenlabs(running: &Running, set: &mut impl FnMut(&'static str, String)) {
    for (share, charge, taken, standing) in running.reservation.charges() {
        match (share.meter, charge.limit) {
            (Meter::Streams, Some(limit)) => {
                set("current-concurrent-requests", standing.used.to_string());
                set("maximum-concurrent-requests", limit.units.to_string());
            }
            (Meter::TextChars, _) => set("character-cost", taken.units.to_string()),
            _ => {}
        }
    }
}
