//! Reads the URL of a recording that the service is to fetch.
//!
//! Strictly: whatever is read one way here and another way by the service's client lets a caller
//! reach what it must not (server-side request forgery). So one plain form is accepted, and all
//! else is told apart as it is refused.

use super::address::{self, Host};

#[cfg(test)]
mod tests;

/// The longest URL, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// What a URL leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlTarget {
    /// In lower case, without a port or a dot at the end; IPv6 in brackets. `None` if it cannot be
    /// told.
    pub host: Option<String>,
    /// Whether it is not `https`.
    pub is_insecure: bool,
    /// Whether the host is of a private, local or otherwise special network.
    pub is_private: bool,
    /// Whether it can be read in more than one way.
    pub is_ambiguous: bool,
}

// === impl UrlTarget ===

impl UrlTarget {
    /// Reads `https://host[:port]` and what follows after `/`, `?` or `#` (RFC 3986, with less).
    pub fn parse(url: &[u8]) -> Self {
        let is_https = url.get(..8).is_some_and(|it| it.eq_ignore_ascii_case(b"https://"));
        let rest = match url.windows(2).position(|it| it == b"//") {
            Some(at) => url.get(at.saturating_add(2)..).unwrap_or_default(),
            None => return Self { is_insecure: true, ..Self::default() },
        };
        let end = rest.iter().position(|it| matches!(it, b'/' | b'?' | b'#' | b'\\'));
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let is_plain = url.len() <= MAX_URL_BYTES
            && url.iter().all(|it| it.is_ascii_graphic() && *it != b'\\');
        let target = Self { is_insecure: !is_https, is_ambiguous: !is_plain, ..Self::default() };
        target.with_authority(authority)
    }

    fn with_authority(mut self, authority: &[u8]) -> Self {
        let authority = authority.to_ascii_lowercase();
        let parts = std::str::from_utf8(&authority).ok().and_then(split_port);
        let Some((host, has_plain_port)) = parts else {
            self.is_ambiguous |= !self.is_insecure;
            return self;
        };
        let is_bracketed = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let kind = match is_bracketed {
            Some(inner) => inner.parse().map_or(Host::Odd, address::ipv6),
            None => address::name(host),
        };
        self.is_private = kind == Host::Private;
        // Without `https` it is refused for that, and other schemes need no host.
        self.is_ambiguous |= !self.is_insecure && (kind == Host::Odd || !has_plain_port);
        self.host = (kind != Host::Odd).then(|| host.trim_end_matches('.').to_owned());
        self
    }
}

/// The host, and whether its port, if there is one, is a number from 1 to 65535.
fn split_port(authority: &str) -> Option<(&str, bool)> {
    let after_host = match authority.rfind(']') {
        Some(at) => at.checked_add(1)?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(after_host)?;
    let is_plain = match port.strip_prefix(':') {
        Some(digits) => {
            digits.bytes().all(|it| it.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|it| it > 0)
        }
        None => port.is_empty(),
    };
    Some((host, is_plain))
}
