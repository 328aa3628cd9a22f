//! Where parts begin and end, and what only looks so.

use super::*;

/// A text with a second field behind what some server takes for a delimiter.
fn smuggled(delimiter: &str) -> Result<Vec<(usize, bool, String)>, Malformed> {
    let hidden = field("ref");
    read(form([(INPUT, &*format!("hi{delimiter}{hidden}\r\n\r\nhttps://a"))]))
}

#[wasm_bindgen_test(unsupported = test)]
fn what_one_server_takes_for_a_delimiter_is_refused() {
    for delimiter in [
        format!("\n--{BOUNDARY}\r\n"),
        format!("\n--{BOUNDARY}\n"),
        format!("\r--{BOUNDARY}\r\n"),
        format!("\n\r--{BOUNDARY}\r\n"),
        format!("\r\n--{BOUNDARY}\n"),
        format!("\r\n--{BOUNDARY}\r"),
        format!("\r\n--{BOUNDARY} \r\n"),
        format!("\r\n--{BOUNDARY}\t\r\n"),
        format!("\r\n--{BOUNDARY}x\r\n"),
        format!("\r\n--{BOUNDARY}-\r\n"),
    ] {
        assert_eq!(smuggled(&delimiter), Err(Malformed::Delimiter), "{delimiter:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_delimiter_right_behind_the_headers_is_refused() {
    let body =
        format!("--{BOUNDARY}\r\n{INPUT}\r\n\r\n--{BOUNDARY}\r\n{INPUT}\r\n\r\nhi\r\n{}", end());
    assert_eq!(read(body), Err(Malformed::Delimiter));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_at_the_beginning_of_a_line_is_content() {
    let one_less = &BOUNDARY[..BOUNDARY.len() - 1];
    for content in [
        format!("\r\n -{BOUNDARY}\r\n"),
        format!("\r\n-{BOUNDARY}\r\n"),
        format!("\r\n--{one_less}\r\n"),
        format!("\r\n--{one_less}\r\n--{one_less}"),
        "\r\r\n\n\r\n".to_owned(),
    ] {
        assert_eq!(read(form([(INPUT, &*content)])), text(&content), "{content:?}");
    }
}

/// Sanic splits a body there, so that more fields could stand in a line.
#[wasm_bindgen_test(unsupported = test)]
fn a_delimiter_within_a_line_is_refused() {
    for content in [
        format!("a--{BOUNDARY}\r\nb"),
        format!("--{BOUNDARY}"),
        format!("\r\n---{BOUNDARY}\r\n"),
        format!("{}--{BOUNDARY}", "-".repeat(200)),
    ] {
        let error = read_all(form([(INPUT, &*content)]).as_bytes()).1;
        assert_eq!(error.map_err(|it| it.what), Err(Malformed::Delimiter), "{content:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_begins_with_its_boundary() {
    let form = form([(INPUT, "hi")]);
    assert_eq!(read(format!("\r\n{form}")), text("hi"));
    for before in ["\r\n\r\n", "\n\n", " ", "x", "x\r\n", "--", "\r\n-", "--\r\n"] {
        let error = read_all(format!("{before}{form}").as_bytes()).1;
        assert_eq!(error, Err(BodyError { what: Malformed::Preamble, offset: 0 }), "{before:?}");
    }
    for before in ["\r", "\n"] {
        assert_eq!(read(format!("{before}{form}")), Err(Malformed::Delimiter));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn only_white_space_follows_the_last_delimiter() {
    let form = parts([(INPUT, "hi")]) + &format!("--{BOUNDARY}--");
    for after in ["", "\r\n", " \t\r\n\r\n", "\n"] {
        assert_eq!(read(format!("{form}{after}")), text("hi"), "{after:?}");
    }
    for after in ["-", "\r\nx", &format!("\r\n--{BOUNDARY}\r\n")] {
        assert_eq!(read(format!("{form}{after}")), Err(Malformed::Epilogue), "{after:?}");
    }
}

/// Starlette takes what comes without an end.
#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_ends_early_is_refused_wherever_it_ends() {
    let form = form([(INPUT, "hi"), (FILE, "fLaC")]);
    let complete = form.len() - 2;
    for length in 1..complete {
        let error = BodyError { what: Malformed::Truncated, offset: length as u64 };
        assert_eq!(read_all(&form.as_bytes()[..length]).1, Err(error));
    }
    assert_eq!(read_all(&form.as_bytes()[..complete]).1, Ok(()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_delimiter_may_be_split_at_every_byte() {
    let form = form([(INPUT, "a\r\nb"), (FILE, "fLaC\r\n")]);
    let whole = read_split(form.as_bytes(), usize::MAX);
    for at in 0..=form.len() {
        let content_type = content_type();
        let parser = Multipart::new(content_type.as_bytes(), tree(), DuplicateKeys::Deny);
        let (mut parser, mut recorder) = (parser.unwrap(), Recorder::default());
        let (before, after) = form.as_bytes().split_at(at);
        parser.feed(before, &mut recorder).unwrap();
        parser.feed(after, &mut recorder).unwrap();
        parser.finish(&mut recorder).unwrap();
        assert_eq!(recorder.events, whole.0, "at {at}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_boundary_is_named_once_in_its_own_words() {
    let is_taken = |content_type: &str| {
        let form = Multipart::new(content_type.as_bytes(), tree(), DuplicateKeys::Deny);
        if let Err(error) = &form {
            assert_eq!(error.what, Malformed::FormContentType);
        }
        form.is_ok()
    };
    let longest = "b".repeat(MAX_BOUNDARY_BYTES);
    for good in [
        "multipart/form-data; boundary=x",
        "Multipart/Form-Data ;\tBoundary=\"a b:c=/?\" ; charset=UTF-8; other=1",
        &format!("multipart/form-data;boundary={longest}"),
    ] {
        assert!(is_taken(good), "{good}");
    }
    for bad in [
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"x \"",
        "multipart/form-data; boundary=\"x",
        "multipart/form-data; boundary=\"x\"y",
        "multipart/form-data; boundary=\"x\\\"y\"",
        "multipart/form-data; boundary = x",
        "multipart/form-data; boundary=x y",
        "multipart/form-data; boundary=x;",
        "multipart/form-data; boundary=x, multipart/form-data; boundary=y",
        "multipart/form-data; boundary=x; boundary=x",
        "multipart/form-data; boundary=x; BOUNDARY=y",
        "multipart/form-data; boundary*=x",
        "multipart/form-data; boundary=x; boundary*0=y",
        "multipart/form-data; boundary=x; charset=utf-7",
        "multipart/form-data; boundary=\"x\u{e9}\"",
        &format!("multipart/form-data; boundary={longest}b"),
        &format!("multipart/form-data; boundary={}", "b".repeat(1024)),
    ] {
        assert!(!is_taken(bad), "{bad}");
    }
}

/// Found by the fuzzer: a header can be called `--b--x`.
#[wasm_bindgen_test(unsupported = test)]
fn a_delimiter_in_a_header_is_refused() {
    for header in [format!("--{BOUNDARY}--x: 1"), format!("x: --{BOUNDARY}")] {
        let part = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=input\r\n{header}\r\n\r\nhi\r\n--{BOUNDARY}--\r\n"
        );
        let error = read_all(part.as_bytes()).1;
        assert_eq!(error.map_err(|it| it.what), Err(Malformed::Delimiter), "{header}");
    }
}
