//! Each test is named by the behaviour of istiod it pins.

mod clusters;
mod filters;
mod harness;
mod listeners;
mod merging;
mod refusals;
mod routes;
mod selection;
