use std::borrow::Cow;

use wasm_bindgen_test::wasm_bindgen_test;

use super::strict::MAX_DEPTH;
use super::{ClaimPath, Claims, ClaimsError, JsonClaims, JsonError, PairsClaims};

fn path(written: &str) -> ClaimPath {
    ClaimPath::new(written)
}

fn json(text: &str) -> JsonClaims {
    JsonClaims::parse(text.as_bytes()).unwrap()
}

/// A map as Envoy serialises it.
fn map(pairs: &[(&str, &[u8])]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let mut out = u32::try_from(pairs.len()).unwrap().to_le_bytes().to_vec();
    for (name, value) in pairs {
        out.extend(length(name.as_bytes()));
        out.extend(length(value));
    }
    for (name, value) in pairs {
        out.extend([name.as_bytes(), &[0], *value, &[0]].concat());
    }
    out
}

fn list(items: &[&str]) -> Vec<u8> {
    map(&items.iter().map(|item| (*item, [].as_slice())).collect::<Vec<_>>())
}

#[wasm_bindgen_test(unsupported = test)]
fn a_dotted_path_leads_into_nested_claims() {
    let claims = json(r#"{"realm_access":{"roles":["a","b"]}}"#);
    assert_eq!(claims.strings(&path("realm_access.roles")).unwrap(), ["a", "b"]);
    assert!(!claims.has(&path("realm_access.groups")));
    assert!(!claims.has(&path("realm_access.roles.a")));
    assert!(!claims.has(&path("")));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_name_with_dots_is_found_as_it_stands_before_the_path() {
    let claims = json(r#"{"a.b":"whole","a":{"b":"path"},"https://x.test/t":"url"}"#);
    assert_eq!(claims.string(&path("a.b")).unwrap(), "whole");
    assert_eq!(claims.string(&path("https://x.test/t")).unwrap(), "url");
}

#[wasm_bindgen_test(unsupported = test)]
fn scopes_are_words_of_a_string_or_an_array() {
    let claims = json(r#"{"a":"x  y ","b":["x","y z"],"c":["x",1],"d":1,"e":"","f":[]}"#);
    assert_eq!(claims.scopes(&path("a")).unwrap(), ["x", "y"]);
    assert_eq!(claims.scopes(&path("b")).unwrap(), ["x", "y", "z"]);
    assert_eq!(claims.scopes(&path("c")), None);
    assert_eq!(claims.scopes(&path("d")), None);
    assert_eq!(claims.scopes(&path("e")), Some(Vec::new()));
    assert_eq!(claims.scopes(&path("f")), Some(Vec::new()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_claim_of_another_type_is_there_but_not_readable() {
    let claims = json(r#"{"s":"1","n":1.5,"z":null}"#);
    assert_eq!(claims.number(&path("n")), Some(1.5));
    assert_eq!(claims.number(&path("s")), None);
    assert_eq!(claims.string(&path("n")), None);
    assert!(claims.has(&path("z")) && claims.string(&path("z")).is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn json_that_can_be_read_in_two_ways_is_refused_with_its_place() {
    let refusal = |text: &str| match JsonClaims::parse(text.as_bytes()) {
        Err(ClaimsError::Json(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(r#"{"a":1,"a":1}"#), JsonError::DuplicateMember { line: 1, column: 13 });
    assert!(matches!(
        refusal("{\"x\":[{\"a\":1,\n\"a\":2}]}"),
        JsonError::DuplicateMember { line: 2, .. }
    ));
    assert_eq!(refusal("{\"a\":\n}"), JsonError::Syntax { line: 2, column: 1 });
    assert_eq!(refusal("[]"), JsonError::NotAnObject);
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(refusal(&deep(MAX_DEPTH)), JsonError::TooDeep);
    json(&deep(MAX_DEPTH - 1));
    assert_eq!(
        JsonClaims::parse(b"{\"a\":\"\xff\"}"),
        Err(ClaimsError::Json(JsonError::NotUtf8 { at: 6 }))
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn claims_are_not_shown_by_a_debug_print() {
    let shown = format!("{:?}", json(r#"{"sub":"secret-name"}"#));
    assert!(!shown.contains("secret") && !shown.contains("sub"), "{shown}");
    let bytes = map(&[("sub", b"secret-name")]);
    let shown = format!("{:?}", PairsClaims::parse(&bytes).unwrap());
    assert!(!shown.contains("secret") && !shown.contains("sub"), "{shown}");
}

#[wasm_bindgen_test(unsupported = test)]
fn envoys_metadata_gives_the_same_claims_as_the_json_it_came_from() {
    let roles = map(&[("roles", &list(&["a", "b c"]))]);
    let bytes = map(&[
        ("sub", b"acme"),
        ("scope", b"tts.basic tts.premium"),
        ("exp", &1_700_000_000.5_f64.to_le_bytes()),
        ("realm_access", &roles),
        ("none", &list(&[])),
        ("admin", &[1]),
    ]);
    let pairs = PairsClaims::parse(&bytes).unwrap();
    let text = json(
        r#"{"sub":"acme","scope":"tts.basic tts.premium","exp":1700000000.5,
            "realm_access":{"roles":["a","b c"]},"none":[],"admin":true}"#,
    );
    for name in ["sub", "scope", "exp", "realm_access.roles", "none", "admin", "absent", "x.y"] {
        let path = path(name);
        assert_eq!(pairs.string(&path), text.string(&path), "{name}");
        assert_eq!(pairs.strings(&path), text.strings(&path), "{name}");
        assert_eq!(pairs.scopes(&path), text.scopes(&path), "{name}");
        assert_eq!(pairs.has(&path), text.has(&path), "{name}");
    }
    assert_eq!(pairs.number(&path("exp")), Some(1_700_000_000.5));
    assert_eq!(pairs.number(&path("sub")), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_in_metadata_is_not_taken_for_a_string() {
    let number = 42.0_f64.to_le_bytes();
    assert!(std::str::from_utf8(&number).is_ok(), "or this test shows nothing");
    let bytes = map(&[("sub", &number), ("flag", &[1]), ("roles", &list(&["a\0"]))]);
    let claims = PairsClaims::parse(&bytes).unwrap();
    assert_eq!(claims.string(&path("sub")), None);
    assert_eq!(claims.string(&path("flag")), None);
    assert_eq!(claims.strings(&path("roles")), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn metadata_must_be_a_map_to_its_last_byte() {
    let good = map(&[("a", b"1"), ("b", b"2")]);
    assert!(PairsClaims::parse(&good).is_ok());
    assert!(PairsClaims::parse(&map(&[])).is_ok());
    for cut in 0..good.len() {
        assert_eq!(PairsClaims::parse(&good[..cut]), Err(ClaimsError::NotPairs), "cut at {cut}");
    }
    let refused = [
        [good.as_slice(), &[0]].concat(),
        map(&[("a", b"1"), ("a", b"2")]),
        [&u32::MAX.to_le_bytes(), good.as_slice()].concat(),
        u32::MAX.to_le_bytes().repeat(3),
    ];
    for bytes in refused {
        assert_eq!(PairsClaims::parse(&bytes), Err(ClaimsError::NotPairs));
    }
    let mut unterminated = good;
    *unterminated.last_mut().unwrap() = b'x';
    assert_eq!(PairsClaims::parse(&unterminated), Err(ClaimsError::NotPairs));
}

#[wasm_bindgen_test(unsupported = test)]
fn owned_scopes_are_split_as_borrowed_ones_are() {
    let words = |words: Cow<'static, str>| super::split_at_spaces(words);
    assert_eq!(words(Cow::Owned(" a b".to_owned())), words(Cow::Borrowed(" a b")));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn ask_everything(claims: &impl Claims) {
        for name in ["", "a", "a.b", "a.b.c", "iss", "."] {
            let path = path(name);
            let _ = (claims.string(&path), claims.number(&path), claims.has(&path));
            let _ = (claims.strings(&path), claims.scopes(&path));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(bytes: Vec<u8>) {
            if let Ok(claims) = PairsClaims::parse(&bytes) {
                ask_everything(&claims);
            }
            if let Ok(claims) = JsonClaims::parse(&bytes) {
                ask_everything(&claims);
            }
        }

        #[test]
        fn a_map_with_any_leaf_can_be_asked_anything(leaf: Vec<u8>, inner: Vec<u8>) {
            let nested = map(&[("b", &inner), ("c", &leaf)]);
            let bytes = map(&[("a", &nested), ("iss", &leaf)]);
            ask_everything(&PairsClaims::parse(&bytes).unwrap());
        }

        #[test]
        fn a_broken_map_never_panics(
            leaf in "[a-z]{0,9}", at: prop::sample::Index, byte: u8
        ) {
            let nested = map(&[("b", leaf.as_bytes())]);
            let mut bytes = map(&[("a", &nested), ("iss", leaf.as_bytes())]);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(claims) = PairsClaims::parse(&bytes) {
                ask_everything(&claims);
            }
        }
    }
}
