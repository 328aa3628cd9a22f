//! What the command line says of a request's surroundings, in place of a proxy.

use std::collections::HashMap;
use std::rc::Rc;
use std::str::FromStr;

use serde_json::Value;
use voxgate_policy::Policy;
use voxgate_policy::identity::{Evidence, Identity, IssuerId, Keys, NewerKeys};
use voxgate_policy::jwks::{JwksError, KeySet};
use voxgate_policy::tenant::{TenantTable, TenantTerms};
use voxgate_policy::tier::TierId;
use voxgate_policy::time::UnixMillis;
use voxgate_policy::token::TokenDigest;

use super::Request;
use super::payload::serialise;
use crate::token::inspect;

/// `ISSUER=FILE`: where the command line has the keys of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenKeys {
    /// The issuer, as in the policy.
    pub issuer: String,
    /// The file with its JWK Set.
    pub file: String,
}

/// What is known beside the requests themselves.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    peer: Option<String>,
    verified_by_proxy: bool,
    keys: HashMap<IssuerId, Rc<KeySet>>,
    tenants: TenantTable,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SurroundingsError {
    /// The policy lacks this issuer.
    #[error("the policy has no issuer `{issuer}`; {accepted}")]
    UnknownIssuer {
        /// As given.
        issuer: String,
        /// What there is.
        accepted: String,
    },
    /// An option that this policy would never look at.
    #[error(
        "{option} is evidence for the source `{source_name}`, which the policy's identity.source \
         does not have"
    )]
    NoSuchSource {
        /// The command line's name for it.
        option: &'static str,
        /// The source, as the policy names it.
        source_name: &'static str,
    },
    /// The key set is no good.
    #[error("the keys of {issuer}: {error}")]
    Jwks {
        /// Whose.
        issuer: String,
        /// Why.
        error: JwksError,
    },
}

impl FromStr for GivenKeys {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (issuer, file) =
            text.split_once('=').ok_or("write ISSUER=FILE, as https://issuer.test=jwks.json")?;
        Ok(Self { issuer: issuer.to_owned(), file: file.to_owned() })
    }
}

// === impl Surroundings ===

impl Surroundings {
    /// The caller's mTLS identity, and whether the token counts as verified by `jwt_authn`.
    pub fn new(peer: Option<String>, verified_by_proxy: bool) -> Self {
        Self { peer, verified_by_proxy, ..Self::default() }
    }

    /// Adds the JWK Set of an issuer, as if it had been fetched just now.
    ///
    /// # Errors
    /// [`SurroundingsError`].
    pub fn add_keys(
        &mut self,
        policy: &Policy,
        issuer: &str,
        jwks: &[u8],
    ) -> Result<(), SurroundingsError> {
        let Some((id, known)) = policy.identity().issuer_called(issuer) else {
            let names = policy.identity().issuers().map(|(_, it)| it.rules.issuer.as_str());
            return Err(SurroundingsError::UnknownIssuer {
                issuer: issuer.to_owned(),
                accepted: voxgate_policy::suggest::accepted(issuer, names),
            });
        };
        let keys = KeySet::parse(jwks, &known.rules.algorithms)
            .map_err(|error| SurroundingsError::Jwks { issuer: issuer.to_owned(), error })?;
        self.keys.insert(id, Rc::new(keys));
        Ok(())
    }

    /// Adds what the policy's source of tenants says.
    pub fn add_tenants(&mut self, tenants: TenantTable) {
        self.tenants = tenants;
    }

    /// A tenant's own terms: the policy's, else those of its source.
    pub(super) fn terms<'a>(&'a self, policy: &'a Policy, tenant: &str) -> Option<&'a TenantTerms> {
        policy.tenants().get(tenant).or_else(|| self.tenants.get(tenant))
    }

    /// What is known of `request`.
    pub(super) fn for_request(&self, request: &Request) -> Given<'_> {
        let verified = self.verified_by_proxy.then(|| claims_of_token(request)).flatten();
        Given { surroundings: self, verified }
    }
}

fn claims_of_token(request: &Request) -> Option<Value> {
    let value = std::str::from_utf8(request.head.first("authorization")?).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = inspect(token).ok().filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
    Some(token.claims).filter(Value::is_object)
}

/// The evidence on one request.
pub(super) struct Given<'a> {
    surroundings: &'a Surroundings,
    /// What `jwt_authn` verified.
    verified: Option<Value>,
}

impl Evidence for Given<'_> {
    fn peer(&mut self) -> Option<String> {
        self.surroundings.peer.clone()
    }

    fn verified_payload(&self, _: &str) -> Option<Vec<u8>> {
        serialise(self.verified.as_ref()?)
    }

    fn verified_claim(&self, _: &str, path: &[&str]) -> Option<Vec<u8>> {
        serialise(path.iter().try_fold(self.verified.as_ref()?, |it, name| it.get(name))?)
    }

    fn recall(&mut self, _: &TokenDigest, _: UnixMillis) -> Option<Identity> {
        None
    }

    fn remember(&mut self, _: TokenDigest, _: &Identity, _: Option<UnixMillis>) {}

    fn sourced_cap(&self, tenant: &str) -> Option<TierId> {
        self.surroundings.tenants.get(tenant).and_then(|it| it.max_tier)
    }

    fn keys(&mut self, issuer: IssuerId, _: UnixMillis) -> Keys {
        match self.surroundings.keys.get(&issuer) {
            Some(keys) => Keys::Ready(Rc::clone(keys)),
            None => Keys::Wait,
        }
    }

    fn newer_keys(&mut self, _: IssuerId, _: UnixMillis) -> NewerKeys {
        NewerKeys::Current
    }
}
