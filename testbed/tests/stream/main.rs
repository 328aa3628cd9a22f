//! Streams through a real Envoy in every mode: what is sent comes, in order, whole or not at all, and
//! nothing stays stuck. Nothing here says how fast.

mod bodies;
mod breaks;
mod campaigns;
mod pipeline;
mod pushes;
mod readers;
mod support;
mod traps;
