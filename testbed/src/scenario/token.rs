//! The tokens of a scenario, signed with development keys.

use serde::Deserialize;
use serde_json::{Map, Value};
use voxgate_policy::testing::{self, SigningKey};
use voxgate_policy::time::UnixMillis;

/// A token, described by what is special about it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenSpec {
    /// Its scopes, separated by spaces.
    pub scope: String,
    /// The tenant.
    pub tenant: Option<String>,
    /// Who signs it.
    pub signer: Signer,
    /// Seconds since it expired.
    pub expired_for: Option<u64>,
    /// Further claims.
    pub claims: Map<String, Value>,
}

/// Who signs a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signer {
    /// The issuer, with RS256.
    #[default]
    Rs256,
    /// The issuer, with ES256.
    Es256,
    /// The issuer, with EdDSA.
    Eddsa,
    /// Somebody else, who claims to be the issuer's key `rs256`.
    Forger,
}

// === impl TokenSpec ===

impl TokenSpec {
    /// The token, good for an hour from `now` unless it is expired.
    pub fn sign(&self, now: UnixMillis) -> String {
        let mut claims = testing::claims(now);
        let now = now.0 / 1000;
        claims["scope"] = self.scope.clone().into();
        if let Some(tenant) = &self.tenant {
            claims["tenant"] = tenant.clone().into();
        }
        let expires = self.expired_for.map_or(now + 3600, |seconds| now - seconds);
        claims["exp"] = expires.into();
        for (name, value) in &self.claims {
            claims[name] = value.clone();
        }

        let (key, named) = match self.signer {
            Signer::Rs256 => (SigningKey::rs256(), SigningKey::rs256()),
            Signer::Es256 => (SigningKey::es256(), SigningKey::es256()),
            Signer::Eddsa => (SigningKey::eddsa(), SigningKey::eddsa()),
            Signer::Forger => (SigningKey::attacker_rs256(), SigningKey::rs256()),
        };
        testing::sign(claims.to_string(), named.header().to_string(), &key)
    }
}
