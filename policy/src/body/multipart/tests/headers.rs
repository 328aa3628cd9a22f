//! Headers of parts that servers read in different ways.

use super::*;

fn refused(headers: &str, what: Malformed) {
    assert_eq!(read(form([(headers, "1")])), Err(what), "{headers:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_disposition_has_one_reading() {
    for disposition in [
        "form-data",
        "form-data; name",
        "form-data; name=",
        "attachment; name=\"input\"",
        "form-data; name=\"input\"; name=\"ref\"",
        "form-data; name=\"x\"; NAME=\"input\"",
        "form-data; Name=\"input\"",
        "form-data; name=\"input\"; FileName=\"x\"",
        "form-data; name*=utf-8''input",
        "form-data; name=\"x\"; name*=utf-8''input",
        "form-data; name*0=\"in\"; name*1=\"put\"",
        "form-data; name=\"input\"; filename*=utf-8''x",
        "form-data; name=\"input\"; filename=\"\"; filename*=utf-8''x",
        "form-data; name=\"input\"; filename=\"x\"; filename=\"\"",
        "form-data; name=\"in\\put\"",
        "form-data; name=\"x\\\"; name=\"input\"",
        "form-data; name=\"x\"; filename=\"a\\\"; name=\"input\"",
        "form-data; name=\"x\"; other=\"1\"",
        "form-data; name=\"input\";",
        "form-data; name =\"input\"",
        "form-data; name= \"input\"",
        "form-data, name=\"input\"",
        "form-data name=\"input\"",
        "form-data; name='input';",
        "form-data; name=\" input\"",
        "form-data; name=\"input\u{a0}\"",
        "form-data; name=\"=?utf-8?q?input?=\"",
        "form-data; name=\"input",
        "form-data; name=\"input\"x",
    ] {
        refused(&format!("Content-Disposition: {disposition}"), Malformed::Disposition);
    }
    refused("X: 1", Malformed::Disposition);
    assert_eq!(read(format!("--{BOUNDARY}\r\n\r\n1\r\n{}", end())), Err(Malformed::Disposition));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_name_may_come_after_the_file_name_and_in_any_script() {
    let headers = "Content-Disposition: form-data; filename=a; filename*=utf-8''%e4; name=\"ref\"";
    assert_eq!(read(form([(headers, "1")])), audio("1"));
    assert_eq!(read(form([(&*field("名前 %22 'x'"), "1")])), Ok(Vec::new()));
}

/// Go takes a part with an empty file name for a text, Werkzeug for a file.
#[wasm_bindgen_test(unsupported = test)]
fn a_file_without_a_name_has_no_content() {
    let headers = "Content-Disposition: form-data; name=\"ref\"; filename=\"\"\r\n\
                   Content-Type: application/octet-stream";
    assert_eq!(read(form([(headers, "")])), Ok(Vec::new()));
    refused(headers, Malformed::Disposition);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_line_has_one_reading() {
    for line in [
        "Content-Disposition : form-data",
        " Content-Disposition: form-data",
        "Content-Disposition",
        ": x",
        "\u{e9}: x",
        "X: a\rb",
        "X: a\0b",
        "X: a\u{b}b",
        "X: a\r\n folded",
        "X: a\n\r\nb",
        "X: a\nY: b",
    ] {
        refused(&format!("{INPUT}\r\n{line}"), Malformed::PartHeader);
    }
    let line_feeds = format!("--{BOUNDARY}\r\n{INPUT}\n\n1\r\n{}", end());
    assert_eq!(read(line_feeds), Err(Malformed::PartHeader));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_that_matters_stands_once() {
    for line in [
        INPUT,
        "Content-Type: text/plain",
        "Content-Transfer-Encoding: 8bit",
        "Content-Encoding: identity",
        "Content-Length: 1",
    ] {
        let name = line.split(':').next().unwrap().to_uppercase();
        let again = line.replacen(line.split(':').next().unwrap(), &name, 1);
        let first = if line == INPUT { String::new() } else { format!("{INPUT}\r\n") };
        assert_eq!(read(form([(&*format!("{first}{line}"), "1")])), text("1"));
        refused(&format!("{first}{line}\r\n{again}"), Malformed::DuplicatePartHeader);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_encoded_part_is_refused() {
    for line in [
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Transfer-Encoding: ",
        "Content-Encoding: gzip",
    ] {
        refused(&format!("{INPUT}\r\n{line}"), Malformed::PartEncoding);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_is_a_text_in_utf_8() {
    for line in ["text/plain; charset=UTF-8", "text/plain;charset=us-ascii", "application/json", ""]
    {
        assert_eq!(read(form([(&*format!("{INPUT}\r\nContent-Type: {line}"), "1")])), text("1"));
    }
    for line in [
        "text/plain; charset=utf-16",
        "text/plain; charset=\"iso-8859-1\"",
        "text/plain; charset*=utf-16",
        "text/plain; charset*0=utf-16",
        "text/plain; charset",
        "application/octet-stream",
        "Multipart/Mixed; boundary=y",
        "message/rfc822",
    ] {
        refused(&format!("{INPUT}\r\nContent-Type: {line}"), Malformed::PartContentType);
    }
    refused(
        &format!("{FILE}\r\nContent-Type: multipart/mixed; boundary=y"),
        Malformed::PartContentType,
    );
}

/// aiohttp reads as many bytes as a part says, where it is not a form's.
#[wasm_bindgen_test(unsupported = test)]
fn the_length_of_a_part_is_its_length() {
    for length in ["0", "2", "-1", "+1", "1,1", "", "99999999999999999999"] {
        refused(&format!("{INPUT}\r\nContent-Length: {length}"), Malformed::PartLength);
    }
}
