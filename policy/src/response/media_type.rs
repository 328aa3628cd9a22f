//! A response's `content-type`, read with indulgence.
//!
//! Nothing is refused for it, and whoever made it is believed: a rule for requests, which strangers
//! write, is stricter (`body/multipart/parameters.rs`).

/// A media type with its parameters.
#[derive(Clone, Debug)]
pub(super) struct MediaType<'a> {
    /// `audio/wav`, in lower case; empty if there is none.
    name: String,
    parameters: &'a [u8],
}

// === impl MediaType ===

impl<'a> MediaType<'a> {
    pub(super) fn parse(value: &'a [u8]) -> Self {
        // GStreamer's capabilities, which speech services took for media types, have commas:
        // `audio/x-raw, rate=(int)16000` (gstreamer.freedesktop.org, "Caps").
        let end = value.iter().position(is_separator).unwrap_or(value.len());
        let (name, parameters) = value.split_at_checked(end).unwrap_or_default();
        Self { name: String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase(), parameters }
    }

    /// In lower case, without parameters.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_audio(&self) -> bool {
        self.name.starts_with("audio/") || self.name == "application/ogg"
    }

    /// The first parameter of this name, without quotes and without GStreamer's `(int)`.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        self.parameters.split(is_separator).find_map(|parameter| {
            let equals = parameter.iter().position(|it| *it == b'=')?;
            let (key, value) = parameter.split_at_checked(equals)?;
            if !key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
                return None;
            }
            let value = value.get(1..)?.trim_ascii();
            let typed = value.strip_prefix(b"(");
            let untyped = typed.and_then(|it| it.splitn(2, |it| *it == b')').nth(1));
            let value = untyped.unwrap_or(value).trim_ascii();
            let quoted = value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\""));
            Some(quoted.unwrap_or(value))
        })
    }

    /// The first of these parameters that is a whole number from 1 to `most`.
    pub(super) fn number(&self, names: &[&str], most: u64) -> Option<u64> {
        names
            .iter()
            .filter_map(|it| std::str::from_utf8(self.parameter(it)?).ok()?.parse().ok())
            .find(|it| (1..=most).contains(it))
    }
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b';' | b',')
}
