//! `type; name=value; name="value"`, as in `content-type` and `content-disposition`.

/// The parameters of a header, read strictly: no space around `=`, no empty parameter, and no `\`
/// before a quote, because some servers take it for the end of the value and some do not. Any other
/// backslash stands for itself: browsers escape nothing with it, and the names of files from Windows
/// have them.
#[derive(Clone, Debug)]
pub(super) struct Parameters<'a> {
    rest: &'a [u8],
}

/// A parameter: its name as written, its value without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

/// What is no list of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadParameter;

/// What stands before the parameters, and these.
pub(super) fn parse(value: &[u8]) -> (&[u8], Parameters<'_>) {
    let value = trim(value);
    let end = value.iter().position(|it| *it == b';').unwrap_or(value.len());
    let (main, rest) = value.split_at_checked(end).unwrap_or_default();
    (trim(main), Parameters { rest })
}

/// Without the white space of RFC 9110 §5.6.3 around it.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// RFC 9110 §5.6.2.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    let is_tchar = |it: &u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(it);
    !bytes.is_empty() && bytes.iter().all(is_tchar)
}

// === impl Parameters ===

impl<'a> Parameters<'a> {
    /// The next parameter.
    pub(super) fn next(&mut self) -> Result<Option<Parameter<'a>>, BadParameter> {
        let Some((separator, rest)) = trim(self.rest).split_first() else { return Ok(None) };
        if *separator != b';' {
            return Err(BadParameter);
        }
        let rest = trim(rest);
        let equals = rest.iter().position(|it| *it == b'=').ok_or(BadParameter)?;
        let (name, value) = rest.split_at_checked(equals).ok_or(BadParameter)?;
        let value = value.strip_prefix(b"=").ok_or(BadParameter)?;
        let (value, rest) = match value.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = quoted.iter().position(|it| *it == b'"').ok_or(BadParameter)?;
                let (value, rest) = quoted.split_at_checked(end).ok_or(BadParameter)?;
                if value.ends_with(b"\\") {
                    return Err(BadParameter);
                }
                (value, rest.strip_prefix(b"\"").ok_or(BadParameter)?)
            }
            None => {
                let end = value.iter().position(|it| matches!(it, b';' | b' ' | b'\t'));
                let (value, rest) =
                    value.split_at_checked(end.unwrap_or(value.len())).ok_or(BadParameter)?;
                if !is_token(value) {
                    return Err(BadParameter);
                }
                (value, rest)
            }
        };
        if !is_token(name) {
            return Err(BadParameter);
        }
        self.rest = rest;
        Ok(Some(Parameter { name, value }))
    }
}
