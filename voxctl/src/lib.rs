//! The operator's command, as a library: what `voxctl` does, without its command line.

pub mod cli;
pub mod diagnostic;
pub mod explain;
pub mod facts;
pub mod load;
pub mod render;
pub mod schema;
pub mod simulate;
pub mod stream;
pub mod tenants;
pub mod token;
pub mod usage;
pub mod validate;
pub mod yaml;
