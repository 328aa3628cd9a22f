//! The bearer token of a request (RFC 6750 §2.1).

use super::Refusal;
use crate::request::RequestHead;

const SCHEME: &[u8] = b"bearer";

/// The token after `Bearer`; `None` if there are no bearer credentials.
///
/// # Errors
/// [`Refusal::RepeatedAuthorization`] for more than one `Authorization`. Proxies join repeated
/// headers with commas, and no token has a comma, so a comma before or after bearer credentials
/// counts as a repetition.
pub fn bearer_token(head: &RequestHead) -> Result<Option<&[u8]>, Refusal> {
    let Some(value) = head.only("authorization").map_err(|_| Refusal::RepeatedAuthorization)?
    else {
        return Ok(None);
    };
    let mut credentials = value.split(|it| *it == b',').map(after_scheme);
    match (credentials.next().flatten(), credentials.next()) {
        (token, None) => Ok(token),
        (Some(_), Some(_)) => Err(Refusal::RepeatedAuthorization),
        // Other schemes may have commas of their own, as Digest has (RFC 7616 §3.4).
        (None, Some(second)) => match second.into_iter().chain(credentials.flatten()).next() {
            Some(_) => Err(Refusal::RepeatedAuthorization),
            None => Ok(None),
        },
    }
}

/// What stands after the scheme `Bearer`, in any case (RFC 9110 §11.1); `None` for other schemes.
fn after_scheme(credentials: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = credentials.trim_ascii_start().split_at_checked(SCHEME.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(SCHEME) && matches!(token, [] | [b' ', ..]);
    is_bearer.then(|| token.trim_ascii())
}
