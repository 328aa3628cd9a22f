//! One spelling for each path, so that no rule can be dodged by another spelling.
//!
//! Servers differ in how they read odd paths. What all sane ones read alike is brought to a normal
//! form (RFC 3986 §6.2.2, with the whole path decoded); what they read differently is refused.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The longest path that is read, in bytes and without its query; longer ones are refused.
pub const MAX_PATH_BYTES: usize = 8192;

/// A path in its normal form: decoded, no empty, `.` or `..` segments, no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalPath(
    /// Each segment with a slash before it, so the root is empty.
    String,
);

/// Why a path cannot be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PathError {
    /// There is none, or it is no path of this server.
    #[error("the path does not start with `/`")]
    NotAbsolute,
    /// See [`MAX_PATH_BYTES`].
    #[error("the path is longer than {MAX_PATH_BYTES} bytes")]
    TooLong,
    /// `%zz`, and `%252F`: some servers decode once, some twice.
    #[error("the path has a `%` escape that is invalid or encoded twice")]
    Escape,
    /// After decoding, so that overlong forms of `/` and `.` are refused, too.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// `%00` ends the path for some servers, a line break may split a header.
    #[error("the path has a control character")]
    Control,
    /// A slash for some servers.
    #[error("the path has a backslash")]
    Backslash,
    /// RFC 3986 §3.3: servlet containers cut `;x=1` off (and read `..;` as `..`), others do not.
    #[error("the path has a `;`, which some servers cut off and others do not")]
    Parameters,
    /// `%3F` or `%23`: a server that parses a decoded path again sees a query or fragment there.
    #[error("the path has an encoded `?` or `#`")]
    EncodedDelimiter,
    /// More `..` than segments before it.
    #[error("the path leads above the root")]
    AboveRoot,
}

/// The normal form of `:path`, whose query and fragment are cut off.
///
/// Everything is decoded once (`%2F` is a slash, hex digits of any case), slashes are merged, `.`
/// and `..` are resolved after that, and a slash at the end is dropped. Case matters.
///
/// # Errors
/// [`PathError`] if servers may read the path differently. Nothing of it may then be matched.
pub fn normalise(path: &[u8]) -> Result<NormalPath, PathError> {
    let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    if path.len() > MAX_PATH_BYTES {
        return Err(PathError::TooLong);
    }
    if !path.starts_with(b"/") {
        return Err(PathError::NotAbsolute);
    }
    let decoded: Cow<'_, [u8]> = percent_decode(path).into();
    let decoded = std::str::from_utf8(&decoded).map_err(|_| PathError::NotUtf8)?;
    decoded.chars().try_for_each(check)?;

    let mut normal = String::with_capacity(decoded.len());
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                let parent = normal.rfind('/').ok_or(PathError::AboveRoot)?;
                normal.truncate(parent);
            }
            _ => {
                normal.push('/');
                normal.push_str(segment);
            }
        }
    }
    Ok(NormalPath(normal))
}

fn check(decoded: char) -> Result<(), PathError> {
    match decoded {
        // Decoding leaves invalid escapes as they are, so whatever `%` is left is wrong.
        '%' => Err(PathError::Escape),
        '\\' => Err(PathError::Backslash),
        ';' => Err(PathError::Parameters),
        '?' | '#' => Err(PathError::EncodedDelimiter),
        it if it.is_control() => Err(PathError::Control),
        _ => Ok(()),
    }
}

// === impl NormalPath ===

impl NormalPath {
    /// The path as text; its normal form is itself.
    pub fn as_str(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// The segments; none for the root.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }
}
