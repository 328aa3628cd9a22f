//! `content-disposition` of a part (RFC 7578 §4.2, RFC 2183).

use super::parameters::{self, BadParameter, Parameter};

/// Which field a part is, and whether it is a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: Vec<u8>,
    pub(super) file: FileName,
}

/// Whether a part is a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileName {
    /// It is a text.
    None,
    /// `filename=""`: what browsers send where no file was chosen. Go takes it for a text.
    Empty,
    /// It is a file.
    Some,
}

// === impl Disposition ===

impl Disposition {
    /// Reads `form-data; name="…"; filename="…"`.
    ///
    /// Everything else is refused, because some server reads it in another way: any other parameter,
    /// one in capitals, `name*`, and `filename*` without `filename`: a text for Starlette, a file
    /// for Go.
    pub(super) fn parse(value: &[u8]) -> Result<Self, BadParameter> {
        let (kind, mut parameters) = parameters::parse(value);
        let (mut name, mut file, mut extended) = (None, None, None);
        while let Some(Parameter { name: key, value }) = parameters.next()? {
            let place = match key {
                b"name" => &mut name,
                b"filename" => &mut file,
                b"filename*" => &mut extended,
                _ => return Err(BadParameter),
            };
            if place.replace(value).is_some() {
                return Err(BadParameter);
            }
        }
        let name = name.filter(|it| is_plain_name(it)).ok_or(BadParameter)?;
        let file = match (file, extended) {
            (None, None) => FileName::None,
            (Some([]), None) => FileName::Empty,
            (Some([_, ..]), _) => FileName::Some,
            (None | Some([]), Some(_)) => return Err(BadParameter),
        };
        if !kind.eq_ignore_ascii_case(b"form-data") {
            return Err(BadParameter);
        }
        Ok(Self { name: name.to_vec(), file })
    }
}

/// Whether all servers read a name as it stands: no backslash, which may escape what follows; no
/// space around it, which Django strips; no encoded word (RFC 2047), which Commons FileUpload
/// decodes.
fn is_plain_name(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|it| {
        it.trim() == it
            && !it.contains(char::is_control)
            && !it.contains('\\')
            && !it.contains("=?")
    })
}
