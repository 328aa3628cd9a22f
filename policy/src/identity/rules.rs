//! The `identity` section, validated.

use std::rc::Rc;

use jsonwebtoken::Algorithm;

use crate::claims::ClaimPath;
use crate::error::{Path, PolicyError};
use crate::jwks::KeySet;
use crate::spec::{
    AnonymousSpec, IdentitySource, IdentitySpec, IssuerSpec, JwksSpec, RemoteJwksSpec,
};
use crate::tier::{TierId, Tiers};
use crate::token::{IssuerRules, TimeRules, algorithm};

/// An issuer of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(u16);

/// The most issuers one policy can have.
pub const MAX_ISSUERS: usize = 100;

/// Who is believed.
#[derive(Clone, Debug)]
pub struct IdentityRules {
    pub(super) trusted_peers: Option<Vec<PeerPattern>>,
    pub(super) jwt_authn: bool,
    pub(super) token: bool,
    pub(super) metadata_keys: Vec<String>,
    pub(super) time: TimeRules,
    pub(super) tenant: ClaimPath,
    pub(super) scopes: Vec<ClaimPath>,
    issuers: Vec<Issuer>,
    anonymous: Option<TierId>,
    realm: String,
}

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

/// A client certificate's URI SAN, or the start of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PeerPattern(String);

impl PeerPattern {
    pub(super) fn matches(&self, peer: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => peer.starts_with(start),
            None => peer == self.0,
        }
    }
}

// === impl IdentityRules ===

impl IdentityRules {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &IdentitySpec,
        path: &Path,
        tiers: &Tiers,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let has = |source| spec.source.contains(&source);
        let token = has(IdentitySource::Token);
        let jwt_authn = has(IdentitySource::JwtAuthn);
        if spec.source.is_empty() {
            errors.push(PolicyError::new(
                path.key("source"),
                "no source of identity; accepted: trusted_peers, jwt_authn, token",
            ));
        }
        if (token || jwt_authn) && spec.issuers.is_empty() {
            errors.push(PolicyError::new(
                path.key("issuers"),
                "no issuer is believed, so no token can ever be; list at least one",
            ));
        }
        if has(IdentitySource::TrustedPeers) == spec.trusted_peers.is_empty() {
            errors.push(PolicyError::new(
                path.key("trusted_peers"),
                "`trusted_peers` and the source `trusted_peers` belong together; say both or neither",
            ));
        }
        if jwt_authn && spec.metadata_keys.is_empty() {
            errors.push(PolicyError::new(
                path.key("metadata_keys"),
                "the source `jwt_authn` needs a key, such as `payload`",
            ));
        }
        if spec.clock_skew.0 > MAX_SKEW {
            errors.push(PolicyError::new(
                path.key("clock_skew"),
                format!("more than {} s of skew makes expiry meaningless", MAX_SKEW.as_secs()),
            ));
        }
        if !spec.realm.bytes().all(|b| matches!(b, 0x20..=0x7e) && b != b'"' && b != b'\\') {
            errors.push(PolicyError::new(
                path.key("realm"),
                "write printable ASCII without `\"` and `\\`",
            ));
        }
        Self {
            trusted_peers: has(IdentitySource::TrustedPeers)
                .then(|| compile_peers(&spec.trusted_peers, &path.key("trusted_peers"), errors)),
            jwt_authn,
            token,
            metadata_keys: spec.metadata_keys.clone(),
            time: TimeRules { skew: spec.clock_skew.0, require_expiry: spec.require_expiry },
            tenant: claim_path(&spec.claims.tenant, &path.key("claims").key("tenant"), errors),
            scopes: compile_scopes(spec, &path.key("claims").key("scopes"), errors),
            issuers: compile_issuers(&spec.issuers, token, &path.key("issuers"), errors),
            anonymous: compile_anonymous(&spec.anonymous, &path.key("anonymous"), tiers, errors),
            realm: spec.realm.clone(),
        }
    }

    /// The issuer whose tokens carry exactly this `iss`.
    pub fn issuer_called(&self, iss: &str) -> Option<(IssuerId, &Issuer)> {
        self.issuers().find(|(_, it)| it.rules.issuer == iss)
    }

    /// An issuer.
    pub fn issuer(&self, id: IssuerId) -> Option<&Issuer> {
        self.issuers.get(usize::from(id.0))
    }

    /// All issuers.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerId, &Issuer)> {
        (0..u16::MAX).map(IssuerId).zip(&self.issuers)
    }

    /// The tier of callers without credentials; `None`: they are refused.
    pub fn anonymous(&self) -> Option<TierId> {
        self.anonymous
    }

    /// The `realm` of `WWW-Authenticate`.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Whether scopes are how callers get their tiers, and not only a peer's headers.
    pub fn has_scopes(&self) -> bool {
        self.token || self.jwt_authn
    }

    /// Errors for algorithms that this module cannot verify; `section` is the place of `identity`.
    pub fn unsupported(
        &self,
        section: &Path,
        is_supported: impl Fn(Algorithm) -> bool,
    ) -> Vec<PolicyError> {
        if !self.token {
            return Vec::new();
        }
        let mut errors = Vec::new();
        for (i, issuer) in self.issuers.iter().enumerate() {
            for (j, algorithm) in issuer.rules.algorithms.iter().enumerate() {
                if !is_supported(*algorithm) {
                    errors.push(PolicyError::new(
                        section.key("issuers").index(i).key("algorithms").index(j),
                        format!(
                            "{algorithm:?} cannot be verified by this module on this proxy; use the module built with `software-crypto`, or let Envoy verify (`source: [jwt_authn]`)"
                        ),
                    ));
                }
            }
        }
        errors
    }
}

/// The most skew that can be allowed.
pub const MAX_SKEW: std::time::Duration = std::time::Duration::from_secs(3600);

fn claim_path(written: &str, path: &Path, errors: &mut Vec<PolicyError>) -> ClaimPath {
    if written.is_empty() {
        errors.push(PolicyError::new(path, "an empty claim name"));
    }
    ClaimPath::new(written)
}

fn compile_scopes(
    spec: &IdentitySpec,
    path: &Path,
    errors: &mut Vec<PolicyError>,
) -> Vec<ClaimPath> {
    if spec.claims.scopes.is_empty() {
        errors.push(PolicyError::new(path, "no claim holds scopes, so no tier can be reached"));
    }
    let scopes = spec.claims.scopes.iter().enumerate();
    scopes.map(|(i, it)| claim_path(it, &path.index(i), errors)).collect()
}

fn compile_peers(peers: &[String], path: &Path, errors: &mut Vec<PolicyError>) -> Vec<PeerPattern> {
    for (i, peer) in peers.iter().enumerate() {
        // `*` alone would believe every workload of every mesh that shares a root.
        if !peer.contains("://") || peer.starts_with('*') || peer.trim_end_matches('*').len() < 12 {
            errors.push(PolicyError::new(
                path.index(i),
                format!(
                    "`{peer}` is not a URI SAN; write for example `spiffe://cluster.local/ns/istio-system/sa/*`"
                ),
            ));
        }
    }
    peers.iter().cloned().map(PeerPattern).collect()
}

fn compile_anonymous(
    spec: &AnonymousSpec,
    path: &Path,
    tiers: &Tiers,
    errors: &mut Vec<PolicyError>,
) -> Option<TierId> {
    match spec {
        AnonymousSpec::Deny => None,
        AnonymousSpec::Tier(name) => {
            tiers.resolve(name, &path.key("tier")).map_err(|error| errors.push(error)).ok()
        }
    }
}

fn compile_issuers(
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
