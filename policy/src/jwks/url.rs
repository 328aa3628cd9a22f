//! What an HTTP request needs of the URL of a JWK Set.

/// The authority and the path with its query of an `http` or `https` URL (RFC 9110 §4.2), as
/// `:authority` and `:path` want them. `None` for anything else, user information and fragments
/// included: neither belongs in a request.
pub fn url_parts(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['#', '\\']) {
        return None;
    }
    let (authority, path) = match rest.find(['/', '?']) {
        None => (rest, "/"),
        Some(at) => rest.split_at_checked(at)?,
    };
    let usable = !authority.is_empty() && !authority.contains('@') && path.starts_with('/');
    usable.then_some((authority, path))
}
