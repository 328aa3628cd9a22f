//! The bearer token of a request (RFC 6750 §2.1).

use super::Refusal;
use crate::request::RequestHead;

/// The token after `Bearer`; `None` if there are no bearer credentials.
///
/// # Errors
/// [`Refusal::RepeatedAuthorization`] for more than one `Authorization`. Envoy joins repeated
/// headers with commas in places, and no token has a comma, so a comma counts as a repetition.
pub fn bearer_token(head: &RequestHead) -> Result<Option<&[u8]>, Refusal> {
    let Some(value) = head.only("authorization").map_err(|_| Refusal::RepeatedAuthorization)?
    else {
        return Ok(None);
    };
    const SCHEME: &[u8] = b"bearer";
    let Some((scheme, rest)) = value.split_at_checked(SCHEME.len()) else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Ok(None);
    }
    match rest {
        [] => Ok(Some(rest)),
        [b' ', ..] if rest.contains(&b',') => Err(Refusal::RepeatedAuthorization),
        [b' ', ..] => Ok(Some(rest.trim_ascii())),
        _ => Ok(None),
    }
}
