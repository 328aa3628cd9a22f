//! Where a proxy gets the Wasm module.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::render::error::RenderError;

/// How long Istio's agent may take for a module. Without it, an EnvoyFilter gives it 5 s.
const FETCH_TIMEOUT: &str = "30s";

/// Where a proxy gets the Wasm module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSource {
    /// A file in the proxy's container: mounted there, or part of the image.
    File(PathBuf),
    /// A file on a web server, fetched by Istio's agent.
    Http {
        /// `http://` or `https://`.
        url: String,
        /// The file's SHA-256, in hexadecimal.
        sha256: String,
    },
    /// An image in a registry, fetched by Istio's agent.
    Oci {
        /// `oci://`.
        url: String,
        /// The SHA-256 of the image's manifest.
        sha256: Option<String>,
    },
}

impl ModuleSource {
    /// The file that a filter's module for `policy` has in the proxy's container if nothing else
    /// is said.
    pub fn default_file(filter: super::Filter, policy: &super::PolicyDocument) -> Self {
        Self::File(PathBuf::from("/var/lib/voxgate").join(policy.module_file(filter)))
    }

    /// From `--module` and `--sha256`.
    ///
    /// # Errors
    /// An unknown scheme, a checksum that is none, one missing for HTTP, one given for a file.
    pub fn parse(module: &str, sha256: Option<&str>) -> Result<Self, RenderError> {
        let error = |option, problem: &str| {
            Err(RenderError::Option { option, problem: problem.to_owned() })
        };
        if let Some(sha256) = sha256
            && (sha256.len() != 64
                || !sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        {
            return error(
                "--sha256",
                "64 lowercase hexadecimal digits are needed, as sha256sum prints",
            );
        }
        let url = module.to_owned();
        match (module.split_once("://"), sha256) {
            (Some(("file", path)), None) if path.starts_with('/') => Ok(Self::File(path.into())),
            (Some(("file", _)), None) => error(
                "--module",
                "a file needs its absolute path, as file:///var/lib/voxgate/x.wasm",
            ),
            (Some(("file", _)), Some(_)) => {
                error("--sha256", "nothing checks the sum of a file; leave it out")
            }
            (Some(("http" | "https", _)), Some(sha256)) => {
                Ok(Self::Http { url, sha256: sha256.to_owned() })
            }
            (Some(("http" | "https", _)), None) => error(
                "--sha256",
                "needed with http: without it Istio's agent fetches the module again and again \
                 and runs whatever it gets",
            ),
            (Some(("oci", _)), sha256) => Ok(Self::Oci { url, sha256: sha256.map(str::to_owned) }),
            _ => error("--module", "file:///…, https://… or oci://… is needed"),
        }
    }

    /// As a URL, with the file's path as `file://`.
    pub(super) fn url(&self) -> String {
        match self {
            Self::File(path) => format!("file://{}", path.display()),
            Self::Http { url, .. } | Self::Oci { url, .. } => url.clone(),
        }
    }

    pub(super) fn sha256(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Http { sha256, .. } => Some(sha256),
            Self::Oci { sha256, .. } => sha256.as_deref(),
        }
    }

    /// Whether Istio's agent must fetch it, which it does for configurations sent by ECDS only.
    pub(super) fn is_remote(&self) -> bool {
        !matches!(self, Self::File(_))
    }

    /// `envoy.config.core.v3.AsyncDataSource`.
    pub(super) fn code(&self) -> Value {
        match self {
            Self::File(path) => json!({"local": {"filename": path}}),
            Self::Http { url, .. } | Self::Oci { url, .. } => json!({"remote": {
                // The cluster is never used: the agent fetches and puts a file in its place.
                "http_uri": {"uri": url, "timeout": FETCH_TIMEOUT, "cluster": "_"},
                // Envoy needs one; `nil` is the agent's word for none.
                "sha256": self.sha256().unwrap_or("nil"),
            }}),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        match self {
            Self::Oci { url, sha256: None } if !url.contains("@sha256:") => vec![format!(
                "{url} is not pinned: pods started at different times may run different modules; \
                 give --sha256 of the image's manifest"
            )],
            _ => Vec::new(),
        }
    }
}
