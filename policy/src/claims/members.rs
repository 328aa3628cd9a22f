//! Claims that Envoy's `jwt_authn` verified, read one at a time: the way to those of a payload
//! that Envoy cannot serialise as a whole, because a `null` stands somewhere in it.

use std::borrow::Cow;

use super::pairs::{TRUE, number, text, texts};
use super::{ClaimPath, Claims};

/// Claims that `member` reads by their names from the outside in, in Envoy's serialisation.
pub struct MemberClaims<F>(pub F);

impl<F: Fn(&[&str]) -> Option<Vec<u8>>> MemberClaims<F> {
    fn find(&self, path: &ClaimPath) -> Option<Vec<u8>> {
        let Self(member) = self;
        member(&[path.as_str()]).or_else(|| {
            let names: Vec<&str> = path.as_str().split('.').collect();
            (names.len() > 1).then(|| member(&names)).flatten()
        })
    }
}

impl<F: Fn(&[&str]) -> Option<Vec<u8>>> Claims for MemberClaims<F> {
    fn string(&self, path: &ClaimPath) -> Option<Cow<'_, str>> {
        text(&self.find(path)?).map(|it| Cow::Owned(it.into_owned()))
    }

    fn strings(&self, path: &ClaimPath) -> Option<Vec<Cow<'_, str>>> {
        let leaf = self.find(path)?;
        Some(texts(&leaf)?.into_iter().map(|it| Cow::Owned(it.into_owned())).collect())
    }

    fn number(&self, path: &ClaimPath) -> Option<f64> {
        number(&self.find(path)?)
    }

    fn is_true(&self, path: &ClaimPath) -> bool {
        self.find(path).as_deref() == Some(&TRUE)
    }

    fn has(&self, path: &ClaimPath) -> bool {
        self.find(path).is_some()
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn claims() -> MemberClaims<impl Fn(&[&str]) -> Option<Vec<u8>>> {
        MemberClaims(|path: &[&str]| match path {
            ["iss"] => Some(b"https://issuer.test".to_vec()),
            ["exp"] => Some(1.5f64.to_le_bytes().to_vec()),
            ["https://a.test/tenant"] => Some(b"acme".to_vec()),
            ["realm_access", "roles"] => {
                Some(b"\x02\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0a\0\0b\0\0".to_vec())
            }
            _ => None,
        })
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn each_claim_is_read_by_its_own_path() {
        let claims = claims();
        let path = ClaimPath::fixed;
        assert_eq!(claims.string(&path("iss")).as_deref(), Some("https://issuer.test"));
        assert_eq!(claims.number(&path("exp")), Some(1.5));
        assert_eq!(claims.string(&path("https://a.test/tenant")).as_deref(), Some("acme"));
        assert_eq!(claims.scopes(&path("realm_access.roles")).unwrap(), ["a", "b"]);
        assert_eq!(claims.strings(&path("iss")).unwrap(), ["https://issuer.test"]);
        assert!(!claims.has(&path("realm_access")));
        assert!(claims.string(&path("exp")).is_none());
    }
}
