//! What a pattern fits, covers and refuses.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fits(text: &str, path: &str) -> bool {
    pattern(text).matches(&normalise(path.as_bytes()).expect("a path"))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_pattern_fits_segment_by_segment() {
    assert!(fits("/tts", "/tts"));
    assert!(fits("/tts/", "/tts"));
    assert!(!fits("/tts", "/ttsx"));
    assert!(!fits("/tts", "/tts/x"));
    assert!(!fits("/tts", "/TTS"));
    assert!(fits("/", "/"));
    assert!(!fits("/", "/x"));
    assert!(fits("/voices/{id}/edit", "/voices/a%20b/edit"));
    assert!(!fits("/voices/{id}/edit", "/voices/edit"));
    assert!(!fits("/voices/{id}", "/voices/"));
    assert!(!fits("/voices/{id}", "/voices/a%2Fb"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rest_may_be_empty() {
    assert!(fits("/v1/**", "/v1"));
    assert!(fits("/v1/**", "/v1/a/b/c"));
    assert!(!fits("/v1/**", "/v11"));
    assert!(fits("/**", "/"));
    assert!(fits("/{any}/**", "/a"));
    assert!(!fits("/{any}/**", "/"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_pattern_covers_what_fits_a_narrower_one() {
    let covers = |a: &str, b: &str| pattern(a).covers(&pattern(b));
    for (general, narrow) in
        [("/**", "/"), ("/**", "/a/**"), ("/{x}", "/a"), ("/a/**", "/a"), ("/{x}/b", "/a/b")]
    {
        assert!(covers(general, narrow), "{general} {narrow}");
        assert!(!covers(narrow, general), "{narrow} {general}");
    }
    assert!(covers("/{x}", "/{y}"));
    assert!(!covers("/{x}", "/{x}/**"));
    assert!(!covers("/a/{x}", "/{x}/b"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_pattern_that_could_never_fit_or_says_nothing_clear_is_refused() {
    use PatternError::*;
    for (text, error) in [
        ("tts", Path(PathError::NotAbsolute)),
        ("/a;b", Path(PathError::Parameters)),
        ("/tts?x", Query),
        ("/a//b", NotNormal("/a/b".to_owned())),
        ("/a/../b", NotNormal("/b".to_owned())),
        ("/a%20b", NotNormal("/a b".to_owned())),
        ("/**/a", RestNotLast),
        ("/a/*", Wildcard("*".to_owned())),
        ("/a*", Wildcard("a*".to_owned())),
        ("/{}", Wildcard("{}".to_owned())),
        ("/{a", Wildcard("{a".to_owned())),
        ("/{a}.wav", Wildcard("{a}.wav".to_owned())),
        ("/{a}{b}", Wildcard("{a}{b}".to_owned())),
    ] {
        assert_eq!(Pattern::parse(text), Err(error), "{text}");
    }
}
