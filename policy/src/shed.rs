//! What becomes of a request while the service is short of capacity.

pub mod rewrite;
pub mod split;
