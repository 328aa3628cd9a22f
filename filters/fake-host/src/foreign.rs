//! Envoy's foreign functions, as far as the filters use them.

use rsa::pkcs8::DecodePublicKey;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// `VerifySignatureResult` for `VerifySignatureArguments`; `None` for a bad argument.
///
/// Envoy calls a key it cannot read a signature that doesn't fit; only no key at all is an error.
pub(crate) fn verify_signature(arguments: &[u8]) -> Option<Vec<u8>> {
    let mut fields: [&[u8]; 5] = [&[]; 5];
    let mut rest = arguments;
    while let Some((&key, after)) = rest.split_first() {
        let (length, after) = varint(after)?;
        let (value, after) = after.split_at_checked(length)?;
        *fields.get_mut(usize::from(key >> 3)).filter(|_| key & 7 == 2)? = value;
        rest = after;
    }
    let [_, hash, key, signature, text] = fields;
    if key.is_empty() {
        return None;
    }
    let (digest, rsa_padding) = match hash {
        b"sha256" => (Sha256::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha256>()),
        b"sha384" => (Sha384::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha384>()),
        b"sha512" => (Sha512::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha512>()),
        _ => return Some(refused()),
    };
    let right = is_rsa(key, rsa_padding, &digest, signature)
        || is_p256(key, &digest, signature)
        || is_p384(key, &digest, signature);
    Some(if right { vec![0x08, 0x01] } else { refused() })
}

/// `{ error: "no" }`
fn refused() -> Vec<u8> {
    vec![0x12, 2, b'n', b'o']
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

fn is_rsa(key: &[u8], padding: Pkcs1v15Sign, digest: &[u8], signature: &[u8]) -> bool {
    RsaPublicKey::from_public_key_der(key)
        .is_ok_and(|key| key.verify(padding, digest, signature).is_ok())
}

fn is_p256(key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
    let key = p256::PublicKey::from_public_key_der(key).map(VerifyingKey::from);
    let signature = Signature::from_der(signature);
    matches!((key, signature), (Ok(key), Ok(it)) if key.verify_prehash(digest, &it).is_ok())
}

fn is_p384(key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    use p384::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
    let key = p384::PublicKey::from_public_key_der(key).map(VerifyingKey::from);
    let signature = Signature::from_der(signature);
    matches!((key, signature), (Ok(key), Ok(it)) if key.verify_prehash(digest, &it).is_ok())
}
