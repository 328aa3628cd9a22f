//! HMAC (RFC 7518 §3.2) and Ed25519 (RFC 8037), small and fast enough for Wasm.

use ed25519_dalek::VerifyingKey;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey};
use sha2::{Sha256, Sha384, Sha512};
use signature::Verifier;

struct HmacVerifier<M> {
    algorithm: Algorithm,
    keyed: M,
}

/// A verifier of one of the HS algorithms.
pub fn hmac(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match algorithm {
        Algorithm::HS256 => keyed::<Hmac<Sha256>>(algorithm, key),
        Algorithm::HS384 => keyed::<Hmac<Sha384>>(algorithm, key),
        Algorithm::HS512 => keyed::<Hmac<Sha512>>(algorithm, key),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn keyed<M: Mac + KeyInit + Clone + 'static>(
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    let keyed = <M as Mac>::new_from_slice(key.try_get_as_bytes()?)
        .map_err(|_| ErrorKind::InvalidKeyFormat)?;
    Ok(Box::new(HmacVerifier { algorithm, keyed }))
}

impl<M: Mac + Clone> Verifier<Vec<u8>> for HmacVerifier<M> {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> Result<(), signature::Error> {
        // Compares in constant time.
        self.keyed
            .clone()
            .chain_update(message)
            .verify_slice(tag)
            .map_err(|_| signature::Error::new())
    }
}

impl<M: Mac + Clone> JwtVerifier for HmacVerifier<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

struct Ed25519Verifier(VerifyingKey);

/// A verifier of EdDSA on Ed25519.
pub fn ed25519(key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let key =
        VerifyingKey::try_from(key.try_get_as_bytes()?).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Ed25519Verifier(key)))
}

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let signature = ed25519_dalek::Signature::from_slice(signature)?;
        // Strict: small-order keys and points are refused, so one signature fits one message.
        self.0.verify_strict(message, &signature)
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
