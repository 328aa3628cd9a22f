//! Signatures for `jsonwebtoken`, each where it is cheapest: RSA (PKCS #1 v1.5) and ECDSA by the
//! host's native `verify_signature`, HMAC and Ed25519 in Wasm.
//!
//! The host knows no PSS (Envoy's `verifySignature` leaves BoringSSL's padding at its default);
//! that, and hosts without the function, need the feature `software-crypto`.

mod der;
mod hashed;
mod native;

use std::cell::Cell;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

thread_local! {
    static HOST_VERIFIES: Cell<bool> = const { Cell::new(false) };
}

/// Makes this crate's verifiers the ones that `jsonwebtoken` uses in this VM.
pub fn install() {
    // A second VM context in the same process finds the same provider there already.
    let _already = PROVIDER.install_default();
}

/// Asks the host whether it verifies signatures; to be called before any is.
pub fn probe_host() {
    HOST_VERIFIES.set(native::is_available());
}

/// Whether a signature of this algorithm can be verified here.
pub fn is_supported(algorithm: Algorithm) -> bool {
    cfg!(feature = "software-crypto")
        || match algorithm.family() {
            AlgorithmFamily::Hmac | AlgorithmFamily::Ed => true,
            AlgorithmFamily::Rsa | AlgorithmFamily::Ec => {
                HOST_VERIFIES.get() && native::hash(algorithm).is_some()
            }
        }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    // Only used to derive JWKs from private keys, which a filter never has.
    key_utils: KeyUtils::new_unimplemented(),
};

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match algorithm.family() {
        AlgorithmFamily::Hmac => hashed::hmac(*algorithm, key),
        AlgorithmFamily::Ed => hashed::ed25519(key),
        AlgorithmFamily::Rsa | AlgorithmFamily::Ec => {
            match native::hash(*algorithm).filter(|_| HOST_VERIFIES.get()) {
                Some(hash) => native::verifier(*algorithm, hash, key),
                None => software(algorithm, key),
            }
        }
    }
}

#[cfg(feature = "software-crypto")]
fn software(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    (jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.verifier_factory)(algorithm, key)
}

#[cfg(not(feature = "software-crypto"))]
fn software(_: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}
