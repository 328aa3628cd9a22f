//! Reads a request body as it streams, and learns what it asks for.
//!
//! A parser of one format ([`json`], …) is fed slices of any size and tells a [`Sink`] which values
//! begin, come and end at the places that a [`FieldTree`] names; nothing else of the body is kept.
//! The sink of a proxy is [`Collector`](crate::facts::Collector), which turns them into
//! [`RequestFacts`](crate::facts::RequestFacts). Any split of a body into slices gives the same.

mod error;
mod field;
mod field_tree;
mod flat;
pub mod form;
pub mod gzip;
pub mod json;
pub mod jsonl;
pub mod multipart;
pub mod plain;
mod plan;
mod rules;
mod scan;
mod sink;
mod skip;
pub(crate) mod utf8;

pub use error::{BodyError, Malformed};
pub use field::Field;
pub use field_tree::{FieldTree, LeafId, NodeId, PointerError};
pub use flat::MAX_FIELDS;
pub use plan::{BodyPlan, Unreadable};
pub use rules::BodyRules;
pub use scan::{BodyScan, MAX_VALUES, Progress};
pub use sink::{Extent, Kind, Sink, Value};
