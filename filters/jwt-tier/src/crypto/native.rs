//! RSA and ECDSA by the host's `verify_signature`, which wants keys as SubjectPublicKeyInfo
//! (RFC 5280 §4.1.2.7) and ECDSA signatures as ASN.1 (RFC 3279 §2.2.3).

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use signature::Verifier;
use spki::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use spki::der::{self, Encode};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use voxgate_host::{ForeignError, Hash, verify_signature};

/// RFC 8017 §A.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// The hash that the host must use for this algorithm; `None` for what it cannot do.
pub fn hash(algorithm: Algorithm) -> Option<Hash> {
    match algorithm {
        Algorithm::RS256 | Algorithm::ES256 => Some(Hash::Sha256),
        Algorithm::RS384 | Algorithm::ES384 => Some(Hash::Sha384),
        Algorithm::RS512 => Some(Hash::Sha512),
        _ => None,
    }
}

/// Whether the host has the function at all. A question about an empty key is answered with an
/// error by a host that has it.
pub fn is_available() -> bool {
    !matches!(verify_signature(Hash::Sha256, &[], &[], &[]), Err(ForeignError::Unavailable))
}

struct HostVerifier {
    algorithm: Algorithm,
    hash: Hash,
    key: Vec<u8>,
}

/// A verifier of one of the RS or ES algorithms.
pub fn verifier(
    algorithm: Algorithm,
    hash: Hash,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    let key = match algorithm {
        Algorithm::ES256 => ec_public_key(key, P_256)?,
        Algorithm::ES384 => ec_public_key(key, P_384)?,
        _ => rsa_public_key(key)?,
    };
    Ok(Box::new(HostVerifier { algorithm, hash, key }))
}

impl Verifier<Vec<u8>> for HostVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match self.algorithm.family() {
            AlgorithmFamily::Ec => {
                let signature = ecdsa_signature(self.algorithm, signature)
                    .map_err(|_| signature::Error::new())?;
                verify_signature(self.hash, &self.key, &signature, message)
            }
            _ => verify_signature(self.hash, &self.key, signature, message),
        };
        match verified {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(signature::Error::new()),
        }
    }
}

impl JwtVerifier for HostVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn rsa_public_key(key: &DecodingKey) -> Result<Vec<u8>, Error> {
    let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
        return Err(ErrorKind::InvalidKeyFormat.into());
    };
    let key = [UintRef::new(n), UintRef::new(e)];
    let encode = || -> der::Result<Vec<u8>> {
        let [n, e] = key;
        public_key(RSA_ENCRYPTION, AnyRef::NULL, &[n?, e?].to_der()?)
    };
    encode().map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()).into())
}

fn ec_public_key(key: &DecodingKey, curve: ObjectIdentifier) -> Result<Vec<u8>, Error> {
    let point = key.try_get_as_bytes()?;
    public_key(EC_PUBLIC_KEY, AnyRef::from(&curve), point)
        .map_err(|_| ErrorKind::InvalidEcdsaKey.into())
}

fn public_key(oid: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> der::Result<Vec<u8>> {
    SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid, parameters: Some(parameters) },
        subject_public_key: BitStringRef::from_bytes(key)?,
    }
    .to_der()
}

/// From r‖s to ASN.1. Both halves must have the curve's length (RFC 7518 §3.4): ASN.1 drops leading
/// zeros, so a shorter or longer pair would be a second spelling of the same signature.
fn ecdsa_signature(algorithm: Algorithm, signature: &[u8]) -> der::Result<Vec<u8>> {
    let coordinate = if algorithm == Algorithm::ES384 { 48 } else { 32 };
    match signature.split_at_checked(coordinate) {
        Some((r, s)) if s.len() == coordinate => [UintRef::new(r)?, UintRef::new(s)?].to_der(),
        _ => Err(der::ErrorKind::Failed.into()),
    }
}
