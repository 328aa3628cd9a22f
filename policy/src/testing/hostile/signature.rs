//! Tokens whose signature is forged, borrowed or bent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{Table, bytes_of};
use crate::testing::keys::RSA_PUBLIC_PEM;
use crate::testing::valid::P256_ORDER;
use crate::testing::{SigningKey, attacker_jwks, jwks, segment, sign, with, without};

pub(super) fn add_to(table: &mut Table) {
    confusion(table);
    other_keys(table);
    embedded_keys(table);
    forged(table);
}

/// RFC 8725 §2.1: a public key taken for an HMAC secret, and algorithms the policy does not list.
fn confusion(table: &mut Table) {
    let good = table.good.to_string();
    let set: Value = serde_json::from_str(jwks()).unwrap();
    let jwk = set["keys"][0].clone();
    let n = jwk["n"].as_str().unwrap().to_owned();
    let lines: Vec<&str> = RSA_PUBLIC_PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(lines.concat()).unwrap();
    for (name, secret) in [
        ("HS256 with the public key as PEM", RSA_PUBLIC_PEM.as_bytes().to_vec()),
        ("HS256 with the PEM without its last line end", RSA_PUBLIC_PEM.trim_end().into()),
        ("HS256 with the public key as DER", der),
        ("HS256 with the modulus", bytes_of(&n)),
        ("HS256 with the modulus as text", n.into_bytes()),
        ("HS256 with the JWK", jwk.to_string().into_bytes()),
        ("HS256 with the JWK Set", jwks().as_bytes().to_vec()),
        ("HS256 with an empty secret", Vec::new()),
    ] {
        let key = SigningKey::secret(&secret);
        let header = with(&key.header(), "kid", json!("rs256")).to_string();
        table.add("algorithm", name, sign(&good, header, &key));
    }
    let hs = SigningKey::hs256();
    let hs_header = without(&hs.header(), "kid").to_string();
    table.add("algorithm", "HS256 with the issuer's secret", sign(&good, hs_header, &hs));
    for (name, algorithm) in [
        ("RS384, which is not listed", Algorithm::RS384),
        ("RS512, which is not listed", Algorithm::RS512),
        ("PS256, which is not listed", Algorithm::PS256),
    ] {
        let key = SigningKey::rs256().with_algorithm(algorithm);
        table.add("algorithm", name, sign(&good, key.header().to_string(), &key));
    }
    let es384 = SigningKey::es384();
    let header = es384.header();
    table.add("algorithm", "ES384, which is not listed", sign(&good, header.to_string(), &es384));
    let as_es256 = with(&header, "alg", json!("ES256"));
    table.add("unknown_key", "ES256 by the P-384 key", sign(&good, as_es256.to_string(), &es384));
    let named = with(&as_es256, "kid", json!("es256")).to_string();
    table.add("bad_signature", "a P-384 signature for P-256", sign(&good, named, &es384));
    for (name, key, alg) in [
        ("ES256 with the kid of the RSA key", SigningKey::rs256(), "ES256"),
        ("RS256 with the kid of the P-256 key", SigningKey::es256(), "RS256"),
    ] {
        let header = with(&key.header(), "alg", json!(alg)).to_string();
        table.add("algorithm", name, sign(&good, header, &key));
    }
}

fn other_keys(table: &mut Table) {
    let good = table.good.to_string();
    for (name, key, owner) in [
        ("RS256 by somebody else", SigningKey::attacker_rs256(), "rs256"),
        ("ES256 by somebody else", SigningKey::attacker_es256(), "es256"),
        ("EdDSA by somebody else", SigningKey::attacker_eddsa(), "eddsa"),
    ] {
        let header = with(&key.header(), "kid", json!(owner)).to_string();
        table.add("bad_signature", name, sign(&good, header, &key));
    }
    let key = SigningKey::attacker_rs256();
    let unnamed = without(&key.header(), "kid").to_string();
    table.add("bad_signature", "RS256 by somebody else, no kid", sign(&good, unnamed, &key));
    let own = key.header().to_string();
    table.add("unknown_key", "RS256 by somebody else, own kid", sign(&good, own, &key));
}

/// RFC 8725 §2.10, RFC 7515 §4.1.2 to §4.1.6: keys that the token brings along.
fn embedded_keys(table: &mut Table) {
    let good = table.good.to_string();
    let set: Value = serde_json::from_str(attacker_jwks()).unwrap();
    let key = SigningKey::attacker_rs256();
    for (named, bare, member, value) in [
        ("its own jwk, our kid", "its own jwk, no kid", "jwk", set["keys"][0].clone()),
        ("its own jku, our kid", "its own jku, no kid", "jku", json!("https://evil.test/jwks")),
        ("its own x5u, our kid", "its own x5u, no kid", "x5u", json!("https://evil.test/x5u")),
        ("its own x5c, our kid", "its own x5c, no kid", "x5c", json!([STANDARD.encode("x")])),
    ] {
        let header = with(&with(&key.header(), member, value), "kid", json!("rs256"));
        table.add("bad_signature", named, sign(&good, header.to_string(), &key));
        let header = without(&header, "kid").to_string();
        table.add("bad_signature", bare, sign(&good, header, &key));
    }
}

fn forged(table: &mut Table) {
    let good = table.good.to_string();
    let cut = |key: SigningKey| {
        let token = sign(&good, key.header().to_string(), &key);
        let (input, signature) = token.rsplit_once('.').unwrap();
        (input.to_owned(), bytes_of(signature))
    };
    let (rs, rs_signature) = cut(SigningKey::rs256());
    let (es, es_signature) = cut(SigningKey::es256());
    let (ed, ed_signature) = cut(SigningKey::eddsa());
    let (r, s) = es_signature.split_at(32);
    let zero = [0; 32];
    let mut flipped = rs_signature.clone();
    flipped[100] ^= 1;
    let mut one = vec![0; 255];
    one.push(1);
    let identity = [&[1], [0; 63].as_slice()].concat();
    let rows: Vec<(&'static str, &str, Vec<u8>)> = vec![
        ("RS256, signature stripped", &rs, Vec::new()),
        ("ES256, signature stripped", &es, Vec::new()),
        ("EdDSA, signature stripped", &ed, Vec::new()),
        ("RS256, cut by a byte", &rs, rs_signature[..255].to_vec()),
        ("RS256, a zero in front", &rs, [&[0], rs_signature.as_slice()].concat()),
        ("RS256, a zero behind", &rs, [rs_signature.as_slice(), &[0]].concat()),
        ("RS256, one bit flipped", &rs, flipped),
        ("RS256, all zeros", &rs, vec![0; 256]),
        ("RS256, the number 1", &rs, one),
        ("RS256, larger than the modulus", &rs, vec![0xff; 256]),
        ("RS256, signature of another token", &rs, cut(SigningKey::attacker_rs256()).1),
        ("ES256 in DER", &es, der(r, s)),
        ("ES256, r and s zero", &es, vec![0; 64]),
        ("ES256, r zero", &es, [&zero, s].concat()),
        ("ES256, s zero", &es, [r, &zero].concat()),
        ("ES256, r and s the order", &es, [P256_ORDER, P256_ORDER].concat()),
        ("ES256, s the order", &es, [r, &P256_ORDER].concat()),
        ("ES256, r and s swapped", &es, [s, r].concat()),
        ("ES256, cut by a byte", &es, es_signature[..63].to_vec()),
        ("ES256, a zero behind", &es, [es_signature.as_slice(), &[0]].concat()),
        ("EdDSA, all zeros", &ed, vec![0; 64]),
        ("EdDSA, R the identity", &ed, identity),
        ("EdDSA, s plus the order", &ed, plus_ed25519_order(&ed_signature)),
        ("EdDSA, cut by a byte", &ed, ed_signature[..63].to_vec()),
        ("EdDSA, a zero behind", &ed, [ed_signature.as_slice(), &[0]].concat()),
    ];
    for (name, input, signature) in rows {
        table.add("bad_signature", name, format!("{input}.{}", segment(signature)));
    }
    let (head, _) = ed.split_once('.').unwrap();
    let premium = segment(with(&table.good, "scope", json!("tts.premium")).to_string());
    let swapped = format!("{head}.{premium}.{}", segment(&ed_signature));
    table.add("bad_signature", "claims exchanged", swapped);
}

/// SEC 1 C.5: what other protocols send where JWS wants r and s side by side.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number[0] & 0x80 == 0 { &[] } else { &[0] };
        [&[2, (number.len() + sign.len()) as u8], sign, number].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}

/// The order of Ed25519's base point (RFC 8032 §5.1), little-endian.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same signature with s beyond the order, which RFC 8032 §5.1.7 says to refuse.
fn plus_ed25519_order(signature: &[u8]) -> Vec<u8> {
    let mut bent = signature.to_vec();
    let mut carry = 0;
    for (digit, order) in bent[32..].iter_mut().zip(ED25519_ORDER) {
        let sum = u16::from(*digit) + u16::from(order) + carry;
        *digit = sum as u8;
        carry = sum >> 8;
    }
    bent
}
