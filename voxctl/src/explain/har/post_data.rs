//! `postData` of an archive (HAR 1.2 §postData), and the body that was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::HarError;
use crate::explain::{Header, RequestBody};

/// A body as the archive keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostData {
    #[serde(default)]
    mime_type: String,
    text: Option<String>,
    /// Not in HAR 1.2, which has it for responses; several proxies write it for requests, too.
    encoding: Option<String>,
    #[serde(default)]
    params: Vec<Param>,
}

/// A field of a form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Param {
    name: String,
    value: Option<String>,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl PostData {
    /// The body; its type is added to `headers` if none is there.
    pub fn body(&self, headers: &mut Vec<Header>, entry: usize) -> Result<RequestBody, HarError> {
        let content_type = headers.iter().find(|it| it.name == "content-type");
        if content_type.is_none() && !self.mime_type.is_empty() {
            headers.push(Header::new("content-type", self.mime_type.as_bytes()));
        }
        let text = self.text.as_deref().unwrap_or_default();
        match self.encoding.as_deref() {
            Some("base64") => {
                let bytes = STANDARD.decode(text);
                bytes.map(RequestBody::Given).map_err(|error| HarError::Base64 { entry, error })
            }
            Some("") | None if !text.is_empty() || self.params.is_empty() => {
                Ok(RequestBody::Given(text.as_bytes().to_vec()))
            }
            Some("") | None => Ok(self.form().map_or(RequestBody::NotGiven, RequestBody::Given)),
            Some(_) => Err(HarError::Encoding { entry }),
        }
    }

    /// The form of which the archive has the fields only; `None` if it lacks a file's content.
    fn form(&self) -> Option<Vec<u8>> {
        if self.params.iter().any(|it| it.file_name.is_some() && it.value.is_none()) {
            return None;
        }
        let is_multipart = self.mime_type.to_ascii_lowercase().starts_with("multipart/form-data");
        match is_multipart {
            true => self.multipart(),
            false => Some(self.urlencoded().into_bytes()),
        }
    }

    fn urlencoded(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pair = |it: &Param| {
            format!("{}={}", encoded(&it.name), encoded(it.value.as_deref().unwrap_or_default()))
        };
        self.params.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// With the boundary that the type has; `None` if it has none.
    fn multipart(&self) -> Option<Vec<u8>> {
        let parameters = self.mime_type.split(';').skip(1).filter_map(|it| it.split_once('='));
        let mut boundaries = parameters
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
            .map(|(_, value)| value.trim().trim_matches('"'));
        let boundary = boundaries.next()?;
        // As browsers write names (WHATWG HTML, "multipart/form-data encoding algorithm").
        let quoted = |it: &str| it.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let mut body = String::new();
        for param in &self.params {
            let name = quoted(&param.name);
            body.push_str(&format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\""
            ));
            if let Some(file) = &param.file_name {
                body.push_str(&format!("; filename=\"{}\"", quoted(file)));
            }
            if let Some(kind) = &param.content_type {
                body.push_str(&format!("\r\ncontent-type: {kind}"));
            }
            let value = param.value.as_deref().unwrap_or_default();
            body.push_str(&format!("\r\n\r\n{value}\r\n"));
        }
        body.push_str(&format!("--{boundary}--\r\n"));
        Some(body.into_bytes())
    }
}
