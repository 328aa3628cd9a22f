//! Why something is not rendered: where it stands, what is wrong, what to do.

use std::fmt;
use std::path::PathBuf;

use super::istio::Filter;

/// Why rendering was refused.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A file could not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not YAML.
    #[error("{file}: {reason}")]
    NotYaml {
        /// The file.
        file: String,
        /// The parser's words, with line and column.
        reason: String,
    },
    /// A policy does not have a policy's shape.
    #[error("{file}: {errors}")]
    Policy {
        /// The file.
        file: String,
        /// What does not fit, with its path.
        errors: voxgate_policy::error::PolicyErrors,
    },
    /// Something in a resource cannot be applied.
    #[error("{place}: {problem}")]
    Resource {
        /// Where.
        place: Place,
        /// What is wrong.
        problem: Problem,
    },
    /// The resource cannot make Envoy bring bodies to a filter whose policy needs them.
    #[error(
        "this policy decides by request bodies, and in a {kind} the filter gets none: Istio does \
         not let it set `allow_on_headers_stop_iteration`, and each such request would hang; \
         render an envoyfilter"
    )]
    NoBodies {
        /// The kind of the resource.
        kind: &'static str,
    },
    /// What is rendered for a gateway is one kind only.
    #[error("a {kind} is not rendered for a gateway; render an envoyfilter")]
    NoGateway {
        /// The kind of the resource.
        kind: &'static str,
    },
    /// The resource leaves the filter's VM without a name, and with it the counters.
    #[error(
        "{filter} keeps what it counts under the name of its VM, and a {kind} does not let it have \
         one, nor say that it comes after jwt-tier; render an envoyfilter"
    )]
    NoVmId {
        /// The filter.
        filter: Filter,
        /// The kind of the resource.
        kind: &'static str,
    },
    /// The resource cannot put the filter in its place, nor set what must stand beside it.
    #[error(
        "a {kind} cannot say that {filter} comes after jwt-tier, nor set what of Envoy cuts streams; \
         render an envoyfilter"
    )]
    NoConnection {
        /// The filter.
        filter: Filter,
        /// The kind of the resource.
        kind: &'static str,
    },
    /// A cluster that the configuration calls is given by nobody.
    #[error(
        "{user} calls the cluster `{cluster}`, which nothing here leads to; \
         add --cluster '{cluster}=HOST:PORT'"
    )]
    MissingCluster {
        /// What calls it.
        user: String,
        /// Its name.
        cluster: String,
    },
    /// A Wasm module is not there.
    #[error("the filter `{filter}` needs {}; {advice}", path.display())]
    MissingModule {
        /// The filter's name.
        filter: String,
        /// The file looked for.
        path: PathBuf,
        /// How to get it.
        advice: &'static str,
    },
    /// Nothing to apply.
    #[error(
        "no EnvoyFilter patch here is for the workload (namespace {namespace}, labels {labels}); \
         give its resources, or choose it with --namespace and --label{}",
        left_out.iter().map(|it| format!("\n  {it}")).collect::<String>()
    )]
    NothingToApply {
        /// The workload's namespace.
        namespace: String,
        /// Its labels.
        labels: String,
        /// What was read and is not for it, with the reason.
        left_out: Vec<String>,
    },
    /// A patch removes the one listener.
    #[error("the patches remove the inbound listener; there is nothing left to run")]
    NoListener,
    /// An HTTP filter waits for a configuration by ECDS that no resource adds.
    #[error(
        "the HTTP filter `{filter}` takes its configuration by ECDS, but no EXTENSION_CONFIG \
         patch adds one of that name; Envoy would wait for it for ever"
    )]
    MissingExtension {
        /// The filter's name.
        filter: String,
    },
    /// An option does not fit.
    #[error("{option}: {problem}")]
    Option {
        /// The command line's name for it.
        option: &'static str,
        /// What is wrong and what is accepted.
        problem: String,
    },
}

impl RenderError {
    pub(super) fn at(place: Place, problem: Problem) -> Self {
        Self::Resource { place, problem }
    }
}

/// What is wrong with a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not the shape Istio's or Envoy's schema asks for.
    #[error("{0}")]
    Shape(String),
    /// A duration that istiod reads and Envoy does not.
    #[error("`{written}` is a duration only istiod reads, not Envoy; write `{seconds}`")]
    GoDuration {
        /// As it stands.
        written: String,
        /// The form both read.
        seconds: String,
    },
    /// Not an API version of this kind.
    #[error("`{kind}` has no version `{found}`; write `{accepted}`")]
    ApiVersion {
        /// The kind.
        kind: String,
        /// What was written.
        found: String,
        /// What there is.
        accepted: &'static str,
    },
    /// A kind that has no counterpart in one local Envoy.
    #[error(
        "a `{0}` cannot be applied here, only EnvoyFilter, RequestAuthentication and \
         AuthorizationPolicy; render it without this document"
    )]
    Kind(String),
    /// Something Istio has and this renderer does not apply.
    #[error("{what} cannot be applied here: {why}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// Why not, and what to do instead.
        why: &'static str,
    },
    /// A typed configuration patched with one of another type.
    #[error(
        "the patch's configuration is a `{patch}`, the one it meets a `{have}`; istiod panics \
         over this and drops every patch of the listener"
    )]
    TypeMismatch {
        /// The type that stands there.
        have: String,
        /// The type of the patch.
        patch: String,
    },
    /// Two resources say different things where one is needed.
    #[error("{0}")]
    Conflict(String),
}

/// Where something stands: the file, which document in it (from 1), the path in that document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as given, or what the resource was made from.
    pub file: String,
    /// Which document of the file, from 1.
    pub document: usize,
    /// The path in the document, as `spec.configPatches[0].patch`.
    pub path: String,
}

impl Place {
    pub(super) fn new(file: &str, document: usize) -> Self {
        Self { file: file.to_owned(), document, path: String::new() }
    }

    pub(super) fn own() -> Self {
        Self::new("voxctl", 1)
    }

    /// A place further in.
    pub(super) fn at(&self, path: &str) -> Self {
        let path = match (self.path.as_str(), path) {
            (here, "" | ".") => here.to_owned(),
            ("", inner) => inner.to_owned(),
            (here, index) if index.starts_with('[') => format!("{here}{index}"),
            (here, inner) => format!("{here}.{inner}"),
        };
        Self { path, ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, document {}", self.file, self.document)?;
        if !self.path.is_empty() {
            write!(f, ", {}", self.path)?;
        }
        Ok(())
    }
}
