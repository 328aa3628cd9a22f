//! Tokens that are well signed and say the wrong thing.

use serde_json::{Value, json};

use super::Table;
use crate::testing::{SKEW_SECONDS, with, without};

pub(super) fn add_to(table: &mut Table) {
    issuers(table);
    audiences(table);
    dates(table);
    tenants(table);
}

fn issuers(table: &mut Table) {
    for (name, iss) in [
        ("iss of somebody else", json!("https://evil.test")),
        ("iss that is a prefix", json!("https://issuer.tes")),
        ("iss that ours is a prefix of", json!("https://issuer.test.evil.test")),
        ("iss with a trailing slash", json!("https://issuer.test/")),
        ("iss in upper case", json!("HTTPS://ISSUER.TEST")),
        ("iss over http", json!("http://issuer.test")),
        ("iss with a space", json!("https://issuer.test ")),
        ("iss with a NUL", json!("https://issuer.test\0")),
        ("iss with look-alike letters", json!("https://i\u{455}suer.test")),
        ("iss with a zero-width space", json!("https://issuer.test\u{200b}")),
        ("iss with a port", json!("https://issuer.test:443")),
        ("iss empty", json!("")),
        ("iss an array", json!(["https://issuer.test"])),
        ("iss an object", json!({"https://issuer.test": true})),
        ("iss a number", json!(1)),
        ("iss null", Value::Null),
    ] {
        table.add_claims("unknown_issuer", name, with(&table.good, "iss", iss).to_string());
    }
    let missing = without(&table.good, "iss").to_string();
    table.add_claims("unknown_issuer", "no iss", missing);
    table.add_claims("unknown_issuer", "no claims", "{}");
}

fn audiences(table: &mut Table) {
    for (name, aud) in [
        ("aud of another service", json!("billing")),
        ("aud that is a prefix", json!("spee")),
        ("aud that ours is a prefix of", json!("speech-admin")),
        ("aud in another case", json!("Speech")),
        ("aud with a space", json!("speech billing")),
        ("aud an array without ours", json!(["billing", "speech-admin"])),
        ("aud an array in an array", json!([["speech"]])),
        ("aud an array with a number", json!(["speech", 1])),
        ("aud an empty array", json!([])),
        ("aud an object", json!({"speech": true})),
        ("aud a number", json!(0)),
        ("aud true", json!(true)),
        ("aud null", Value::Null),
        ("aud empty", json!("")),
    ] {
        table.add_claims("wrong_audience", name, with(&table.good, "aud", aud).to_string());
    }
    let missing = without(&table.good, "aud").to_string();
    table.add_claims("wrong_audience", "no aud", missing);
}

fn dates(table: &mut Table) {
    let now = table.now.0 / 1000;
    let at_the_edge = (table.now.0 - SKEW_SECONDS * 1000) as f64 / 1000.0;
    for (name, exp) in [
        ("expired a second beyond the skew", json!(now - SKEW_SECONDS - 1)),
        ("expired at the end of the skew", json!(at_the_edge)),
        ("expired a year ago", json!(now - 31_536_000)),
        ("exp zero", json!(0)),
    ] {
        table.add_claims("expired", name, with(&table.good, "exp", exp).to_string());
    }
    table.add_claims("no_expiry", "no exp", without(&table.good, "exp").to_string());
    for (name, claim, value) in [
        ("exp a string", "exp", json!((now + 300).to_string())),
        ("exp negative", "exp", json!(-1)),
        ("exp beyond all calendars", "exp", json!(1e300)),
        ("exp beyond 64 bits", "exp", json!(18_446_744_073_709_551_615_u64)),
        ("exp in milliseconds", "exp", json!(table.now.0 + 300_000)),
        ("exp null", "exp", Value::Null),
        ("exp true", "exp", json!(true)),
        ("exp an array", "exp", json!([now + 300])),
        ("exp an object", "exp", json!({"$gt": now})),
        ("nbf a string", "nbf", json!("0")),
        ("nbf null", "nbf", Value::Null),
        ("nbf negative", "nbf", json!(-1)),
        ("iat a string", "iat", json!(now.to_string())),
        ("iat an RFC 3339 date", "iat", json!("2024-01-01T00:00:00Z")),
        ("iat negative", "iat", json!(-0.5)),
    ] {
        table.add_claims("not_a_date", name, with(&table.good, claim, value).to_string());
    }
    for (name, after) in [("nbf in an hour", 3600), ("nbf in ten years", 315_360_000)] {
        let claims = with(&table.good, "nbf", json!(now + after)).to_string();
        table.add_claims("not_yet_valid", name, claims);
    }
    let in_an_hour = with(&table.good, "iat", json!(now + 3600)).to_string();
    table.add_claims("issued_in_future", "iat in an hour", in_an_hour);
    let beyond = json!(table.now.0.div_ceil(1000) + SKEW_SECONDS + 1);
    let nbf = with(&table.good, "nbf", beyond.clone()).to_string();
    table.add_claims("not_yet_valid", "nbf a second beyond the skew", nbf);
    let iat = with(&table.good, "iat", beyond).to_string();
    table.add_claims("issued_in_future", "iat a second beyond the skew", iat);
    table.only_at_now(2);
}

fn tenants(table: &mut Table) {
    let missing = without(&without(&table.good, "sub"), "tenant").to_string();
    table.add_claims("no_tenant", "no tenant", missing);
    for (name, tenant) in [
        ("a tenant that is a number", json!(1)),
        ("a tenant that is an array", json!(["acme"])),
        ("a tenant that is an object", json!({"acme": true})),
        ("a tenant that is null", Value::Null),
    ] {
        let claims = with(&with(&table.good, "sub", tenant.clone()), "tenant", tenant);
        table.add_claims("no_tenant", name, claims.to_string());
    }
}
