//! Where in a JSON document an error is: from the position that `serde_json` gives to a path.
//!
//! `serde_path_to_error` would tell too, at the price of a second copy of every visitor: 80 KB in
//! a Wasm module.

use crate::error::{Path, Step};

/// The path of what stands just before `line` and `column`, both counted from 1 as
/// [`serde_json::Error`] does. An unknown key is its own place; so is a value of a wrong type; a
/// missing field is the place of the object that lacks it.
pub fn path_at(json: &[u8], line: usize, column: usize) -> Path {
    let mut containers: Vec<Step> = Vec::new();
    let mut bytes = json.get(..offset(json, line, column)).unwrap_or(json).iter();
    let mut last_string = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => last_string = string(&mut bytes),
            b'{' => containers.push(Step::Key(String::new())),
            b'[' => containers.push(Step::Index(0)),
            b'}' | b']' => drop(containers.pop()),
            b',' => match containers.last_mut() {
                Some(Step::Index(index)) => *index = index.saturating_add(1),
                Some(Step::Key(key)) => key.clear(),
                None => {}
            },
            _ => {}
        }
        // The first string after `{` or `,` is a key; those of values find one there already.
        if let (b'"', Some(Step::Key(key))) = (byte, containers.last_mut())
            && key.is_empty()
        {
            *key = String::from_utf8_lossy(&last_string).into_owned();
        }
    }
    let is_place = |step: &Step| *step != Step::Key(String::new());
    Path(containers.into_iter().filter(is_place).collect())
}

/// What stands before the closing quote, escapes as they are.
fn string(bytes: &mut std::slice::Iter<'_, u8>) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => {
                text.push(b'\\');
                text.extend(bytes.next());
            }
            _ => text.push(*byte),
        }
    }
    text
}

fn offset(json: &[u8], line: usize, column: usize) -> usize {
    let lines_before = json.split_inclusive(|it| *it == b'\n').take(line.saturating_sub(1));
    lines_before.map(<[u8]>::len).sum::<usize>().saturating_add(column)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::spec::PolicySpec;

    /// The place and the message for a policy with one mistake.
    fn refused(json: &str) -> String {
        PolicySpec::from_json(json.as_bytes()).unwrap_err().to_string()
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn an_unknown_key_is_its_own_place() {
        let error = refused(
            "{\"version\": 1,\n \"tiers\": [{\"name\": \"a\", \"allow\": []},\n  {\"name\": \"b\", \"alow\": []}]}",
        );
        assert!(error.starts_with("tiers[1].alow: unknown field `alow`, expected"), "{error}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_value_of_a_wrong_type_is_the_place() {
        let error = refused(r#"{"version": 1, "identity": {"require_expiry": "yes"}}"#);
        assert!(error.starts_with("identity.require_expiry: invalid type: string"), "{error}");
        let error = refused(r#"{"version": 1, "shadow": ["tiers", "tires"]}"#);
        assert!(error.starts_with("shadow[1]: unknown variant `tires`, expected"), "{error}");
        let error = refused(r#"{"version": 1, "tiers": {"name": "a"}}"#);
        assert!(error.starts_with("tiers: invalid type: map"), "{error}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_value_that_is_refused_by_its_own_rule_is_the_place() {
        let error = refused(r#"{"version": 1, "identity": {"clock_skew": "soon"}}"#);
        assert!(error.starts_with("identity.clock_skew: `soon` is not a duration"), "{error}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_missing_field_is_at_the_object_that_lacks_it() {
        let error = refused(r#"{"version": 1, "tiers": [{"name": "a"}]}"#);
        assert!(error.starts_with("tiers[0]: missing field `allow`"), "{error}");
        assert!(refused("{}").starts_with("(document): missing field `version`"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn brackets_and_quotes_in_strings_do_not_count() {
        let error = refused(r#"{"version": 1, "identity": {"realm": "a\"}{]", "reelm": 1}}"#);
        assert!(error.starts_with("identity.reelm: unknown field"), "{error}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_is_not_json_says_where() {
        let error = refused("{\"version\": 1,\n \"tiers\": [}");
        assert!(error.contains("line 2"), "{error}");
        assert!(refused("").contains("EOF"), "{}", refused(""));
        assert!(refused("{} {}").contains("(document)"));
    }
}
