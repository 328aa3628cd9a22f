//! Tokens whose header asks for what must not be granted.

use serde_json::{Value, json};

use super::Table;
use crate::testing::{SigningKey, segment, with, without};

pub(super) fn add_to(table: &mut Table) {
    unsecured(table);
    algorithms(table);
    extensions(table);
    types(table);
    key_names(table);
}

/// RFC 8725 §2.1: `none`, in every spelling, with an empty signature and with a good one.
fn unsecured(table: &mut Table) {
    let payload = segment(table.good.to_string());
    for (name, alg) in [
        ("alg none", "none"),
        ("alg None", "None"),
        ("alg NONE", "NONE"),
        ("alg nOnE", "nOnE"),
        ("alg none with a space", "none "),
        ("alg empty", ""),
    ] {
        let header = segment(json!({"alg": alg, "typ": "JWT"}).to_string());
        table.add("algorithm", name, format!("{header}.{payload}."));
    }
    let key = SigningKey::eddsa();
    let signed = with(&key.header(), "alg", json!("none")).to_string();
    table.add_header("algorithm", "alg none with a good signature", signed);
    let no_alg = without(&key.header(), "alg").to_string();
    table.add_header("algorithm", "no alg", no_alg);
    table.add_header("algorithm", "an empty header", "{}");
}

fn algorithms(table: &mut Table) {
    let header = SigningKey::eddsa().header();
    for (name, alg) in [
        ("alg in lower case", "eddsa"),
        ("alg with a trailing space", "EdDSA "),
        ("alg with a NUL", "EdDSA\0"),
        ("alg with a look-alike letter", "\u{0415}dDSA"),
        ("alg ES512", "ES512"),
        ("alg RS1", "RS1"),
        ("alg of an encryption", "RSA-OAEP"),
    ] {
        table.add_header("algorithm", name, with(&header, "alg", json!(alg)).to_string());
    }
    for (name, alg) in [
        ("alg null", Value::Null),
        ("alg a number", json!(256)),
        ("alg true", json!(true)),
        ("alg an array", json!(["EdDSA"])),
        ("alg an object", json!({"alg": "EdDSA"})),
    ] {
        table.add_header("malformed", name, with(&header, "alg", alg).to_string());
    }
}

fn extensions(table: &mut Table) {
    let header = SigningKey::eddsa().header();
    for (name, member, value) in [
        ("crit with an unknown extension", "crit", json!(["http://evil.test/ext"])),
        ("crit that is empty", "crit", json!([])),
        ("crit that lists exp", "crit", json!(["exp"])),
        ("crit that is null", "crit", Value::Null),
        ("b64 false without crit", "b64", json!(false)),
        ("zip", "zip", json!("DEF")),
        ("enc", "enc", json!("A256GCM")),
    ] {
        table.add_header("header_extension", name, with(&header, member, value).to_string());
    }
    let unencoded = with(&with(&header, "b64", json!(false)), "crit", json!(["b64"]));
    table.add_header("header_extension", "b64 false with crit", unencoded.to_string());
}

fn types(table: &mut Table) {
    let header = SigningKey::eddsa().header();
    for (name, typ) in [
        ("typ of a security event", "secevent+jwt"),
        ("typ of a logout token", "logout+jwt"),
        ("typ JOSE", "JOSE"),
        ("typ with a space", "JWT "),
        ("typ empty", ""),
        ("typ of another media type", "text/jwt"),
    ] {
        table.add_header("wrong_type", name, with(&header, "typ", json!(typ)).to_string());
    }
    table.add_header("malformed", "typ a number", with(&header, "typ", json!(1)).to_string());
}

fn key_names(table: &mut Table) {
    let header = SigningKey::eddsa().header();
    let long = "k".repeat(4000);
    for (name, kid) in [
        ("kid unknown", "nobody"),
        ("kid empty", ""),
        ("kid in another case", "EdDSA"),
        ("kid with a space", "eddsa "),
        ("kid with a NUL", "eddsa\0"),
        ("kid that is a prefix", "edd"),
        ("kid that is a path", "../../../../dev/null"),
        ("kid that is a query", "eddsa' UNION SELECT 'key' -- "),
        ("kid that is a command", "eddsa|/bin/sleep 5"),
        ("kid that is a URL", "https://evil.test/key"),
        ("kid that breaks a line", "eddsa\r\nx-user-tier: premium"),
        ("kid that is very long", &long),
    ] {
        table.add_header("unknown_key", name, with(&header, "kid", json!(kid)).to_string());
    }
    for (name, kid) in [
        ("kid null", Value::Null),
        ("kid a number", json!(0)),
        ("kid an array", json!(["eddsa"])),
        ("kid an object", json!({"eddsa": true})),
    ] {
        table.add_header("malformed", name, with(&header, "kid", kid).to_string());
    }
    for (name, kid) in [("kid of the RSA key", "rs256"), ("kid of the P-256 key", "es256")] {
        table.add_header("algorithm", name, with(&header, "kid", json!(kid)).to_string());
    }
}
