//! Tokens whose segments, base64 or JSON are not what they should be.

use serde_json::json;

use super::Table;
use crate::testing::{SigningKey, segment, sign, sign_segments, token, with};
use crate::token::MAX_TOKEN_BYTES;

pub(super) fn add_to(table: &mut Table) {
    segments(table);
    base64(table);
    json_form(table);
    duplicates(table);
    not_objects(table);
}

fn segments(table: &mut Table) {
    let good = token(table.now);
    let parts: Vec<&str> = good.split('.').collect();
    let &[header, payload, signature] = parts.as_slice() else { unreachable!() };
    let long = with(&table.good, "pad", json!("x".repeat(MAX_TOKEN_BYTES)));
    table.add_claims("too_long", "well signed, but too long", long.to_string());
    let at_limit = format!("{good:A<width$}", width = MAX_TOKEN_BYTES + 1);
    table.add("too_long", "one byte over 16 KiB", at_limit);
    for (name, token) in [
        ("one segment", header.to_owned()),
        ("two segments", format!("{header}.{payload}")),
        ("four segments", format!("{good}.{signature}")),
        ("a dot behind", format!("{good}.")),
        ("a dot in front", format!(".{good}")),
        ("five segments, a JWE", format!("{header}.{payload}.AAAA.{payload}.{signature}")),
        ("nothing but dots", "..".to_owned()),
        ("no header", format!(".{payload}.{signature}")),
        ("no payload", format!("{header}..{signature}")),
        ("an encoded dot", good.replacen('.', "%2E", 1)),
        (
            "a flattened JWS in JSON",
            json!({"payload": payload, "signature": signature}).to_string(),
        ),
        ("quoted", format!("\"{good}\"")),
        ("two tokens", format!("{good},{good}")),
    ] {
        table.add("malformed", name, token);
    }
}

fn base64(table: &mut Table) {
    let good = token(table.now);
    let key = SigningKey::eddsa();
    let header = segment(key.header().to_string());
    let questions = with(&table.good, "x", json!("?????????")).to_string();
    let standard = segment(questions).replace('-', "+").replace('_', "/");
    // A payload of 3n + 1 bytes leaves four stray bits in its last character.
    let mut claims = table.good.to_string();
    while claims.len() % 3 != 1 {
        claims.push(' ');
    }
    for (name, token) in [
        ("padding behind the signature", format!("{good}==")),
        ("padding in the payload", sign_segments(&header, &(segment(&claims) + "=="), &key)),
        ("padding in the header", sign_segments(&(header.clone() + "="), &segment(&claims), &key)),
        ("the standard alphabet", sign_segments(&header, &standard, &key)),
        ("stray bits in the payload", sign_segments(&header, &stray_bits(&segment(&claims)), &key)),
        ("stray bits in the signature", stray_bits(&good)),
        ("a space in front", format!(" {good}")),
        ("a space in the middle", good.replacen('.', ". ", 1)),
        ("a tab in the middle", good.replacen('.', "\t.", 1)),
        ("a line end behind", format!("{good}\r\n")),
        (
            "a line end in the payload",
            sign_segments(&header, &format!("{}\n", segment(&claims)), &key),
        ),
        ("a NUL in the middle", good.replacen('.', ".\0", 1)),
        ("a NUL behind", format!("{good}\0")),
    ] {
        table.add("malformed", name, token);
    }
    let non_ascii = |byte: u8| [good.as_bytes(), &[byte]].concat();
    table.add("malformed", "a byte that is not ASCII", non_ascii(0xff));
    table.add("malformed", "a full-width letter", format!("{good}\u{ff21}"));
}

/// The last character with one of its unused bits set: another spelling of the same bytes.
fn stray_bits(segment: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = segment.split_at(segment.len() - 1);
    let value = ALPHABET.iter().position(|it| *it == last.as_bytes()[0]).unwrap();
    format!("{rest}{}", char::from(ALPHABET[value | 1]))
}

fn json_form(table: &mut Table) {
    let good = table.good.to_string();
    let open = good.strip_suffix('}').unwrap().to_owned();
    let deep =
        |levels: usize| format!("{open},\"x\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    for (name, claims) in [
        ("a byte order mark", format!("\u{feff}{good}")),
        ("a comment", format!("{open}/* */}}")),
        ("a trailing comma", format!("{open},}}")),
        ("single quotes", good.replace('"', "'")),
        ("cut off", open.clone()),
        ("two documents", format!("{good}{good}")),
        ("garbage behind", format!("{good}x")),
        ("NaN", format!("{open},\"x\":NaN}}")),
        ("a number beyond all doubles", format!("{open},\"x\":1e400}}")),
        ("a number with a leading zero", format!("{open},\"x\":01}}")),
        ("a hexadecimal number", format!("{open},\"x\":0x10}}")),
        ("a lone surrogate", format!("{open},\"x\":\"\\ud800\"}}")),
        ("a raw control character", format!("{open},\"x\":\"\u{1}\"}}")),
        ("a raw NUL", format!("{open},\"x\":\"\0\"}}")),
        ("a NUL behind the JSON", format!("{good}\0")),
        ("an invalid escape", format!("{open},\"x\":\"\\x41\"}}")),
        ("nested 17 deep", deep(16)),
        ("nested 5000 deep", deep(5000)),
        ("5000 brackets never closed", "[".repeat(5000)),
    ] {
        table.add_claims("malformed", name, claims);
    }
    let broken = |bytes: &[u8]| [open.as_bytes(), b",\"x\":\"", bytes, b"\"}"].concat();
    table.add_claims("malformed", "a payload that is not UTF-8", broken(&[0xff]));
    table.add_claims("malformed", "an overlong encoding of NUL", broken(&[0xc0, 0x80]));
    table.add_claims("malformed", "a surrogate in UTF-8", broken(&[0xed, 0xa0, 0x80]));
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    table.add_claims("malformed", "UTF-16", utf16);
    let header = SigningKey::eddsa().header().to_string();
    table.add_header("malformed", "a header with a byte order mark", format!("\u{feff}{header}"));
    table.add_header("malformed", "a header with garbage behind", format!("{header}x"));
    let kid = [header.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat();
    table.add_header("malformed", "a header that is not UTF-8", kid);
}

fn duplicates(table: &mut Table) {
    let good = table.good.to_string();
    let more = |rest: &str| format!("{},{rest}}}", good.trim_end_matches('}'));
    for (name, rest) in [
        ("exp twice", r#""exp":9999999999"#),
        ("exp twice, once escaped", r#""\u0065xp":9999999999"#),
        ("iss twice", r#""iss":"https://evil.test""#),
        ("sub twice, the same", r#""sub":"acme""#),
        ("a nested member twice", r#""x":{"a":[{"b":1,"b":2}]}"#),
    ] {
        table.add_claims("malformed", name, more(rest));
    }
    for (name, header) in [
        ("alg twice, none last", r#"{"alg":"EdDSA","kid":"eddsa","alg":"none"}"#),
        ("alg twice, none first", r#"{"alg":"none","kid":"eddsa","alg":"EdDSA"}"#),
        ("alg twice, the same", r#"{"alg":"EdDSA","kid":"eddsa","alg":"EdDSA"}"#),
        ("kid twice", r#"{"alg":"EdDSA","kid":"eddsa","kid":"eddsa"}"#),
    ] {
        table.add_header("malformed", name, header);
    }
}

fn not_objects(table: &mut Table) {
    let good = table.good.to_string();
    for (name, claims) in [
        ("a payload that is an array", format!("[{good}]")),
        ("a payload that is a string", json!(good).to_string()),
        ("a payload that is a number", "1".to_owned()),
        ("a payload that is null", "null".to_owned()),
        ("a payload that is blank", " ".to_owned()),
        ("a payload that is a token", token(table.now)),
    ] {
        table.add_claims("malformed", name, claims);
    }
    let key = SigningKey::eddsa();
    let header = key.header().to_string();
    for (name, header) in [
        ("a header that is an array", format!("[{header}]")),
        ("a header that is a string", json!(header).to_string()),
        ("a header that is null", "null".to_owned()),
        ("a header that is text", "EdDSA".to_owned()),
    ] {
        table.add("malformed", name, sign(&good, header, &key));
    }
}
