//! One JSON Web Key (RFC 7517 §4), turned into something that can verify a signature.
//!
//! What a crypto library might stumble over is refused here, whichever library it will be: huge
//! or even moduli and exponents, coordinates of another curve's size, points of small order.

#[cfg(test)]
mod tests;

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::{Map, Value};

use super::reason::SkipReason;
use super::small_order::is_small_order;

/// RFC 7518 §3.3: at least 2048 bits. The upper bound keeps one verification affordable; the
/// software implementation (`rsa`) verifies up to 4096 bits, hosts' native ones up to this.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The exponents that both the `rsa` crate and BoringSSL take: odd, from 3, under 2^33.
const RSA_EXPONENTS: std::ops::Range<u64> = 3..1 << 33;

/// A key that can verify signatures.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    material: Material,
}

#[derive(Clone, Debug)]
struct Material {
    key: DecodingKey,
    /// The bytes of an RSA modulus, which are those of its signatures; the length of a secret;
    /// those of a coordinate.
    size: usize,
}

impl Key {
    pub(super) fn parse(jwk: &Value, accepted: &[Algorithm]) -> Result<Self, SkipReason> {
        let jwk = Jwk(jwk.as_object().ok_or(SkipReason::NotAnObject)?);
        jwk.check_use()?;
        let family = match jwk.text("kty") {
            Ok("RSA") => AlgorithmFamily::Rsa,
            Ok("EC") => AlgorithmFamily::Ec,
            Ok("OKP") => AlgorithmFamily::Ed,
            Ok("oct") => AlgorithmFamily::Hmac,
            _ => return Err(SkipReason::UnknownType),
        };
        let named = jwk.algorithm()?;
        let candidates: Vec<Algorithm> = accepted
            .iter()
            .copied()
            .filter(|accepted| accepted.family() == family)
            .filter(|accepted| named.is_none_or(|named| named == *accepted))
            .collect();
        if candidates.is_empty() {
            return Err(SkipReason::AlgorithmNotAllowed);
        }
        let material = match family {
            AlgorithmFamily::Rsa => jwk.rsa()?,
            AlgorithmFamily::Ec => jwk.ec()?,
            AlgorithmFamily::Ed => jwk.ed25519()?,
            AlgorithmFamily::Hmac => jwk.secret(&candidates)?,
        };
        let algorithms: Vec<Algorithm> =
            candidates.into_iter().filter(|candidate| material.fits(*candidate)).collect();
        if algorithms.is_empty() {
            return Err(SkipReason::AlgorithmNotAllowed);
        }
        let kid = jwk.optional_text("kid")?.map(str::to_owned);
        Ok(Self { kid, algorithms, material })
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn decoding_key(&self) -> &DecodingKey {
        &self.material.key
    }

    /// Whether `signature` has the one form that this key and `algorithm` give it. What fails here
    /// would fail in any sound library; not all have always been.
    pub(crate) fn may_have_made(&self, signature: &[u8], algorithm: Algorithm) -> bool {
        let size = match algorithm.family() {
            AlgorithmFamily::Rsa => self.material.size,
            AlgorithmFamily::Ec => self.material.size.saturating_mul(2),
            AlgorithmFamily::Ed => 64,
            AlgorithmFamily::Hmac => hash_bytes(algorithm),
        };
        signature.len() == size
            && match algorithm.family() {
                // r and s are from 1 (FIPS 186-5 §6.4.2); zeros once verified under any key.
                AlgorithmFamily::Ec => signature
                    .chunks(self.material.size)
                    .all(|number| number.iter().any(|b| *b != 0)),
                // Strict verification also refuses an R of small order.
                AlgorithmFamily::Ed => !signature.first_chunk().is_none_or(is_small_order),
                AlgorithmFamily::Rsa | AlgorithmFamily::Hmac => true,
            }
    }
}

impl Material {
    fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::ES256 => self.size == 32,
            Algorithm::ES384 => self.size == 48,
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                self.size >= hash_bytes(algorithm)
            }
            _ => true,
        }
    }
}

struct Jwk<'a>(&'a Map<String, Value>);

impl<'a> Jwk<'a> {
    /// RFC 7517 §4.2 and §4.3.
    fn check_use(&self) -> Result<(), SkipReason> {
        if self.optional_text("use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(SkipReason::NotForVerifying("use"));
        }
        match self.0.get("key_ops") {
            None => Ok(()),
            Some(Value::Array(ops)) if ops.iter().any(|op| op == "verify") => Ok(()),
            Some(Value::Array(_)) => Err(SkipReason::NotForVerifying("key_ops")),
            Some(_) => Err(SkipReason::Member("key_ops")),
        }
    }

    /// `alg`, if the key has one. One that is not known here cannot be among the accepted.
    fn algorithm(&self) -> Result<Option<Algorithm>, SkipReason> {
        self.optional_text("alg")?
            .map(|name| Algorithm::from_str(name).map_err(|_| SkipReason::AlgorithmNotAllowed))
            .transpose()
    }

    fn rsa(&self) -> Result<Material, SkipReason> {
        let n = self.integer("n")?;
        let bits = n.first().map_or(0, |top| {
            n.len().saturating_mul(8).saturating_sub(top.leading_zeros() as usize)
        });
        if !RSA_BITS.contains(&bits) {
            return Err(SkipReason::RsaBits { bits });
        }
        if n.last().is_none_or(|low| low % 2 == 0) {
            return Err(SkipReason::RsaModulus);
        }
        let e = self.integer("e")?;
        if !number(&e).is_some_and(|e| RSA_EXPONENTS.contains(&e) && e % 2 == 1) {
            return Err(SkipReason::RsaExponent);
        }
        Ok(Material { key: DecodingKey::from_rsa_raw_components(&n, &e), size: n.len() })
    }

    fn ec(&self) -> Result<Material, SkipReason> {
        let size = match self.text("crv")? {
            "P-256" => 32,
            "P-384" => 48,
            _ => return Err(SkipReason::Curve),
        };
        let (x, y) = (self.sized("x", size)?, self.sized("y", size)?);
        // An uncompressed point (SEC 1 §2.3.3), which is what jsonwebtoken makes of components.
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        Ok(Material { key: DecodingKey::from_ec_der(&point), size })
    }

    fn ed25519(&self) -> Result<Material, SkipReason> {
        if self.text("crv")? != "Ed25519" {
            return Err(SkipReason::Curve);
        }
        let x = self.sized("x", 32)?;
        if x.first_chunk().is_none_or(is_small_order) {
            return Err(SkipReason::SmallOrder);
        }
        Ok(Material { key: DecodingKey::from_ed_der(&x), size: x.len() })
    }

    fn secret(&self, candidates: &[Algorithm]) -> Result<Material, SkipReason> {
        let secret = self.bytes("k")?;
        let needed = candidates.iter().copied().map(hash_bytes).min().unwrap_or_default();
        if secret.len() < needed {
            return Err(SkipReason::ShortSecret { bytes: secret.len(), needed });
        }
        Ok(Material { key: DecodingKey::from_secret(&secret), size: secret.len() })
    }

    fn text(&self, name: &'static str) -> Result<&'a str, SkipReason> {
        self.optional_text(name)?.ok_or(SkipReason::Member(name))
    }

    fn optional_text(&self, name: &'static str) -> Result<Option<&'a str>, SkipReason> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(SkipReason::Member(name)),
        }
    }

    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, SkipReason> {
        URL_SAFE_NO_PAD.decode(self.text(name)?).map_err(|_| SkipReason::Member(name))
    }

    /// A big-endian number. Some issuers put a zero in front, against RFC 7518 §2.
    fn integer(&self, name: &'static str) -> Result<Vec<u8>, SkipReason> {
        let bytes = self.bytes(name)?;
        Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
    }

    fn sized(&self, member: &'static str, expected: usize) -> Result<Vec<u8>, SkipReason> {
        let found = self.bytes(member)?;
        match found.len() {
            bytes if bytes != expected => Err(SkipReason::Length { member, bytes, expected }),
            _ => Ok(found),
        }
    }
}

/// A big-endian number, if it fits.
fn number(bytes: &[u8]) -> Option<u64> {
    let mut wide = [0; 8];
    wide.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(wide))
}

/// The bytes of an HMAC algorithm's hash, the least its secret may have (RFC 7518 §3.2).
fn hash_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS512 => 64,
        Algorithm::HS384 => 48,
        _ => 32,
    }
}
