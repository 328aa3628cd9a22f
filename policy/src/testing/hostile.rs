//! The hostile tokens: each wrong in one way, and otherwise good and signed as it should be, so
//! that it is refused for that one reason or not at all.

mod claims;
mod encoding;
mod header;
mod signature;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::SigningKey;
use crate::time::UnixMillis;

/// A token to refuse.
#[derive(Clone, Debug)]
pub struct HostileToken {
    /// What is wrong with it; unique.
    pub name: &'static str,
    /// The token.
    pub token: Vec<u8>,
    /// The refusal's `reason()`.
    pub reason: &'static str,
    /// HTTP cannot carry its bytes in a header field (RFC 9110 §5.5), or not without trimming.
    pub not_in_header: bool,
    /// It is refused at `now`, but acceptable a second later.
    pub only_at_now: bool,
}

/// Tokens that must be refused at `now` by a policy whose only issuer is
/// [`ISSUER`](super::ISSUER) with the audience [`AUDIENCE`](super::AUDIENCE), the algorithms
/// RS256, ES256 and EdDSA and the keys [`jwks`](super::jwks), with 60 s of skew, and the tenant
/// in `sub` or `tenant`.
pub fn hostile_tokens(now: UnixMillis) -> Vec<HostileToken> {
    let mut table = Table { now, good: super::claims(now), rows: Vec::new() };
    encoding::add_to(&mut table);
    header::add_to(&mut table);
    signature::add_to(&mut table);
    claims::add_to(&mut table);
    table.rows
}

struct Table {
    now: UnixMillis,
    /// Claims that would be accepted.
    good: Value,
    rows: Vec<HostileToken>,
}

impl Table {
    fn add(&mut self, reason: &'static str, name: &'static str, token: impl Into<Vec<u8>>) {
        let token = token.into();
        let inside = token.iter().all(|byte| matches!(byte, b' ' | b'\t' | 0x21..=0x7e));
        let not_in_header = !inside || token.trim_ascii().len() != token.len();
        self.rows.push(HostileToken { name, token, reason, not_in_header, only_at_now: false });
    }

    /// A token with these claims, well signed.
    fn add_claims(&mut self, reason: &'static str, name: &'static str, claims: impl AsRef<[u8]>) {
        let key = SigningKey::eddsa();
        self.add(reason, name, super::sign(claims, key.header().to_string(), &key));
    }

    /// A token with this header, well signed with the Ed25519 key.
    fn add_header(&mut self, reason: &'static str, name: &'static str, header: impl AsRef<[u8]>) {
        self.add(reason, name, super::sign(self.good.to_string(), header, &SigningKey::eddsa()));
    }

    /// The rows added last are wrong only for a moment.
    fn only_at_now(&mut self, rows: usize) {
        let first = self.rows.len() - rows;
        self.rows[first..].iter_mut().for_each(|row| row.only_at_now = true);
    }
}

pub(super) fn bytes_of(segment: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(segment).unwrap()
}
