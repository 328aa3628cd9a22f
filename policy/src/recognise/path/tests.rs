//! What is one path, and what is none.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn normal(path: &str) -> Result<String, PathError> {
    normalise(path.as_bytes()).map(|it| it.as_str().to_owned())
}

#[wasm_bindgen_test(unsupported = test)]
fn every_spelling_of_a_path_is_the_same_path() {
    for spelling in [
        "/v1/tts",
        "/v1/tts/",
        "//v1///tts//",
        "/v1/./tts/.",
        "/v1/x/../tts",
        "/v1/tts/x/..",
        "/v1%2Ftts",
        "/v1%2ftts",
        "/%76%31/%74%54%53/../tts",
        "/v1/%2e/tts",
        "/v1/x/%2E%2e/tts",
        "/v1/x%2F%2e%2E%2Ftts",
        "/v1/tts?voice=a",
        "/v1/tts?/../../x;y",
        "/v1/tts#top",
        "/v1/tts#top?x",
        "/v1/tts?%zz%00",
    ] {
        assert_eq!(normal(spelling).as_deref(), Ok("/v1/tts"), "{spelling}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_root_is_a_path() {
    for spelling in ["/", "//", "/.", "/x/..", "/?x", "/%2F"] {
        assert_eq!(normal(spelling).as_deref(), Ok("/"), "{spelling}");
        assert_eq!(normalise(spelling.as_bytes()).map(|it| it.segments().count()), Ok(0));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_looks_like_a_spelling_but_is_another_path_stays_another() {
    assert_eq!(normal("/V1/tts").as_deref(), Ok("/V1/tts"));
    assert_eq!(normal("/v1/.../tts").as_deref(), Ok("/v1/.../tts"));
    assert_eq!(normal("/v1/..a/tts").as_deref(), Ok("/v1/..a/tts"));
    assert_eq!(normal("/v1/t+s/a%20b/%E4%BD%A0").as_deref(), Ok("/v1/t+s/a b/你"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_path_that_servers_read_differently_is_refused() {
    use PathError::*;
    for (path, error) in [
        ("", NotAbsolute),
        ("*", NotAbsolute),
        ("tts", NotAbsolute),
        ("%2Ftts", NotAbsolute),
        ("?x=/tts", NotAbsolute),
        ("http://host/tts", NotAbsolute),
        ("/tts%", Escape),
        ("/tts%2", Escape),
        ("/tts%zz", Escape),
        ("/tts%u002F", Escape),
        ("/v1%252Ftts", Escape),
        ("/v1/%252e%252E/tts", Escape),
        ("/v1/%%32%65/tts", Escape),
        ("/v1/100%25", Escape),
        ("/tts%00", Control),
        ("/tts%0d%0aHost:x", Control),
        ("/tts\t", Control),
        ("/tts%7F", Control),
        ("/tts%C2%85", Control),
        ("/v1\\tts", Backslash),
        ("/v1/..%5Ctts", Backslash),
        ("/..", AboveRoot),
        ("/../tts", AboveRoot),
        ("/v1/../../tts", AboveRoot),
        ("/%2e%2E/tts", AboveRoot),
        ("/./..//tts", AboveRoot),
        ("/tts%3Fx", EncodedDelimiter),
        ("/tts%23x", EncodedDelimiter),
        ("/%c0%ae%c0%ae/tts", NotUtf8),
        ("/v1%c0%aftts", NotUtf8),
        ("/%ff", NotUtf8),
    ] {
        assert_eq!(normal(path), Err(error), "{path}");
    }
    assert_eq!(normalise(b"/tts\xff"), Err(NotUtf8));
}

/// Tomcat and Jetty read all of these as `/tts`, most others do not.
#[wasm_bindgen_test(unsupported = test)]
fn path_parameters_are_refused() {
    for path in ["/tts;x=1", "/tts;", "/;a/tts", "/public/..;/tts", "/tts%3Bx=1"] {
        assert_eq!(normal(path), Err(PathError::Parameters), "{path}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_length_counts_without_the_query() {
    let longest = format!("/{}", "a".repeat(MAX_PATH_BYTES - 1));
    assert_eq!(normal(&longest).as_deref(), Ok(&*longest));
    assert_eq!(normal(&format!("{longest}?{longest}")).as_deref(), Ok(&*longest));
    assert_eq!(normal(&format!("{longest}a")), Err(PathError::TooLong));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    /// A character of a path, and how it is spelled.
    #[derive(Clone, Copy, Debug)]
    enum Spelling {
        Plain,
        Upper,
        Lower,
    }

    fn spelling() -> impl Strategy<Value = Spelling> {
        prop_oneof![Just(Spelling::Plain), Just(Spelling::Upper), Just(Spelling::Lower)]
    }

    fn segment() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9._~!$&'()*+,=:@ é你-]{1,6}"
            .prop_filter("dot segments are not names", |it| it != "." && it != "..")
    }

    /// What may stand between two segments and means the same as a slash.
    fn separator() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("/".to_owned()),
            Just("//".to_owned()),
            Just("/./".to_owned()),
            segment().prop_map(|it| format!("/{it}/../")),
        ]
    }

    fn spell(text: &str, spellings: &[Spelling]) -> String {
        let mut spellings = spellings.iter().cycle();
        text.bytes()
            .map(|byte| match spellings.next().unwrap() {
                Spelling::Plain if byte.is_ascii() => char::from(byte).to_string(),
                Spelling::Lower => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn any_spelling_has_the_same_normal_form(
            parts in prop::collection::vec((separator(), segment()), 1..6),
            end in prop_oneof![Just(""), Just("/"), Just("//"), Just("/.")],
            spellings in prop::collection::vec(spelling(), 1..40),
        ) {
            let plain: String = parts.iter().map(|(_, it)| format!("/{it}")).collect();
            let odd: String = parts.iter().map(|(before, it)| format!("{before}{it}")).collect();
            // The first slash must be one as it stands: what starts with %2F is no path.
            let odd = format!("/{}{end}", spell(&odd[1..], &spellings));
            prop_assert_eq!(normal(&odd), Ok(plain));
        }

        #[test]
        fn the_normal_form_is_its_own_normal_form(path in "/[a-c./%25EeFf;\\\\é?# ]{0,24}") {
            if let Ok(once) = normal(&path) {
                prop_assert_eq!(normal(&once), Ok(once));
            }
        }

        #[test]
        fn a_normal_form_has_nothing_left_to_read_twice(path in "/[a-c./%25EeFf é]{0,24}") {
            if let Ok(normal) = normalise(path.as_bytes()) {
                for segment in normal.segments() {
                    prop_assert!(!matches!(segment, "" | "." | ".."));
                    prop_assert!(!segment.contains(['%', '/', '\\', ';', '?', '#']));
                }
            }
        }

        #[test]
        fn no_bytes_panic(path in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = normalise(&path);
        }
    }
}
