//! `voxctl token`: keys that only their owner reads, tokens that the policy's own code accepts.

use std::path::Path;

use serde_json::Value;
use voxgate_policy::jwks::KeySet;
use voxgate_policy::token::UnverifiedToken;

use super::{Run, finish, run, voxctl};

const ALGORITHMS: [&str; 12] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256",
    "HS384", "HS512",
];

fn keygen(folder: &Path, alg: &str) -> Value {
    let made = run(folder, &["--json", "token", "keygen", "--alg", alg, "--out", "keys"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("FOR DEVELOPMENT ONLY"), "{}", made.err);
    serde_json::from_str(&made.out).unwrap()
}

fn sign(folder: &Path, key: &Value, more: &[&str]) -> Run {
    let args = ["token", "sign", "--key", key["private_key"].as_str().unwrap()];
    run(folder, &[&args, more].concat())
}

fn algorithm(name: &str) -> jsonwebtoken::Algorithm {
    name.parse().unwrap()
}

#[test]
fn a_token_of_every_algorithm_is_verified_by_the_filters_code() {
    let folder = tempfile::tempdir().unwrap();
    for alg in ALGORITHMS {
        let key = keygen(folder.path(), alg);
        let signed = sign(folder.path(), &key, &["--alg", alg, "--sub", "acme"]);
        assert_eq!(signed.code, 0, "{alg}: {}", signed.err);
        assert!(signed.err.contains("FOR DEVELOPMENT ONLY"));
        let jwks = std::fs::read(folder.path().join("keys/jwks.json")).unwrap();
        let keys = KeySet::parse(&jwks, &[algorithm(alg)]).unwrap();
        let token = UnverifiedToken::parse(signed.out.trim().as_bytes()).unwrap();
        assert_eq!(token.verify_signature(&keys), Ok(()), "{alg}");
    }
}

#[test]
fn keygen_adds_to_the_key_set_so_that_rotation_can_be_tried() {
    let folder = tempfile::tempdir().unwrap();
    let first = keygen(folder.path(), "ES256");
    let second = keygen(folder.path(), "ES256");
    let jwks = std::fs::read_to_string(folder.path().join("keys/jwks.json")).unwrap();
    let jwks: Value = serde_json::from_str(&jwks).unwrap();
    let kids: Vec<&Value> = jwks["keys"].as_array().unwrap().iter().map(|it| &it["kid"]).collect();
    assert_eq!(kids, [&first["kid"], &second["kid"]]);
    let printed = run(
        folder.path(),
        &[
            "token",
            "jwks",
            first["private_key"].as_str().unwrap(),
            second["private_key"].as_str().unwrap(),
        ],
    );
    assert_eq!(serde_json::from_str::<Value>(&printed.out).unwrap(), jwks);
}

#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |file: &str| {
        std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode() & 0o777
    };
    let pair = keygen(folder.path(), "EdDSA");
    assert_eq!(mode(pair["private_key"].as_str().unwrap()), 0o600);
    let public = std::fs::read_to_string(folder.path().join("keys/jwks.json")).unwrap();
    assert!(!public.contains("\"d\""));
    let secret = keygen(folder.path(), "HS256");
    assert_eq!(mode(secret["private_key"].as_str().unwrap()), 0o600);
    // A set with an HMAC key is a secret as a whole.
    assert_eq!(mode("keys/jwks.json"), 0o600);
}

#[test]
fn claims_and_header_say_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let key = keygen(folder.path(), "ES256");
    let signed = sign(
        folder.path(),
        &key,
        &[
            "--json",
            "--issuer",
            "https://issuer.test",
            "--audience",
            "speech",
            "--audience",
            "video",
            "--sub",
            "acme",
            "--scope",
            "tts.basic voice.use",
            "--expires",
            "-5m",
            "--claim",
            "plan=\"gold\"",
            "--claim",
            "realm_access={\"roles\":[\"a\"]}",
            "--header",
            "kid=other",
        ],
    );
    assert_eq!(signed.code, 0, "{}", signed.err);
    let signed: Value = serde_json::from_str(&signed.out).unwrap();
    let claims = &signed["claims"];
    assert_eq!(claims["iss"], "https://issuer.test");
    assert_eq!(claims["aud"], serde_json::json!(["speech", "video"]));
    assert_eq!(claims["sub"], "acme");
    assert_eq!(claims["scope"], "tts.basic voice.use");
    assert_eq!(claims["plan"], "gold");
    assert_eq!(claims["realm_access"]["roles"][0], "a");
    assert_eq!(claims["exp"].as_u64().unwrap(), claims["iat"].as_u64().unwrap() - 300);
    assert_eq!(signed["header"], serde_json::json!({"alg": "ES256", "typ": "JWT", "kid": "other"}));

    let mut inspect = voxctl(folder.path(), &["token", "inspect"]);
    inspect.write_stdin(signed["token"].as_str().unwrap());
    let inspected = finish(inspect);
    assert!(inspected.err.contains("not verified"));
    let inspected: Value = serde_json::from_str(&inspected.out).unwrap();
    assert_eq!(inspected["claims"], *claims);
}

#[test]
fn a_token_without_expiry_has_to_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let key = keygen(folder.path(), "ES256");
    let claims = |more: &[&str]| -> Value {
        serde_json::from_str::<Value>(&sign(folder.path(), &key, more).out).unwrap()["claims"]
            .take()
    };
    assert!(claims(&["--json"])["exp"].is_u64());
    assert!(claims(&["--json", "--no-expiry"]).get("exp").is_none());
}

#[test]
fn a_time_that_is_none_is_refused_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let key = keygen(folder.path(), "ES256");
    let signed = sign(folder.path(), &key, &["--expires", "tomorrow"]);
    assert_eq!(signed.code, 2);
    assert!(
        signed.err.contains("`tomorrow` is not a time from now; write it as 1h"),
        "{}",
        signed.err
    );
}

#[test]
fn what_cannot_be_signed_is_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let key = keygen(folder.path(), "ES256");
    let wrong = sign(folder.path(), &key, &["--alg", "RS256"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("this key cannot sign with RS256; it is for ES256"),
        "{}",
        wrong.err
    );
    let unquoted = sign(folder.path(), &key, &["--claim", "plan=gold"]);
    assert_eq!(unquoted.code, 2);
    assert!(unquoted.err.contains("a string needs quotes of its own"), "{}", unquoted.err);
    assert_eq!(sign(folder.path(), &key, &["--header", "alg=none"]).code, 2);
    std::fs::write(folder.path().join("short.jwk"), r#"{"kty":"oct","alg":"HS256","k":"c2hvcnQ"}"#)
        .unwrap();
    let short = run(folder.path(), &["token", "sign", "--key", "short.jwk"]);
    assert!(
        short.err.contains("40 bits of key are too few for HS256; at least 256"),
        "{}",
        short.err
    );
}

#[test]
fn a_file_that_is_no_key_set_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    let jwks = folder.path().join("keys/jwks.json");
    std::fs::write(&jwks, "mine").unwrap();
    let made = run(folder.path(), &["token", "keygen", "--alg", "ES256", "--out", "keys"]);
    assert_eq!(made.code, 2);
    assert_eq!(std::fs::read_to_string(jwks).unwrap(), "mine");
}
