//! The line that a recording leaves in the log when a voice is made of it.

use std::fmt;

use super::Reading;
use crate::Policy;
use crate::body::Progress;
use crate::decision::Decision;
use crate::operation::OperationId;

/// A request that may pass, and whose body is read as it does, for the log.
#[derive(Debug)]
pub struct Audit(Box<Reading>);

/// Who made a voice, and of what: never the recording itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// The tenant, if it is known.
    pub tenant: Option<String>,
    /// All that the request asks for.
    pub operation: String,
    /// The SHA-256 of each recording in the request, of the first [`MAX_NAMES`](crate::facts).
    pub samples: Vec<[u8; 32]>,
    /// How many recordings the service is to fetch.
    pub urls: u64,
    /// Whether the body was read to its end.
    pub is_complete: bool,
}

// === impl Audit ===

impl Audit {
    /// The audit of a request that `decision` lets pass, if the policy wants one and the request
    /// can bring a recording.
    pub fn of(reading: Box<Reading>, decision: &Decision, policy: &Policy) -> Option<Self> {
        let is_wanted = policy.body_rules().audit && reading.asked.creates();
        (is_wanted && decision.passes()).then_some(Self(reading))
    }

    /// More of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        // After a gap, nothing that is read means anything.
        if !self.0.is_past_room {
            self.0.scan.feed(bytes);
        }
    }

    /// The body has ended.
    pub fn finish(&mut self) {
        self.0.finish();
    }

    /// The record, if a voice is made.
    pub fn record(&self, policy: &Policy) -> Option<AuditRecord> {
        let facts = self.0.facts();
        let operations = self.0.asked.operations(policy, &facts);
        operations.contains(OperationId::VOICE_CREATE).then(|| AuditRecord {
            tenant: self.0.allowed.tenant.as_deref().map(str::to_owned),
            operation: policy.operations().display(operations),
            samples: facts.reference.inline.sha256,
            urls: facts.reference.urls.count,
            is_complete: self.0.scan.progress() == Ok(Progress::Complete),
        })
    }
}

impl fmt::Display for AuditRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, operation, samples, urls, is_complete } = self;
        let tenant = tenant.as_deref().unwrap_or("none");
        write!(f, "audit=voice.create tenant={tenant:?} operation={operation}")?;
        for sample in samples {
            f.write_str(" sha256=")?;
            for byte in sample {
                write!(f, "{byte:02x}")?;
            }
        }
        write!(f, " urls={urls} complete={is_complete}")
    }
}
