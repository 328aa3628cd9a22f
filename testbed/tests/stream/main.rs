//! Streams through a real Envoy in every mode: what is sent comes, in order, whole or not at all.
//! Nothing here says how fast.

mod campaigns;
