//! What a token says, believed or not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;

/// A token's content. Nothing is verified.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspected {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

/// Why a token cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Not header, claims and signature with dots between.
    #[error("not a JWT: three parts with dots between are expected")]
    Parts,
    /// A part that is not base64url of JSON.
    #[error("not a JWT: the {0} is not base64url of JSON")]
    Part(&'static str),
}

/// Reads a token.
///
/// # Errors
/// [`InspectError`].
pub fn inspect(token: &str) -> Result<Inspected, InspectError> {
    let parts: Vec<&str> = token.trim().split('.').collect();
    let [header, claims, _signature] = parts.as_slice() else {
        return Err(InspectError::Parts);
    };
    Ok(Inspected { header: json(header, "header")?, claims: json(claims, "claims")? })
}

fn json(part: &str, name: &'static str) -> Result<Value, InspectError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| InspectError::Part(name))?;
    serde_json::from_slice(&bytes).map_err(|_| InspectError::Part(name))
}
