//! Bodies that want more memory or time than a request is worth.

use super::*;
use crate::body::MAX_FIELDS;

#[wasm_bindgen_test(unsupported = test)]
fn ten_thousand_parts_are_too_many() {
    let part = parts([(&*field("x"), "1")]);
    assert_eq!(read(part.repeat(MAX_FIELDS) + &end()), Ok(Vec::new()));
    let (_, error) = read_split((part.repeat(10_000) + &end()).as_bytes(), 4096);
    let offset = part.len() * (MAX_FIELDS + 1) - "1\r\n".len();
    assert_eq!(error, Err(BodyError { what: Malformed::TooManyFields, offset: offset as u64 }));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_of_a_megabyte_is_refused_before_it_is_kept() {
    let headers = format!("{INPUT}\r\nX: {}", "a".repeat(1 << 20));
    let form = form([(&*headers, "1")]);
    let offset = (2 + BOUNDARY.len() + 2 + MAX_HEADER_BYTES) as u64;
    let error = BodyError { what: Malformed::PartHeadersTooLong, offset };
    for size in [1, 100, usize::MAX] {
        assert_eq!(read_split(form.as_bytes(), size), (Vec::new(), Err(error)));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_are_bounded_to_the_byte() {
    let line_breaks = "\r\n\r\n".len();
    let of = |bytes: usize| {
        let padding = bytes - INPUT.len() - "\r\nX: ".len() - line_breaks;
        format!("{INPUT}\r\nX: {}", "a".repeat(padding))
    };
    assert_eq!(read(form([(&*of(MAX_HEADER_BYTES), "1")])), text("1"));
    let more = form([(&*of(MAX_HEADER_BYTES + 1), "1")]);
    assert_eq!(read(more), Err(Malformed::PartHeadersTooLong));
    let lines = |count: usize| INPUT.to_owned() + &"\r\nX: 1".repeat(count - 1);
    assert_eq!(read(form([(&*lines(MAX_HEADERS), "1")])), text("1"));
    assert_eq!(read(form([(&*lines(MAX_HEADERS + 1), "1")])), Err(Malformed::PartHeadersTooLong));
}

/// The first headers' bytes do not count for the next part's.
#[wasm_bindgen_test(unsupported = test)]
fn every_part_may_have_its_headers() {
    let headers = format!("{}\r\nX: {}", field("x"), "a".repeat(MAX_HEADER_BYTES / 2));
    assert_eq!(read(form([(&*headers, "1"); 8])), Ok(Vec::new()));
}

/// A text behind 2 MB of line breaks and half delimiters, in slices of 16 KB.
#[wasm_bindgen_test(unsupported = test)]
fn a_field_behind_a_large_file_is_found() {
    let noise = format!("\r\n\r--{}\n", &BOUNDARY[1..]).repeat(1 << 16);
    let form = form([(FILE, &*noise), (INPUT, "hi")]);
    let (events, end) = read_split(form.as_bytes(), 16 << 10);
    assert_eq!(end, Ok(()));
    assert_eq!(Recorder { events }.values()[0].1, b"hi");
}
