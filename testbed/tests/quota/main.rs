//! Voice quotas on a real Envoy: what is reserved, what is denied, and how every ending settles.

mod admission;
mod endings;
mod meters;
mod parallel;
mod support;
mod telling;
mod trouble;
