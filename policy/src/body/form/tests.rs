use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::Field;
use crate::testing::{Event, Recorder};

fn tree() -> Rc<FieldTree> {
    let mut tree = FieldTree::new();
    tree.add("/input", Field::Text).unwrap();
    tree.add("/ref", Field::Reference).unwrap();
    tree.add("/a&b=c", Field::Voice).unwrap();
    Rc::new(tree)
}

fn read_split(body: &[u8], size: usize) -> (Recorder, Result<(), BodyError>) {
    let (mut form, mut recorder) = (Form::new(tree(), DuplicateKeys::Deny), Recorder::default());
    let fed = body.chunks(size).try_for_each(|it| form.feed(it, &mut recorder));
    let end = fed.and_then(|()| form.finish(&mut recorder));
    (recorder, end)
}

/// The values by leaf, however the form is split.
fn read(body: &str) -> Result<Vec<(usize, String)>, BodyError> {
    let whole = read_split(body.as_bytes(), usize::MAX);
    for size in 1..4 {
        assert_eq!(read_split(body.as_bytes(), size), whole, "{body} by {size}");
    }
    whole.1?;
    assert_eq!(whole.0.events.last(), Some(&Event::EndOfJob));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok(whole.0.values().into_iter().map(|(it, bytes)| (it.leaf.index(), text(bytes))).collect())
}

fn error(body: &str) -> (Malformed, u64) {
    read(body).map_err(|it| (it.what, it.offset)).unwrap_err()
}

fn input(text: &str) -> Result<Vec<(usize, String)>, BodyError> {
    Ok(vec![(0, text.to_owned())])
}

#[wasm_bindgen_test(unsupported = test)]
fn values_are_decoded() {
    assert_eq!(read("input=a+b%2Bc%26%3d=d&x=1"), input("a b+c&==d"));
    assert_eq!(read("input=%E4%BD%A0%e5%a5%bd"), input("你好"));
    assert_eq!(read("input=你"), input("你"));
}

#[wasm_bindgen_test(unsupported = test)]
fn names_are_decoded_before_they_are_compared() {
    assert_eq!(read("%69n%70ut=x"), input("x"));
    assert_eq!(read("a%26b%3Dc=v"), Ok(vec![(2, "v".to_owned())]));
    assert_eq!(error("input=x&i%6Eput=y"), (Malformed::DuplicateField, 15));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_field_may_have_no_value() {
    for body in ["input", "input=", "&&input&&", "x=1&input"] {
        assert_eq!(read(body), input(""), "{body}");
    }
    for body in ["", "&", "=input", "=&=", "x"] {
        assert_eq!(read(body), Ok(Vec::new()), "{body}");
    }
}

/// CVE-2026-53538: python-multipart ended fields at semicolons, values too.
#[wasm_bindgen_test(unsupported = test)]
fn a_field_cannot_hide_behind_a_semicolon() {
    assert_eq!(error("input=hi;ref=https://a/b.wav"), (Malformed::BareSemicolon, 8));
    assert_eq!(error("x;ref=1"), (Malformed::BareSemicolon, 1));
    assert_eq!(read("input=hi%3Bref=1"), input("hi;ref=1"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_percent_sign_begins_an_escape_or_nothing_is_read() {
    for (body, offset) in
        [("input=100%", 10), ("input=%4", 8), ("%zz=1", 1), ("x=%u4f60", 3), ("x=%+1", 3)]
    {
        assert_eq!(error(body), (Malformed::PercentEscape, offset), "{body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_value_that_matters_is_utf_8() {
    assert_eq!(error("x=1&input=a%ff"), (Malformed::NotUtf8, 10));
    assert_eq!(error("input=%e4%bd&x"), (Malformed::NotUtf8, 6));
    assert_eq!(read("x=%ff&input=1"), input("1"));
}

#[wasm_bindgen_test(unsupported = test)]
fn names_and_fields_are_bounded() {
    let name = "n".repeat(MAX_NAME_BYTES);
    assert_eq!(read(&format!("{name}=1")), Ok(Vec::new()));
    assert_eq!(error(&format!("{name}n=1")), (Malformed::NameTooLong, 1024));
    let fields = "x=1&".repeat(crate::body::MAX_FIELDS);
    assert_eq!(read(&fields), Ok(Vec::new()));
    assert_eq!(error(&format!("{fields}input=1")).0, Malformed::TooManyFields);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_form_cannot_choose_its_charset() {
    assert_eq!(error("_charset_=utf-16").0, Malformed::CharsetField);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_split_gives_the_same(body in "([&=%+;a]|input|ref|%4[0-9]|%E4%BD%A0|é){0,16}", size in 1_usize..9) {
            prop_assert_eq!(read_split(body.as_bytes(), size), read_split(body.as_bytes(), usize::MAX));
        }

        #[test]
        fn what_is_encoded_comes_back(input in "\\PC{0,20}", reference in "\\PC{0,20}", size in 1_usize..9) {
            let encode = |text: &str| text.bytes().map(|it| match it {
                b'a'..=b'z' => char::from(it).to_string(),
                b' ' => "+".to_owned(),
                _ => format!("%{it:02X}"),
            }).collect::<String>();
            let body = format!("ref={}&input={}", encode(&reference), encode(&input));
            let (recorder, end) = read_split(body.as_bytes(), size);
            prop_assert_eq!(end, Ok(()));
            let bytes: Vec<_> = recorder.values().into_iter().map(|it| it.1).collect();
            prop_assert_eq!(bytes, vec![reference.into_bytes(), input.into_bytes()]);
        }
    }
}
