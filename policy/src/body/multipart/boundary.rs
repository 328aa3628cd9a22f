//! The boundary that a content type names (RFC 2046 §5.1.1).

use super::parameters::{self, BadParameter, Parameter};

/// The longest boundary that RFC 2046 allows, in bytes.
pub const MAX_BOUNDARY_BYTES: usize = 70;

/// What every delimiter begins with: `--` and the boundary of `multipart/form-data; boundary=…`.
///
/// The boundary must be there once. Refused as well: `boundary*` and its like (RFC 2231), which few
/// servers read, and any charset but UTF-8, because Starlette decodes all names and texts by it.
pub(super) fn dash_boundary(content_type: &[u8]) -> Result<Vec<u8>, BadParameter> {
    let (media_type, mut parameters) = parameters::parse(content_type);
    if !media_type.eq_ignore_ascii_case(b"multipart/form-data") {
        return Err(BadParameter);
    }
    let mut found = None;
    while let Some(Parameter { name, value }) = parameters.next()? {
        if name.contains(&b'*') {
            return Err(BadParameter);
        } else if name.eq_ignore_ascii_case(b"charset") {
            if !value.eq_ignore_ascii_case(b"utf-8") {
                return Err(BadParameter);
            }
        } else if name.eq_ignore_ascii_case(b"boundary")
            && (!is_boundary(value) || found.replace(value).is_some())
        {
            return Err(BadParameter);
        }
    }
    Ok([b"--", found.ok_or(BadParameter)?].concat())
}

fn is_boundary(value: &[u8]) -> bool {
    let is_bchar = |it: &u8| it.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(it);
    (1..=MAX_BOUNDARY_BYTES).contains(&value.len())
        && value.iter().all(is_bchar)
        && !value.ends_with(b" ")
}
