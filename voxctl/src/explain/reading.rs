//! Bodies, fed to a decision as a proxy feeds them.

use serde::Serialize;
use voxgate_policy::Policy;
use voxgate_policy::decide::{Audit, Reading};
use voxgate_policy::decision::Decision;
use voxgate_policy::trace::Recorded;

/// What Envoy reads of a connection at once, in bytes; a filter decides after each.
const SLICE: usize = 16 * 1024;

/// How much of a body a decision took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BodyReport {
    /// Its size as it came.
    pub bytes: usize,
    /// How much of it came before the decision was certain: nothing if the head decides, all if its
    /// end does.
    pub needed: usize,
}

/// A decision, and what was read for it.
pub(super) struct Read {
    pub(super) decision: Decision,
    /// Of the body, before it was certain.
    pub(super) bytes: usize,
    /// What is logged of a recording.
    pub(super) audit: Option<String>,
}

// === impl Read ===

impl Read {
    /// The head decides.
    pub(super) fn nothing(decision: Decision) -> Self {
        Self { decision, bytes: 0, audit: None }
    }

    /// The head decides, and the body is read as it passes; what it leaves is not known without it.
    pub(super) fn for_the_log(
        decision: Decision,
        audit: Audit,
        body: Option<&[u8]>,
        policy: &Policy,
    ) -> Self {
        Self { decision, bytes: 0, audit: body.and_then(|it| logged(audit, it, policy)) }
    }

    /// The body decides.
    pub(super) fn until_certain(
        mut reading: Reading,
        body: &[u8],
        policy: &Policy,
        trace: &mut Recorded,
    ) -> Self {
        let mut bytes = 0;
        let mut rest = body;
        loop {
            let (slice, after) = rest.split_at(rest.len().min(SLICE));
            reading.feed(slice);
            bytes += slice.len();
            rest = after;
            if rest.is_empty() {
                reading.finish();
            }
            if let Some(decision) = reading.decide(policy, trace) {
                let audit = Audit::of(Box::new(reading), &decision, policy);
                let audit = audit.and_then(|it| logged(it, rest, policy));
                return Self { decision, bytes, audit };
            }
        }
    }
}

/// The line that is logged when the `rest` of a body has passed.
fn logged(mut audit: Audit, rest: &[u8], policy: &Policy) -> Option<String> {
    audit.feed(rest);
    audit.finish();
    audit.record(policy).map(|it| it.to_string())
}
