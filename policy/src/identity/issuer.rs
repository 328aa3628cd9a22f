//! Issuers that are believed, and where their keys are.

use std::rc::Rc;

use jsonwebtoken::Algorithm;

use crate::error::{Path, PolicyError};
use crate::jwks::KeySet;
use crate::spec::{IssuerSpec, JwksSpec, RemoteJwksSpec};
use crate::token::{IssuerRules, algorithm};

/// An issuer of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(u16);

impl IssuerId {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..u16::MAX).map(Self)
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The most issuers one policy can have.
pub const MAX_ISSUERS: usize = 100;

/// One issuer that is believed.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// What its tokens must say.
    pub rules: IssuerRules,
    /// Where its keys are.
    pub keys: IssuerKeys,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug)]
pub enum IssuerKeys {
    /// Nowhere: its tokens are verified by `jwt_authn` only.
    None,
    /// In the policy.
    Inline(Rc<KeySet>),
    /// Fetched over HTTP.
    Remote(RemoteJwksSpec),
}

/// Compiles the list at `path`; errors are added to `errors`.
pub(super) fn compile_issuers(
    specs: &[IssuerSpec],
    need_keys: bool,
    path: &Path,
    errors: &mut Vec<PolicyError>,
) -> Vec<Issuer> {
    if specs.len() > MAX_ISSUERS {
        errors.push(PolicyError::new(path, format!("more than {MAX_ISSUERS} issuers")));
    }
    let mut issuers = Vec::new();
    for (i, spec) in specs.iter().take(MAX_ISSUERS).enumerate() {
        let place = path.index(i);
        if spec.issuer.is_empty() {
            errors.push(PolicyError::new(place.key("issuer"), "an empty issuer"));
        }
        if specs.iter().take(i).any(|it| it.issuer == spec.issuer) {
            errors.push(PolicyError::new(
                place.key("issuer"),
                format!("a second issuer `{}`", spec.issuer),
            ));
        }
        if spec.algorithms.is_empty() {
            errors.push(PolicyError::new(
                place.key("algorithms"),
                "no algorithm is accepted, so no token of this issuer can ever be",
            ));
        }
        let algorithms: Vec<_> = spec.algorithms.iter().copied().map(algorithm).collect();
        let keys = compile_keys(spec.jwks.as_ref(), &algorithms, &place.key("jwks"), errors);
        if need_keys && spec.jwks.is_none() {
            errors.push(PolicyError::new(
                &place,
                "the source `token` needs this issuer's keys: give it `jwks`, inline or remote, or leave the verification to Envoy (`source: [jwt_authn]`)",
            ));
        }
        issuers.push(Issuer {
            rules: IssuerRules {
                issuer: spec.issuer.clone(),
                audiences: spec.audiences.clone(),
                algorithms,
            },
            keys,
        });
    }
    issuers
}

fn compile_keys(
    spec: Option<&JwksSpec>,
    algorithms: &[Algorithm],
    path: &Path,
    errors: &mut Vec<PolicyError>,
) -> IssuerKeys {
    match spec {
        None => IssuerKeys::None,
        Some(JwksSpec::Inline(set)) => {
            match KeySet::parse(set.to_string().as_bytes(), algorithms) {
                Ok(keys) => IssuerKeys::Inline(Rc::new(keys)),
                Err(error) => {
                    errors.push(PolicyError::new(path.key("inline"), error.to_string()));
                    IssuerKeys::None
                }
            }
        }
        Some(JwksSpec::Remote(remote)) => {
            check_remote(remote, &path.key("remote"), errors);
            IssuerKeys::Remote(remote.clone())
        }
    }
}

fn check_remote(remote: &RemoteJwksSpec, path: &Path, errors: &mut Vec<PolicyError>) {
    if crate::jwks::url_parts(&remote.uri).is_none() {
        errors.push(PolicyError::new(
            path.key("uri"),
            format!(
                "`{}` is not an HTTP URL; write for example `https://issuer.example.com/.well-known/jwks.json`",
                remote.uri
            ),
        ));
    }
    if remote.cluster.is_empty() {
        errors.push(PolicyError::new(path.key("cluster"), "an empty cluster name"));
    }
    // Envoy takes a timeout of 0 as none at all.
    for (name, duration) in [
        ("timeout", remote.timeout),
        ("refresh", remote.refresh),
        ("cooldown", remote.cooldown),
        ("max_wait", remote.max_wait),
        ("max_stale", remote.max_stale),
    ] {
        if duration.0.is_zero() {
            errors.push(PolicyError::new(path.key(name), "must be longer than 0s"));
        }
    }
    if remote.max_stale < remote.refresh {
        errors.push(PolicyError::new(
            path.key("max_stale"),
            format!("must not be shorter than `refresh` ({})", remote.refresh),
        ));
    }
}
