//! The three ASN.1 structures that the host's `verify_signature` needs, in DER (ITU-T X.690).
//!
//! By hand, because the `der` crate would be 10 KB of a 400 KB module.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` with NULL parameters (RFC 8017 §A.1).
const RSA: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// `id-ecPublicKey` on secp256r1 (RFC 5480 §2.1.1).
pub const P_256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07,
];
/// `id-ecPublicKey` on secp384r1.
pub const P_384: &[u8] = &[
    0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
    0x00, 0x22,
];

/// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of an RSA key, its numbers big-endian.
pub fn rsa_public_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    public_key(RSA, &value(SEQUENCE, &[&integer(n), &integer(e)]))
}

/// SubjectPublicKeyInfo of a point (SEC 1 §2.3.3) on `curve`: [`P_256`] or [`P_384`].
pub fn ec_public_key(curve: &[u8], point: &[u8]) -> Vec<u8> {
    public_key(curve, point)
}

/// Ecdsa-Sig-Value (RFC 3279 §2.2.3), its numbers big-endian.
pub fn ecdsa_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    value(SEQUENCE, &[&integer(r), &integer(s)])
}

fn public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    value(SEQUENCE, &[algorithm, &value(BIT_STRING, &[&[0], key])])
}

/// A number that is not negative: no zeros in front, but one where the first bit is set.
fn integer(digits: &[u8]) -> Vec<u8> {
    let zeros = digits.iter().take_while(|it| **it == 0).count();
    let digits = digits.get(zeros..).unwrap_or_default();
    match digits.first() {
        Some(first) if *first < 0x80 => value(INTEGER, &[digits]),
        _ => value(INTEGER, &[&[0], digits]),
    }
}

fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut encoded = vec![tag];
    // The longest key is one of RSA with 8192 bits: 16 bits of length hold more.
    match content.len().to_be_bytes() {
        [.., 0, short] if short < 0x80 => encoded.push(short),
        [.., 0, short] => encoded.extend([0x81, short]),
        [.., high, low] => encoded.extend([0x82, high, low]),
    }
    encoded.extend(content);
    encoded
}

#[cfg(test)]
mod tests {
    use spki::der::Encode;
    use spki::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
    use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

    use super::*;

    fn with_spki(oid: &str, parameters: AnyRef<'_>, key: &[u8]) -> Vec<u8> {
        let algorithm = AlgorithmIdentifierRef {
            oid: ObjectIdentifier::new_unwrap(oid),
            parameters: Some(parameters),
        };
        let subject_public_key = BitStringRef::from_bytes(key).unwrap();
        SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().unwrap()
    }

    fn with_der(a: &[u8], b: &[u8]) -> Vec<u8> {
        [UintRef::new(a).unwrap(), UintRef::new(b).unwrap()].to_der().unwrap()
    }

    /// Numbers around each turn of the encoding: signs, zeros, lengths of one, two and three bytes.
    fn numbers() -> Vec<Vec<u8>> {
        let lengths = [1, 2, 31, 32, 48, 60, 126, 127, 128, 129, 255, 256, 257, 512, 1024];
        let firsts = [0x00, 0x01, 0x7f, 0x80, 0xff];
        let of = |length: usize, first| {
            let mut number = vec![0x5a; length];
            number[0] = first;
            number
        };
        lengths.iter().flat_map(|length| firsts.map(|first| of(*length, first))).collect()
    }

    #[test]
    fn it_is_what_the_der_crate_writes() {
        for a in numbers() {
            for b in [&[1, 0, 1][..], &[0xff; 32], &[0; 32], &a] {
                assert_eq!(ecdsa_signature(&a, b), with_der(&a, b), "{a:?} {b:?}");
                assert_eq!(
                    rsa_public_key(&a, b),
                    with_spki("1.2.840.113549.1.1.1", AnyRef::NULL, &with_der(&a, b))
                );
            }
        }
        for (curve, oid, length) in
            [(P_256, "1.2.840.10045.3.1.7", 65), (P_384, "1.3.132.0.34", 97)]
        {
            let curve_oid = ObjectIdentifier::new_unwrap(oid);
            let point = vec![4; length];
            assert_eq!(
                ec_public_key(curve, &point),
                with_spki("1.2.840.10045.2.1", AnyRef::from(&curve_oid), &point)
            );
        }
    }
}
