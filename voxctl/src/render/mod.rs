//! Istio resources from a policy, and a local Envoy from Istio resources.
//!
//! [`envoyfilter`], [`trafficextension`] and [`wasmplugin`] print what an operator applies;
//! [`envoy::from_policy`] and [`envoy::from_files`] run the very same resources in one Envoy on
//! this machine.

mod descriptors;
pub mod envoy;
mod error;
mod istio;
mod message;
mod patch;
mod resources;
mod security;

pub use error::{Place, Problem, RenderError};
pub use istio::{
    DEFAULT_PORT, Filter, ModuleSource, PolicyDocument, Proxy, ResourceOptions, UnknownFilter,
    envoyfilter, trafficextension, wasmplugin,
};

/// What was rendered, and what an operator should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered<T> {
    /// The text or JSON.
    pub value: T,
    /// One sentence each; nothing here keeps it from working as far as it goes.
    pub warnings: Vec<String>,
}
