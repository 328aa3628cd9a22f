use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::Field;

/// What leaves the fields of these names go to, in order; `+` for one that replaces.
fn leaves(
    pointers: &[&str],
    duplicates: DuplicateKeys,
    names: &[&str],
) -> Result<Vec<Option<(usize, bool)>>, Malformed> {
    let mut tree = FieldTree::new();
    for pointer in pointers {
        tree.add(pointer, Field::Text).unwrap();
    }
    let mut fields = FlatFields::new(Rc::new(tree), duplicates);
    let mut leaf = |name: &&str| {
        let value = fields.value(name.as_bytes(), Kind::String)?;
        Ok(value.map(|it| (it.leaf.index(), it.replaces)))
    };
    names.iter().map(&mut leaf).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn names_are_compared_whole() {
    let found = leaves(&["/input"], DuplicateKeys::Deny, &["Input", "input ", "", "inpu", "input"]);
    assert_eq!(found, Ok(vec![None, None, None, None, Some((0, false))]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeated_field_is_refused_or_replaces() {
    let names = ["input", "x", "input"];
    let refused = leaves(&["/input"], DuplicateKeys::Deny, &names);
    assert_eq!(refused, Err(Malformed::DuplicateField));
    let replaced = leaves(&["/input"], DuplicateKeys::LastWins, &names);
    assert_eq!(replaced, Ok(vec![Some((0, false)), None, Some((0, true))]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_list_takes_any_number_with_and_without_brackets() {
    let found = leaves(&["/files/*"], DuplicateKeys::Deny, &["files", "files[]", "files", "[]"]);
    assert_eq!(found, Ok(vec![Some((0, false)), Some((0, false)), Some((0, false)), None]));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_of_a_field_and_list_is_the_field() {
    let found = leaves(&["/a", "/a/*"], DuplicateKeys::Deny, &["a[]", "a", "a"]);
    assert_eq!(found, Ok(vec![Some((1, false)), Some((0, false)), Some((1, false))]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_place_deeper_down_is_no_field() {
    let found = leaves(&["/a/b", "/c/*/d"], DuplicateKeys::Deny, &["a", "c", "a/b", "b"]);
    assert_eq!(found, Ok(vec![None; 4]));
}
