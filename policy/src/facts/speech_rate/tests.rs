use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn compile(written: &[(&str, f64)]) -> (SpeechRates, Vec<String>) {
    let written = written.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect();
    let mut errors = Vec::new();
    let path = Path::root().key("facts").key("chars_per_second");
    let rates = SpeechRates::compile(&written, &path, &mut errors);
    (rates, errors.iter().map(PolicyError::to_string).collect())
}

#[wasm_bindgen_test(unsupported = test)]
fn an_operator_replaces_the_rate_of_one_script() {
    let (rates, errors) = compile(&[("han", 5.0)]);
    assert_eq!(errors, [""; 0]);
    assert_eq!(rates.micros(Script::Han), 200_000);
    assert_eq!(rates.micros(Script::Kana), SpeechRates::default().micros(Script::Kana));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_whole_range_of_rates_is_kept() {
    assert_eq!(compile(&[("han", 1000.0)]).0.micros(Script::Han), 1000);
    assert_eq!(compile(&[("han", 0.01)]).0.micros(Script::Han), 100_000_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_rate_is_refused_where_it_stands() {
    for rate in [0.0, -1.0, 1000.1, f64::NAN, f64::INFINITY] {
        let (rates, errors) = compile(&[("latin", rate)]);
        assert_eq!(rates, SpeechRates::default());
        let expected =
            "facts.chars_per_second.latin: must be from 0.01 to 1000 characters a second";
        assert_eq!(errors, [expected]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_script_is_told_with_the_nearest() {
    let (_, errors) = compile(&[("cyrilic", 10.0)]);
    assert_eq!(errors.len(), 1);
    let expected =
        "facts.chars_per_second.cyrilic: no script is called `cyrilic`; did you mean `cyrillic`?";
    assert!(errors[0].starts_with(expected), "{}", errors[0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_documentation_lists_every_script_with_its_rate() {
    let page = include_str!("../../../../docs/facts.md");
    let rows: Vec<&str> = page.lines().skip_while(|it| !it.starts_with("| script |")).collect();
    for (i, (script, tenths)) in SCRIPTS.into_iter().zip(DEFAULT_TENTHS).enumerate() {
        let row = format!("| `{}` | {}.{} |", script.as_str(), tenths / 10, tenths % 10);
        let found = rows.get(i + 2).is_some_and(|it| it.starts_with(&row));
        assert!(found, "docs/facts.md lacks, as row {i}: {row}");
    }
    assert!(!rows[SCRIPTS.len() + 2].starts_with('|'), "a row too many");
}
