//! The JOSE header of a token (RFC 7515 §4).

use std::str::FromStr;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::error::{Part, TokenError};
use crate::claims::strict;

/// Members that change what the rest of the token means. None is understood here, so none may be
/// there, listed in `crit` or not.
const EXTENSIONS: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// What is believed of a header: which algorithm to check for, and which key to look up. Members
/// that bring a key along (`jwk`, `jku`, `x5c`, `x5u`) are not even read (RFC 8725 §3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenError> {
        let members =
            strict::parse_object(json).map_err(|error| TokenError::NotJson(Part::Header, error))?;
        if let Some(name) = EXTENSIONS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(TokenError::HeaderExtension(name));
        }
        if string(&members, "typ")?.is_some_and(|typ| !is_jwt(typ)) {
            return Err(TokenError::WrongType);
        }
        let algorithm = string(&members, "alg")?
            .and_then(|name| Algorithm::from_str(name).ok())
            .ok_or(TokenError::UnsupportedAlgorithm)?;
        Ok(Self { algorithm, kid: string(&members, "kid")?.map(str::to_owned) })
    }
}

fn string<'m>(
    members: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'m str>, TokenError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(TokenError::HeaderMember(name)),
    }
}

/// `JWT` (RFC 7519 §5.1) or `at+jwt` (RFC 9068 §2.1); media types are case-insensitive, and
/// `application/` may be left out (RFC 7515 §4.1.9).
fn is_jwt(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}
