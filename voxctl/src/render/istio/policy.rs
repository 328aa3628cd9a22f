//! A policy as the resources carry it: as it was written, so that the person who wrote it finds
//! it again.

use std::path::Path;

use serde_json::Value;
use voxgate_policy::Policy;
use voxgate_policy::decide::reads_bodies;
use voxgate_policy::error::PolicyErrors;
use voxgate_policy::spec::{
    AlgorithmName, ConnectionSpec, DurationSpec, IdentitySource, PolicySpec, RungSpec,
};

use super::Filter;
use crate::render::error::RenderError;

/// The feature, and the part of the file name, of modules that verify everything themselves.
pub(super) const SOFTWARE_CRYPTO: &str = "software-crypto";

/// A policy, as written and as read.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    /// As written: no defaults filled in, keys in their order.
    pub written: Value,
    /// As read.
    pub spec: PolicySpec,
}

impl PolicyDocument {
    /// Takes a policy in its shape. Whether it makes sense is for `Policy::try_from` to say.
    ///
    /// # Errors
    /// The path of the value that does not fit.
    pub fn new(written: Value) -> Result<Self, PolicyErrors> {
        let spec = PolicySpec::deserialize_with_path(&written)?;
        Ok(Self { written, spec })
    }

    /// Reads a policy file, YAML or JSON.
    ///
    /// # Errors
    /// A file that cannot be read or is not YAML, or whose shape is not a policy's.
    pub fn read(path: &Path) -> Result<Self, RenderError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RenderError::Unreadable { path: path.to_owned(), source })?;
        let file = path.display().to_string();
        let written = serde_saphyr::from_str(&text).map_err(|error| RenderError::NotYaml {
            file: file.clone(),
            reason: error.to_string(),
        })?;
        Self::new(written).map_err(|errors| RenderError::Policy { file, errors })
    }

    /// The file name of `filter`'s module for this policy: one built with `software-crypto` where
    /// an algorithm needs it.
    pub(in crate::render) fn module_file(&self, filter: Filter) -> String {
        match (filter, self.software_algorithm()) {
            (Filter::JwtTier, Some(_)) => format!("voxgate-{filter}-{SOFTWARE_CRYPTO}.wasm"),
            _ => filter.module_file(),
        }
    }

    /// Whether anything is limited by quota, or what was used can be asked for.
    pub(super) fn has_quotas(&self) -> bool {
        !self.spec.quotas.rules.is_empty() || self.spec.quotas.usage.is_some()
    }

    /// Whether anything is shed.
    pub(super) fn has_shedding(&self) -> bool {
        self.spec.shedding.is_some()
    }

    /// Whether streams are looked after.
    pub(super) fn has_streams(&self) -> bool {
        self.spec.streams.is_some()
    }

    /// What is to be set on the port of streams, if they are looked after.
    pub(super) fn connection(&self) -> Option<&ConnectionSpec> {
        self.spec.streams.as_ref().map(|it| &it.connection)
    }

    /// When a stream counts as stalled and when Envoy ends it, if the second is not later.
    pub(super) fn stall_behind_the_end(&self) -> Option<(DurationSpec, DurationSpec)> {
        let streams = self.spec.streams.as_ref()?;
        let (after, idle) = (streams.stall.as_ref()?.after, streams.connection.idle_timeout);
        (!idle.0.is_zero() && after >= idle).then_some((after, idle))
    }

    /// Whether a rule of the ladder sends requests to other workers.
    pub(super) fn diverts(&self) -> bool {
        let ladder = self.spec.shedding.iter().flat_map(|it| &it.ladder);
        ladder.into_iter().any(|it| it.rung == RungSpec::Divert)
    }

    /// The first algorithm that only a module built with `software-crypto` verifies: Envoy's
    /// `verify_signature` has no RSASSA-PSS.
    pub(super) fn software_algorithm(&self) -> Option<AlgorithmName> {
        use AlgorithmName::{PS256, PS384, PS512};
        let identity = &self.spec.identity;
        let mut algorithms = identity.issuers.iter().flat_map(|issuer| &issuer.algorithms);
        let found = algorithms.find(|it| matches!(it, PS256 | PS384 | PS512)).copied();
        found.filter(|_| identity.source.contains(&IdentitySource::Token))
    }

    /// Whether a decision can hang on a request's body. A policy that does not load decides nothing.
    pub(super) fn reads_bodies(&self) -> bool {
        Policy::try_from(self.spec.clone()).is_ok_and(|policy| reads_bodies(&policy))
    }

    /// The most bytes of a body that a request's decision holds.
    pub(super) fn max_held_bytes(&self) -> u64 {
        self.spec.facts.max_held_bytes
    }

    /// Whether identities come from Envoy's `jwt_authn`.
    pub(super) fn uses_jwt_authn(&self) -> bool {
        self.spec.identity.source.contains(&IdentitySource::JwtAuthn)
    }
}
