//! New private keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::{OsRng, RngCore as _};
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::json;

use super::Alg;

/// The size of new RSA keys: what RFC 7518 §3.3 asks for, and quick to make.
const RSA_BITS: usize = 2048;

/// A private key as it stands in its file.
pub struct PrivateKey {
    /// PKCS#8 PEM (RFC 5958, RFC 7468) for key pairs, a JWK (RFC 7517) for HMAC secrets.
    pub text: String,
    /// `pem` or `jwk`.
    pub extension: &'static str,
}

/// Makes a key for `alg` from the system's randomness.
///
/// # Errors
/// The encoder's reason; none is known to happen.
pub fn generate(alg: Alg) -> Result<PrivateKey, rsa::pkcs8::Error> {
    let pem = match alg {
        Alg::HS256 | Alg::HS384 | Alg::HS512 => return Ok(secret(alg)),
        Alg::ES256 => p256::SecretKey::random(&mut OsRng).to_pkcs8_pem(LineEnding::LF)?,
        Alg::ES384 => p384::SecretKey::random(&mut OsRng).to_pkcs8_pem(LineEnding::LF)?,
        // Without the public key: version 2 of PKCS#8 (RFC 5958) is not read everywhere.
        Alg::EdDSA => ed25519_dalek::pkcs8::KeypairBytes {
            secret_key: ed25519_dalek::SigningKey::generate(&mut OsRng).to_bytes(),
            public_key: None,
        }
        .to_pkcs8_pem(LineEnding::LF)?,
        Alg::RS256 | Alg::RS384 | Alg::RS512 | Alg::PS256 | Alg::PS384 | Alg::PS512 => {
            rsa::RsaPrivateKey::new(&mut OsRng, RSA_BITS)
                .map_err(|_| rsa::pkcs8::Error::KeyMalformed)?
                .to_pkcs8_pem(LineEnding::LF)?
        }
    };
    Ok(PrivateKey { text: pem.to_string(), extension: "pem" })
}

fn secret(alg: Alg) -> PrivateKey {
    let mut bytes = vec![0; alg.secret_bytes().unwrap_or_default()];
    OsRng.fill_bytes(&mut bytes);
    let jwk = json!({"kty": "oct", "alg": alg.name(), "k": URL_SAFE_NO_PAD.encode(bytes)});
    PrivateKey { text: format!("{jwk:#}\n"), extension: "jwk" }
}
