use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn a_star_stands_for_any_run() {
    for (pattern, name, fits) in [
        ("alloy", "alloy", true),
        ("alloy", "Alloy", false),
        ("alloy", "alloy2", false),
        ("*", "", true),
        ("*", "anything", true),
        ("preset-*", "preset-1", true),
        ("preset-*", "preset", false),
        ("*-hd", "tts-hd", true),
        ("glm-*-hd", "glm-tts-hd", true),
        ("glm-*-hd", "glm-hd", false),
        ("a*b*c", "aXbYc", true),
        ("a*b*c", "abcb", false),
        ("a*a", "a", false),
        ("**", "x", true),
        ("", "", true),
    ] {
        assert_eq!(NamePatterns::new([pattern]).contains(name), fits, "{pattern} {name}");
    }
}
