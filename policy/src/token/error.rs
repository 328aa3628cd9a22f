//! Why a token is refused.

use crate::claims::JsonError;

/// Which part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The JOSE header.
    Header,
    /// The claims.
    Payload,
    /// The signature.
    Signature,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Why a token is refused.
///
/// The text is an `error_description` (RFC 6750 §3): printable ASCII without `"` and `\`. It says
/// nothing that was read from the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`super::MAX_TOKEN_BYTES`].
    #[error("the token is longer than {} bytes", super::MAX_TOKEN_BYTES)]
    TooLong,
    /// Not the compact serialisation (RFC 7515 §3.1); five segments are a JWE.
    #[error("the token is not three segments separated by dots")]
    NotThreeSegments,
    /// Not base64url without padding (RFC 7515 §2), or with stray bits at its end.
    #[error("the token's {0} is not base64url without padding")]
    NotBase64Url(Part),
    /// Not a JSON object, or one that can be read in two ways.
    #[error("the token's {0} is not acceptable: {1}")]
    NotJson(Part, JsonError),
    /// A header member of the wrong type.
    #[error("the token's header has a member {0} that is not a string")]
    HeaderMember(&'static str),
    /// The header asks for processing that is not done here: `crit` (RFC 7515 §4.1.11), `b64`
    /// (RFC 7797), `zip` and `enc` (RFC 7516).
    #[error("the token's header asks for {0}, which is not supported")]
    HeaderExtension(&'static str),
    /// `typ` is not that of a JWT (RFC 8725 §3.11).
    #[error("the token's type is not JWT or at+jwt")]
    WrongType,
    /// No `alg`, or one that is not known here, such as `none`.
    #[error("the token names no supported signature algorithm")]
    UnsupportedAlgorithm,
    /// The issuer does not sign with this algorithm, or not with this key (RFC 8725 §3.1).
    #[error("the token's signature algorithm is not accepted from its issuer")]
    AlgorithmNotAllowed,
    /// No key of the issuer has the token's `kid`, or none fits its algorithm.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// `iss` is missing, or none of the configured issuers.
    #[error("the token's issuer is not accepted")]
    UnknownIssuer,
    /// `aud` is missing, or names none of the configured audiences.
    #[error("the token is not meant for this service")]
    WrongAudience,
    /// No `exp`.
    #[error("the token does not say when it expires")]
    NoExpiry,
    /// A date that is no NumericDate of the years 1970 to 9999 (RFC 7519 §2).
    #[error("the token's {0} is not a date")]
    NotADate(&'static str),
    /// `exp` and the skew are past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is further ahead than the skew.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is further ahead than the skew.
    #[error("the token was issued in the future")]
    IssuedInFuture,
}

impl TokenError {
    /// Refuses a token that is too long to be looked at.
    ///
    /// # Errors
    /// [`TokenError::TooLong`].
    pub fn check_size(token: &[u8]) -> Result<(), Self> {
        if token.len() > super::MAX_TOKEN_BYTES { Err(Self::TooLong) } else { Ok(()) }
    }

    /// The error as a metric label and log field: one of a small, stable set.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotThreeSegments
            | Self::NotBase64Url(_)
            | Self::NotJson(..)
            | Self::HeaderMember(_) => "malformed",
            Self::HeaderExtension(_) => "header_extension",
            Self::WrongType => "wrong_type",
            Self::UnsupportedAlgorithm | Self::AlgorithmNotAllowed => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::UnknownIssuer => "unknown_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::NoExpiry => "no_expiry",
            Self::NotADate(_) => "not_a_date",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
        }
    }
}
