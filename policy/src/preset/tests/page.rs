//! `docs/presets.md` lists what the presets hold.

use wasm_bindgen_test::wasm_bindgen_test;

use super::super::*;

#[wasm_bindgen_test(unsupported = test)]
fn the_documentation_lists_every_rule() {
    let mut table = String::new();
    for preset in ALL {
        table += &format!("## {}\n\nSource: {}\n\n", preset.name, preset.source);
        if !preset.voices.is_empty() {
            table += &format!("Voices that are anyone's: {}\n\n", codes(preset.voices));
        }
        table += "| rule | request | operations | body | query and path |\n|---|---|---|---|---|\n";
        for rule in preset.rules {
            table += &format!(
                "| {} | {} `{}` | {} | {} | {} |\n",
                rule.name,
                rule.method,
                rule.path,
                rule.operations.join(" + "),
                body(rule),
                head(rule)
            );
        }
        table += "\n";
    }
    let page = include_str!("../../../../docs/presets.md");
    let (_, documented) = page.split_once("<!-- from the code -->\n\n").expect("the marker");
    assert!(
        documented.trim_end() == table.trim_end(),
        "docs/presets.md is stale; paste this after its marker:\n\n{table}"
    );
}

/// `json: text /input; model /model`
fn body(rule: &PresetRule) -> String {
    let formats: Vec<String> = rule.formats.iter().map(format_name).collect();
    match formats.is_empty() {
        true => String::new(),
        false => format!("{}: {}", formats.join(", "), by_field(rule.body)),
    }
}

fn head(rule: &PresetRule) -> String {
    let query = by_field(rule.query);
    let voice = rule.voice_in_path.map(|it| format!("voice `{{{it}}}`"));
    voice.into_iter().chain((!query.is_empty()).then_some(query)).collect::<Vec<_>>().join("; ")
}

fn by_field(places: Places) -> String {
    let pointers = |field| -> Vec<&str> {
        places.iter().filter(|(it, _)| *it == field).map(|(_, pointer)| *pointer).collect()
    };
    Field::ALL
        .into_iter()
        .map(|field| (field, pointers(field)))
        .filter(|(_, pointers)| !pointers.is_empty())
        .map(|(field, pointers)| format!("{field} {}", codes(&pointers)))
        .collect::<Vec<_>>()
        .join("; ")
}

fn codes(words: &[&str]) -> String {
    words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

/// As a policy names it.
fn format_name(format: &BodyFormat) -> String {
    serde_json::to_value(format).unwrap().as_str().unwrap().to_owned()
}
