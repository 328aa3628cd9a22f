//! Tells what stands where a recording can stand: a file, base64, a `data:` URL, another URL; and
//! where a voice's name can stand, whether it is one of those instead.

use super::MAX_NAME_BYTES;
use super::inline::{InlineAudio, InlineReader};
use super::url::{MAX_URL_BYTES, UrlTarget};

#[cfg(test)]
mod tests;

/// What a value turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing, or nobody can tell yet.
    None,
    /// Audio that the request holds.
    Inline(InlineAudio),
    /// A URL; what it leads to is told when it has ended.
    Url(Option<UrlTarget>),
    /// The name of a voice; `None` if it is too long for one.
    Name(Option<String>),
}

/// Reads such a value.
#[derive(Clone, Debug)]
pub struct SourceReader {
    state: State,
    /// Whether a name can stand here.
    is_voice: bool,
    hash: bool,
    /// Bytes before the first that can begin a URL or base64, which clients may skip.
    leading: u64,
    /// Whether some of them are more than white space.
    is_strange: bool,
}

#[derive(Clone, Debug)]
enum State {
    /// The value so far, for a voice with what leads it.
    Undecided {
        prefix: Vec<u8>,
        name: Vec<u8>,
    },
    Inline(Box<InlineReader>),
    Url(Vec<u8>),
    /// One byte more of it than a name can have is enough.
    Name(Vec<u8>),
}

/// What a value is, by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Base64,
    DataUrl,
    Url,
    Name,
}

/// Longest beginning that is looked at for a scheme, or for a character that is not of base64. The
/// longest scheme that IANA lists has 36.
const MAX_PREFIX: usize = 64;

// === impl SourceReader ===

impl SourceReader {
    /// For a recording, with its SHA-256 if `hash`.
    pub fn recording(hash: bool) -> Self {
        Self::new(false, hash)
    }

    /// For a voice.
    pub fn voice(hash: bool) -> Self {
        Self::new(true, hash)
    }

    /// For a file.
    pub fn file(hash: bool) -> Self {
        let state = State::Inline(Box::new(InlineReader::raw(hash)));
        Self { state, ..Self::new(false, hash) }
    }

    fn new(is_voice: bool, hash: bool) -> Self {
        let state = State::Undecided { prefix: Vec::new(), name: Vec::new() };
        Self { state, is_voice, hash, leading: 0, is_strange: false }
    }

    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.iter();
        while let State::Undecided { prefix, name } = &mut self.state {
            let Some(byte) = bytes.next() else { return };
            if self.is_voice && name.len() <= MAX_NAME_BYTES {
                name.push(*byte);
            }
            // The URL standard drops tabs and line ends anywhere, Python strips any white space.
            if !byte.is_ascii_graphic() && (prefix.is_empty() || byte.is_ascii_whitespace()) {
                self.leading = self.leading.saturating_add(1);
                self.is_strange |= !byte.is_ascii_whitespace();
                continue;
            }
            if prefix.len() <= MAX_PREFIX {
                prefix.push(*byte);
            }
            if let Some(class) = Class::of(prefix, self.is_voice) {
                self.decide(class);
            }
        }
        match &mut self.state {
            State::Inline(reader) => reader.feed(bytes.as_slice()),
            State::Url(url) => {
                let room = MAX_URL_BYTES.saturating_add(1).saturating_sub(url.len());
                url.extend(bytes.take(room));
            }
            State::Name(name) => {
                let room = MAX_NAME_BYTES.saturating_add(1).saturating_sub(name.len());
                name.extend(bytes.take(room));
            }
            State::Undecided { .. } => {}
        }
    }

    fn decide(&mut self, class: Class) {
        let State::Undecided { prefix, name } = &mut self.state else { return };
        let (prefix, name) = (std::mem::take(prefix), std::mem::take(name));
        let reader = match class {
            Class::Name => {
                self.state = State::Name(name);
                return;
            }
            Class::Url => {
                // A client that skips what leads it reads another URL than one that does not.
                let mut url = if self.leading > 0 { vec![b' '] } else { Vec::new() };
                url.extend(prefix);
                self.state = State::Url(url);
                return;
            }
            Class::Base64 => InlineReader::base64(self.hash),
            Class::DataUrl => InlineReader::data_url(self.hash),
        };
        let mut reader = reader.after(self.leading.saturating_sub(self.is_strange.into()));
        if self.is_strange {
            // One of those bytes, for all.
            reader.feed(b"!");
        }
        reader.feed(&prefix);
        self.state = State::Inline(Box::new(reader));
    }

    /// What is known before the value has ended.
    pub fn so_far(&self) -> Source {
        match &self.state {
            State::Name(name) if name.len() > MAX_NAME_BYTES => Source::Name(None),
            // It may turn out to be a URL; it is brought in any case.
            State::Undecided { prefix, .. } if !self.is_voice && !prefix.is_empty() => {
                Source::Inline(InlineAudio::default())
            }
            State::Undecided { .. } | State::Name(_) => Source::None,
            State::Url(_) => Source::Url(None),
            State::Inline(reader) => match reader.so_far() {
                InlineAudio { bytes: 0, .. } if reader.is_empty() => Source::None,
                audio => Source::Inline(audio),
            },
        }
    }

    /// What it is.
    pub fn finish(mut self) -> Source {
        if let State::Undecided { prefix, name } = &self.state {
            let class = match Class::of_voice(prefix) {
                _ if !self.is_voice && prefix.is_empty() && !self.is_strange => {
                    return Source::None;
                }
                _ if !self.is_voice => Class::Base64,
                _ if name.is_empty() => return Source::None,
                Some(class) => class,
                None => Class::Name,
            };
            self.decide(class);
        }
        match self.state {
            State::Inline(reader) if reader.is_empty() => Source::None,
            State::Inline(reader) => Source::Inline(reader.finish()),
            // FFmpeg's protocols stand before URLs: `cache:http://…`.
            State::Name(name) if name.windows(3).any(|it| it == b"://") => {
                Source::Url(Some(UrlTarget::parse(&name)))
            }
            State::Name(name) => Source::Name(told(&name)),
            State::Url(url) => Source::Url(Some(UrlTarget::parse(&url))),
            State::Undecided { .. } => Source::None,
        }
    }
}

fn told(name: &[u8]) -> Option<String> {
    (name.len() <= MAX_NAME_BYTES).then(|| String::from_utf8_lossy(name).into_owned())
}

// === impl Class ===

impl Class {
    fn of(prefix: &[u8], is_voice: bool) -> Option<Self> {
        if is_voice { Self::of_voice(prefix) } else { Self::of_recording(prefix) }
    }

    fn of_recording(prefix: &[u8]) -> Option<Self> {
        if prefix.starts_with(b"\\") {
            return Some(Self::Url);
        }
        // FFmpeg's `subfile,,start,0,end,0,,:http://…`; no base64 has a comma.
        if prefix.last() == Some(&b',') && scheme(prefix).is_none() {
            return Some(Self::Url);
        }
        let is_long = prefix.len() >= MAX_PREFIX;
        // The base64 of an MP3 begins so as well, but a host has a dot or a port.
        if prefix.starts_with(b"//") || prefix == b"/" {
            let is_base64 = prefix.iter().all(|it| super::base64::is_alphabet(*it) || *it == b'=');
            return if !is_base64 {
                Some(Self::Url)
            } else if is_long {
                Some(Self::Base64)
            } else {
                None
            };
        }
        match scheme(prefix) {
            Some(scheme) if scheme.eq_ignore_ascii_case(b"data") => Some(Self::DataUrl),
            Some(_) => Some(Self::Url),
            None if is_long || !prefix.iter().all(|it| is_of_scheme(*it)) => Some(Self::Base64),
            None => None,
        }
    }

    /// Vendors' names have colons (`speech:name:id`), so only a host, or a scheme that needs none,
    /// makes a URL of one.
    fn of_voice(prefix: &[u8]) -> Option<Self> {
        if prefix.starts_with(b"//") || prefix.starts_with(b"\\\\") {
            return Some(Self::Url);
        }
        if prefix == b"/" || prefix == b"\\" {
            return None;
        }
        let Some(scheme) = scheme(prefix) else {
            let is_name = prefix.len() >= MAX_PREFIX || !prefix.iter().all(|it| is_of_scheme(*it));
            return is_name.then_some(Self::Name);
        };
        let after = prefix.get(scheme.len()..).unwrap_or_default();
        if scheme.eq_ignore_ascii_case(b"data") {
            Some(Self::DataUrl)
        } else if after.starts_with(b"://") || is_fetched(scheme) {
            Some(Self::Url)
        } else {
            (after.len() >= 3).then_some(Self::Name)
        }
    }
}

/// What stands before a colon, if nothing but a scheme does.
fn scheme(prefix: &[u8]) -> Option<&[u8]> {
    let end = prefix.iter().position(|it| *it == b':')?;
    prefix.get(..end).filter(|it| it.iter().all(|byte| is_of_scheme(*byte)))
}

/// Schemes that some clients take without `//`.
fn is_fetched(scheme: &[u8]) -> bool {
    let fetched: [&[u8]; 5] = [b"http", b"https", b"file", b"ftp", b"blob"];
    fetched.iter().any(|it| scheme.eq_ignore_ascii_case(it))
}

/// RFC 3986 §3.1.
fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-' | b':')
}
