//! A request under way: what it reserved, what of its answer passed, and how it is settled.

use std::task::Poll;

use voxgate_host::{BodyPart, EndedStream};
use voxgate_policy::quota::store::Store;
use voxgate_policy::quota::{Ending, Outcome, Reservation, Settled};
use voxgate_policy::response::ResponseMeter;
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

use crate::shared::Shared;

/// A request under way.
pub struct Running {
    pub subject: Subject,
    pub reservation: Reservation,
    /// Whether it repeats a request that was charged, so that nothing but what is held is reserved.
    pub is_repeat: bool,
    /// Whether some rule counts what it asks for.
    pub is_metered: bool,
    pub answer: Answer,
}

/// What of the answer passed.
#[derive(Default)]
pub struct Answer {
    /// 0 before the headers.
    pub status: u16,
    /// Whether it is a gRPC answer that says that it failed.
    pub is_grpc_failure: bool,
    pub meter: Option<ResponseMeter>,
    pub bytes: u64,
}

/// What the store could not take yet.
pub struct Owed {
    reservation: Reservation,
    kept: Vec<u64>,
    succeeded: bool,
}

// === impl Running ===

impl Running {
    /// More of the answer passes.
    pub fn pass(&mut self, part: &BodyPart<'_>, shared: &Shared, now: UnixMillis) {
        self.answer.bytes = self.answer.bytes.saturating_add(part.len() as u64);
        if let Some(meter) = &mut self.answer.meter {
            part.pieces().for_each(|it| meter.feed(&it));
        }
        self.renew(shared, now);
    }

    /// Lets the reservation live on, if half of its time is over.
    pub fn renew(&mut self, shared: &Shared, now: UnixMillis) {
        let lease = shared.policy.quotas().lease;
        let half = lease.checked_div(2).unwrap_or(lease);
        if self.reservation.is_empty() || now.plus(half) < self.reservation.expires {
            return;
        }
        let expires = shared.policy.quotas().expiry(now);
        let renewed = shared.store().renew(0, &mut self.reservation, now, expires);
        shared.report.held(&shared.store);
        if let Poll::Ready(Err(error)) = renewed {
            shared.report.store_failed(error);
        }
    }

    /// Settles by how the stream ended.
    pub fn settle(self, stream: &EndedStream<'_>, shared: &Shared, now: UnixMillis) {
        let Some(outcome) = self.outcome(stream.ending()) else { return };
        let (outcome, settled) = self.charged_once(outcome, shared, now);
        // What a request gives back its repeat does not give back again.
        let succeeded = outcome.ending == Ending::Complete && !outcome.is_repeat;
        shared.report.settled(&self, &outcome, &settled, shared);
        let kept = settled.iter().map(|it| it.kept).collect();
        let owed = Owed { reservation: self.reservation, kept, succeeded };
        if let Err(owed) = owed.pay(shared, now) {
            shared.owe(owed);
        }
    }

    fn outcome(&self, ending: voxgate_host::Ending) -> Option<Outcome> {
        use voxgate_host::Ending as Host;
        let is_failure = self.answer.status >= 400 || self.answer.is_grpc_failure;
        let ending = match ending {
            // A filter after this one that answers is none of ours.
            Host::Replied => return None,
            Host::Complete { status } if status >= 400 => Ending::Failed,
            Host::Complete { .. } | Host::ClientLeft { .. } if is_failure => Ending::Failed,
            Host::Complete { .. } => Ending::Complete,
            Host::ClientLeft { .. } => Ending::Abandoned,
            Host::Failed { .. } => Ending::Failed,
        };
        let delivered = self.answer.meter.as_ref().map(ResponseMeter::delivered);
        let audio_ms = delivered.and_then(|it| it.audio).map(|it| it.0);
        let is_empty = self.answer.bytes == 0 && self.subject.speech_ms > 0;
        Some(Outcome {
            ending,
            bytes: self.answer.bytes,
            audio_ms,
            tokens: delivered.and_then(|it| it.tokens),
            is_silent: audio_ms == Some(0) || is_empty,
            expected_ms: self.subject.speech_ms,
            is_repeat: self.is_repeat,
        })
    }

    /// What becomes of each charge. Of requests that repeat one another, the first that is charged, or
    /// gives something back, is remembered, and the others are not charged.
    fn charged_once(
        &self,
        outcome: Outcome,
        shared: &Shared,
        now: UnixMillis,
    ) -> (Outcome, Vec<Settled>) {
        let refunds = &shared.policy.quotas().refund;
        let settle = |outcome: &Outcome| -> Vec<Settled> {
            let charges = self.reservation.charges();
            charges
                .map(|(share, _, taken, _)| share.settle(taken.units, outcome, refunds))
                .collect()
        };
        let settled = settle(&outcome);
        let gives_back =
            outcome.ending == Ending::Complete && !self.reservation.gives_back.is_empty();
        let window = shared.policy.quotas().repeat_window;
        if let (Some(repeat), Some(window)) = (&self.subject.repeat, window)
            && !self.is_repeat
            && (gives_back || settled.iter().any(|it| it.kept > 0))
        {
            match shared.store().remember_charged(0, repeat, now, now.plus(window)) {
                Poll::Ready(Ok(false)) => {
                    let outcome = Outcome { is_repeat: true, ..outcome };
                    let settled = settle(&outcome);
                    return (outcome, settled);
                }
                Poll::Ready(Err(error)) => shared.report.store_failed(error),
                Poll::Ready(Ok(true)) | Poll::Pending => {}
            }
        }
        (outcome, settled)
    }
}

// === impl Owed ===

impl Owed {
    /// Settles with the store.
    ///
    /// # Errors
    /// The store could not take it, which is still owed.
    pub fn pay(mut self, shared: &Shared, now: UnixMillis) -> Result<(), Self> {
        let Self { reservation, kept, succeeded } = &mut self;
        let answer = shared.store().settle(0, reservation, kept, *succeeded, now);
        shared.report.held(&shared.store);
        match answer {
            Poll::Ready(Err(error)) => {
                shared.report.store_failed(error);
                Err(self)
            }
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }
}
