use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn the_tables_are_sorted() {
    assert!(FIRST.is_sorted_by(|a, b| a.0 < b.0));
    assert!(FIRST_OF_FORMS.is_sorted_by(|a, b| a.0 < b.0));
    assert!(FIRST[FIRST.len() - 1].0 < FIRST_OF_FORMS[0].0);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_script_stands_at_its_own_place_in_the_list() {
    for (i, script) in SCRIPTS.into_iter().enumerate() {
        assert_eq!(script as usize, i, "{}", script.as_str());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn characters_have_their_script() {
    for (characters, script) in [
        ("你𠀀々〇豈", Script::Han),
        ("あンーｱ", Script::Kana),
        ("한ᄀㄱ", Script::Hangul),
        ("aZ éßữ\u{301}Ａ.\n", Script::Latin),
        ("жЯё", Script::Cyrillic),
        ("αΩἀ", Script::Greek),
        ("عﻻ", Script::Arabic),
        ("שׁ", Script::Hebrew),
        ("क", Script::Devanagari),
        ("কதස", Script::Indic),
        ("กລ", Script::Thai),
        ("09９٣۳३๓", Script::Digit),
        ("。，“”…？\u{a0}¿", Script::Punctuation),
        ("😀አՀ★\u{10ffff}", Script::Other),
    ] {
        for character in characters.chars() {
            assert_eq!(Script::of(character.into()), script, "{character:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_short_cuts_say_what_the_tables_say() {
    for scalar in 0..0xff00 {
        assert_eq!(Script::of(scalar), find(&FIRST, scalar), "{scalar:x}");
    }
}
