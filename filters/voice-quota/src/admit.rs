//! Whether a request may go on, and what it reserves.

use std::task::Poll;

use voxgate_policy::quota::store::Store;
use voxgate_policy::quota::{Denial, Reservation, Verdict};
use voxgate_policy::spec::OnStoreError;
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

use crate::running::{Answer, Running};
use crate::shared::Shared;

/// What becomes of a request.
pub enum Admission {
    /// It goes on.
    Granted(Box<Running>),
    /// It goes on, and nothing is counted.
    Uncounted,
    /// It is answered.
    Denied(Denial),
    /// The store answers later.
    Pending,
}

impl Shared {
    /// Reserves what the request of `subject` costs.
    pub fn admit(&self, subject: Subject, now: UnixMillis) -> Admission {
        let quotas = self.policy.quotas();
        let terms = self.terms(subject.tenant.as_deref());
        let mut demand = quotas.demand(&subject, &self.policy, terms.as_ref());
        let is_strict = quotas.on_store_error == OnStoreError::Deny && !self.is_on_trial;
        if demand.lacks_limit && is_strict {
            return Admission::Denied(Denial::UnknownTier);
        }
        let is_repeat = subject
            .repeat
            .is_some_and(|it| self.store().is_charged(0, &it, now) == Poll::Ready(true));
        if is_repeat {
            demand = demand.of_what_is_held();
        }
        if self.is_on_trial {
            demand.put_on_trial();
        }
        let is_metered = demand.is_metered;
        if demand.accounts.is_empty() && demand.gives_back.is_empty() && !is_metered {
            return Admission::Uncounted;
        }
        let granted = |reservation: Reservation| {
            let answer = Answer::default();
            let running = Running { subject, reservation, is_repeat, is_metered, answer };
            Admission::Granted(Box::new(running))
        };
        let answer = self.store().reserve(0, &demand, now, quotas.expiry(now));
        self.report.held(&self.store);
        match answer {
            Poll::Pending => Admission::Pending,
            Poll::Ready(Ok(Verdict::Granted(reservation))) => granted(reservation),
            Poll::Ready(Ok(Verdict::Denied(violations))) => {
                Admission::Denied(Denial::Exceeded(violations))
            }
            Poll::Ready(Err(error)) => {
                self.report.store_failed(error);
                if is_strict {
                    Admission::Denied(Denial::Store(error))
                } else {
                    Admission::Uncounted
                }
            }
        }
    }
}
