//! The `identity` section, validated.

use jsonwebtoken::Algorithm;

use super::issuer::{Issuer, IssuerId, compile_issuers};
use super::peer::{PeerPattern, compile_peers};
use crate::claims::ClaimPath;
use crate::error::{Path, PolicyError};
use crate::spec::{AnonymousSpec, IdentitySource, IdentitySpec};
use crate::tier::{TierId, Tiers};
use crate::token::TimeRules;

/// The most skew that can be allowed.
pub const MAX_SKEW: std::time::Duration = std::time::Duration::from_secs(3600);

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
    pub(super) user: Option<ClaimPath>,
    issuers: Vec<Issuer>,
    anonymous: Option<TierId>,
    realm: String,
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
            user: spec
                .claims
                .user
                .as_ref()
                .map(|it| claim_path(it, &path.key("claims").key("user"), errors)),
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
        self.issuers.get(id.index())
    }

    /// All issuers.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerId, &Issuer)> {
        IssuerId::all().zip(&self.issuers)
    }

    /// The tier of callers without credentials; `None`: they are refused.
    pub fn anonymous(&self) -> Option<TierId> {
        self.anonymous
    }

    /// The `realm` of `WWW-Authenticate`.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Whether the filter verifies tokens itself, and so needs the issuers' keys.
    pub fn verifies_tokens(&self) -> bool {
        self.token
    }

    /// Whether a claim tells users apart.
    pub fn has_users(&self) -> bool {
        self.user.is_some()
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
