//! RSA and ECDSA by the host's `verify_signature`, which wants keys as SubjectPublicKeyInfo
//! (RFC 5280 §4.1.2.7) and ECDSA signatures as ASN.1 (RFC 3279 §2.2.3).

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use signature::Verifier;
use voxgate_host::{ForeignError, Hash, verify_signature};

use super::der;

/// The hash that the host must use for this algorithm; `None` for what it cannot do.
pub fn hash(algorithm: Algorithm) -> Option<Hash> {
    match algorithm {
        Algorithm::RS256 | Algorithm::ES256 => Some(Hash::Sha256),
        Algorithm::RS384 | Algorithm::ES384 => Some(Hash::Sha384),
        Algorithm::RS512 => Some(Hash::Sha512),
        _ => None,
    }
}

/// Whether the host has the function and lets this module call it: only then does it find that an
/// empty key is none.
pub fn is_available() -> bool {
    let answer = verify_signature(Hash::Sha256, &[], &[], &[]);
    matches!(answer, Ok(_) | Err(ForeignError::UnusableKey))
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
    let key = match (algorithm, key.kind()) {
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
            der::ec_public_key(der::P_256, point)
        }
        (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => {
            der::ec_public_key(der::P_384, point)
        }
        (_, DecodingKeyKind::RsaModulusExponent { n, e }) => der::rsa_public_key(n, e),
        _ => return Err(ErrorKind::InvalidKeyFormat.into()),
    };
    Ok(Box::new(HostVerifier { algorithm, hash, key }))
}

impl Verifier<Vec<u8>> for HostVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match self.algorithm.family() {
            AlgorithmFamily::Ec => {
                // r‖s (RFC 7518 §3.4); the policy checked that it has the curve's length.
                let (r, s) = signature.split_at(signature.len() / 2);
                let signature = der::ecdsa_signature(r, s);
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
