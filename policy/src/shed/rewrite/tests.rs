//! Bodies of services, by hand; any body at all stands in `properties`.

#[cfg(not(target_arch = "wasm32"))]
mod properties;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::Malformed;
use crate::testing::fuzz::rewrite::{apply, read};

fn change(field: Field, pointers: &[&str], to: To) -> Change {
    Change { field, pointers: pointers.iter().map(|it| (*it).to_owned()).collect(), to }
}

fn compile(changes: &[Change]) -> Rc<Rewrite> {
    Rc::new(Rewrite::compile(changes.to_vec()).unwrap())
}

/// In one slice and byte by byte, which must be the same.
fn rewrite(body: &str, changes: &[Change]) -> Result<(String, Vec<Outcome>), RewriteError> {
    rewrite_repeated(body, changes, DuplicateKeys::Deny)
}

fn rewrite_repeated(
    body: &str,
    changes: &[Change],
    mode: DuplicateKeys,
) -> Result<(String, Vec<Outcome>), RewriteError> {
    let changes = compile(changes);
    let whole = read([body.as_bytes()].into_iter(), &changes, mode);
    assert_eq!(read(body.as_bytes().chunks(1), &changes, mode), whole);
    let rewritten = whole?;
    let after = apply(body.as_bytes(), &rewritten);
    Ok((String::from_utf8(after).unwrap(), rewritten.outcomes))
}

fn rate(pointers: &[&str]) -> Change {
    change(Field::SampleRate, pointers, To::AtMost(16_000))
}

fn model() -> Change {
    change(Field::Model, &["/model"], To::Text("fast".into()))
}

fn stream() -> Change {
    change(Field::Stream, &["/stream"], To::True)
}

/// What becomes of a body of one member by one change.
fn after(body: &str, change: Change) -> String {
    rewrite(body, &[change]).unwrap().0
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_values_change_and_all_else_stays_to_the_byte() {
    let body = " {\"input\" : \"a\\u0062\\/c\",\r\n\t\"sample_rate\":24000 , \"model\": \"large\",
        \"x\": 1.50e+0, \"stream\":false}\n";
    let (after, outcomes) = rewrite(body, &[rate(&["/sample_rate"]), model(), stream()]).unwrap();
    let expected =
        " {\"input\" : \"a\\u0062\\/c\",\r\n\t\"sample_rate\":16000 , \"model\": \"fast\",
        \"x\": 1.50e+0, \"stream\":true}\n";
    assert_eq!(after, expected);
    assert_eq!(outcomes, [Outcome::Made; 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_missing_is_added_at_the_end_of_its_object() {
    let all = [rate(&["/opts/rate"]), model(), stream()];
    let cases = [
        ("{}", "{\"model\":\"fast\",\"stream\":true}", Outcome::NoPlace),
        ("{ }", "{ \"model\":\"fast\",\"stream\":true}", Outcome::NoPlace),
        (
            "{\"opts\":{}}",
            "{\"opts\":{\"rate\":16000},\"model\":\"fast\",\"stream\":true}",
            Outcome::Made,
        ),
        (
            "{\"opts\":{\"a\":[{}]} }\n",
            "{\"opts\":{\"a\":[{}],\"rate\":16000} ,\"model\":\"fast\",\"stream\":true}\n",
            Outcome::Made,
        ),
        (
            "{\"opts\":[{}],\"model\":\"m\"}",
            "{\"opts\":[{}],\"model\":\"fast\",\"stream\":true}",
            Outcome::NoPlace,
        ),
        (
            "{\"opts\":null,\"stream\":true}",
            "{\"opts\":null,\"stream\":true,\"model\":\"fast\"}",
            Outcome::NoPlace,
        ),
    ];
    for (body, expected, of_rate) in cases {
        let (after, outcomes) = rewrite(body, &all).unwrap();
        assert_eq!((after.as_str(), outcomes[0]), (expected, of_rate), "{body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_is_no_object_has_no_place_for_anything() {
    for body in ["[]", "[{}]", "\"model\"", "1", "null", "[{\"model\":\"m\"}]"] {
        assert_eq!(rewrite(body, &[model()]), Ok((body.to_owned(), vec![Outcome::NoPlace])));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_that_is_low_enough_stays_as_it_is_written() {
    for low in ["16000", "8000", "0", "1.6e4", "16000.000", "0.0", "-0", "\"16000\"", "\"8e3\""] {
        let body = format!("{{\"sample_rate\":{low}}}");
        let expected = Ok((body.clone(), vec![Outcome::AlreadySo]));
        assert_eq!(rewrite(&body, &[rate(&["/sample_rate"])]), expected);
    }
    for high in ["16001", "16000.1", "1.7e4", "-1", "true", "null", "1e999", "99999999999999999999"]
    {
        let body = format!("{{\"sample_rate\":{high}}}");
        assert_eq!(after(&body, rate(&["/sample_rate"])), "{\"sample_rate\":16000}", "{high}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_in_a_string_stays_in_one() {
    for high in ["24000", "", "high", "-1", "inf", &"1".repeat(200)] {
        let body = format!("{{\"sample_rate\":\"{high}\"}}");
        assert_eq!(after(&body, rate(&["/sample_rate"])), "{\"sample_rate\":\"16000\"}", "{high}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_is_compared_as_it_is_read() {
    let expected = "{\"model\":\"fast\"}";
    for other in ["\"fas\"", "\"faster\"", "\"\"", "\"Fast\"", "1", "false", "null"] {
        assert_eq!(after(&format!("{{\"model\":{other}}}"), model()), expected, "{other}");
    }
    let escaped = "{\"model\":\"f\\u0061st\"}";
    assert_eq!(after(escaped, model()), escaped);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_is_switched_on_in_the_way_it_was_off() {
    let cases = [("false", "true"), ("null", "true"), ("0", "1"), ("\"False\"", "\"true\"")];
    for (off, on) in cases {
        let expected = format!("{{\"stream\":{on}}}");
        assert_eq!(after(&format!("{{\"stream\":{off}}}"), stream()), expected);
    }
    for on in ["true", "2", "\"sse\"", "\"TRUE\""] {
        let body = format!("{{\"stream\":{on}}}");
        assert_eq!(after(&body, stream()), body);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_written_is_escaped() {
    let odd = change(Field::Model, &["/a~1\"~0"], To::Text("\"\\\n\u{e9}".into()));
    assert_eq!(after("{}", odd.clone()), "{\"a/\\\"~\":\"\\\"\\\\\\n\u{e9}\"}");
    assert_eq!(after("{\"a/\\\"~\":0}", odd), "{\"a/\\\"~\":\"\\\"\\\\\\n\u{e9}\"}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_field_is_changed_wherever_it_stands_and_added_only_if_it_stands_nowhere() {
    let places = || rate(&["/opts/rate", "/rate", "/r"]);
    let cases = [
        (
            "{\"rate\":9e9,\"opts\":{\"rate\":\"9e9\"}}",
            "{\"rate\":16000,\"opts\":{\"rate\":\"16000\"}}",
        ),
        ("{\"rate\":9e9,\"opts\":{\"rate\":null}}", "{\"rate\":16000,\"opts\":{\"rate\":null}}"),
        ("{\"rate\":8e3,\"opts\":{}}", "{\"rate\":8e3,\"opts\":{}}"),
        ("{\"r\":null,\"opts\":{}}", "{\"r\":16000,\"opts\":{}}"),
        ("{\"r\":null,\"rate\":null}", "{\"r\":null,\"rate\":16000}"),
        ("{\"opts\":1}", "{\"opts\":1,\"rate\":16000}"),
    ];
    for (body, expected) in cases {
        assert_eq!(after(body, places()), expected);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn where_the_last_of_repeated_keys_wins_all_of_them_change() {
    let of = |body| rewrite_repeated(body, &[rate(&["/rate"])], DuplicateKeys::LastWins);
    let cases = [
        ("{\"rate\":1e9,\"rate\":2e9}", "{\"rate\":16000,\"rate\":16000}"),
        ("{\"rate\":1,\"rate\":2e9}", "{\"rate\":1,\"rate\":16000}"),
        ("{\"rate\":1,\"rate\":null}", "{\"rate\":1,\"rate\":16000}"),
        ("{\"rate\":null,\"rate\":1}", "{\"rate\":16000,\"rate\":1}"),
        ("{\"rate\":null,\"rate\":null}", "{\"rate\":16000,\"rate\":16000}"),
    ];
    for (body, expected) in cases {
        assert_eq!(of(body), Ok((expected.to_owned(), vec![Outcome::Made])), "{body}");
    }
    let many = format!("{{{}\"rate\":2e9}}", "\"rate\":1e9,".repeat(MAX_EDITS));
    assert_eq!(of(&many), Err(RewriteError::TooManyEdits));
    let error = BodyError { what: Malformed::DuplicateKey, offset: 10 };
    let denied = rewrite("{\"rate\":1,\"rate\":2}", &[rate(&["/rate"])]);
    assert_eq!(denied, Err(RewriteError::Body(error)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_object_or_an_array_in_place_of_a_value_is_refused() {
    for body in ["{\"model\":{\"name\":\"x\"}}", "{\"model\":[\"x\"]}", "{\"model\":[]}"] {
        assert_eq!(rewrite(body, &[model()]), Err(RewriteError::Container(Field::Model)));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_json_is_no_json_whatever_was_found_in_it() {
    let error = BodyError { what: Malformed::Truncated, offset: 11 };
    assert_eq!(rewrite("{\"model\":[]", &[model()]), Err(RewriteError::Body(error)));
    let error = BodyError { what: Malformed::KeyInOtherCase, offset: 1 };
    assert_eq!(rewrite("{\"Model\":1}", &[model()]), Err(RewriteError::Body(error)));
}

#[wasm_bindgen_test(unsupported = test)]
fn changes_that_cannot_be_made_are_refused() {
    let compile = |pointers: &[&str]| Rewrite::compile(vec![rate(pointers)]).map(|_| ());
    for pointer in ["", "/a/*", "/*/a"] {
        assert_eq!(compile(&[pointer]), Err(ChangeError::NotOneMember(pointer.into())));
    }
    assert_eq!(compile(&["a"]), Err(PointerError::Syntax("a".into()).into()));
    let taken = |it: &str| Err(PointerError::Taken(it.into()).into());
    assert_eq!(compile(&["/a", "/a"]), taken("/a"));
    assert_eq!(compile(&["/a", "/a/b"]), taken("/a"));
    assert_eq!(compile(&["/a/b", "/a"]), taken("/a"));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_was_made_can_be_said_in_a_header() {
    let changes = compile(&[rate(&["/sample_rate"]), model(), stream()]);
    let body: &[u8] = b"{\"sample_rate\":48000,\"model\":\"fast\"}";
    let rewritten = read([body].into_iter(), &changes, DuplicateKeys::Deny).unwrap();
    let made: Vec<_> = changes.made(&rewritten).map(Change::to_string).collect();
    assert_eq!(made, ["sample_rate=16000", "stream=true"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_of_a_body_is_shown() {
    let mut rewriter = Rewriter::new(compile(&[rate(&["/rate"])]), DuplicateKeys::Deny);
    rewriter.feed(b"{\"rate\":\"secret").unwrap();
    let secret = "115, 101, 99";
    assert!(
        !format!("{rewriter:?}").contains(secret) && format!("{:?}", b"secret").contains(secret)
    );
}
