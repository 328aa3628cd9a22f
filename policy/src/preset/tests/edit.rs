//! Adds fields to bodies of requests, as bytes.

/// RIFF and WAVE, in base64.
const RECORDING: &str = "UklGRiQAAABXQVZF";

/// Where a field is added.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    First,
    Last,
}

/// The body with a field that no rule knows, holding what would matter elsewhere.
pub(super) fn with_unknown(content_type: &str, body: &[u8], side: Side) -> Vec<u8> {
    let json =
        r#""zz_unknown": {"text": "hidden", "input": ["hidden"], "voice": {"id": "hidden"}}"#;
    let part = "Content-Disposition: form-data; name=\"zz_unknown\"\r\n\r\nhidden";
    with(content_type, body, side, json, "zz_unknown=text%3Dhidden", part)
}

/// The body with a recording at `pointer`.
pub(super) fn with_reference(
    content_type: &str,
    body: &[u8],
    pointer: &str,
    side: Side,
) -> Vec<u8> {
    let keys: Vec<&str> = pointer.split('/').skip(1).collect();
    let (name, inner) = keys.split_first().unwrap();
    let value = inner.iter().rev().fold(format!("\"{RECORDING}\""), |value, key| match *key {
        "*" => format!("[{value}]"),
        key => format!("{{\"{key}\": {value}}}"),
    });
    let part = format!(
        "Content-Disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{RECORDING}"
    );
    let json = format!("\"{name}\": {value}");
    with(content_type, body, side, &json, &format!("{name}={RECORDING}"), &part)
}

fn with(
    content_type: &str,
    body: &[u8],
    side: Side,
    json: &str,
    pair: &str,
    part: &str,
) -> Vec<u8> {
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    match media_type {
        "application/json" => member(body, json, side),
        "application/jsonl" | "application/x-ndjson" => {
            let lines = body.split(|it| *it == b'\n').filter(|it| !it.is_empty());
            lines.flat_map(|it| [member(it, json, side), b"\n".to_vec()].concat()).collect()
        }
        "application/x-www-form-urlencoded" => match side {
            Side::First => [pair.as_bytes(), b"&", body].concat(),
            Side::Last => [body, b"&", pair.as_bytes()].concat(),
        },
        "multipart/form-data" => {
            let boundary = parameters.trim().strip_prefix("boundary=").unwrap();
            let added = format!("--{boundary}\r\n{part}\r\n");
            let close = format!("--{boundary}--\r\n");
            let others = body.strip_suffix(close.as_bytes()).unwrap();
            match side {
                Side::First => [added.as_bytes(), body].concat(),
                Side::Last => [others, added.as_bytes(), close.as_bytes()].concat(),
            }
        }
        other => panic!("no fixture is {other}"),
    }
}

/// An object that is not empty, with another member.
fn member(object: &[u8], member: &str, side: Side) -> Vec<u8> {
    match side {
        Side::First => {
            let rest = object.strip_prefix(b"{").unwrap();
            [b"{", member.as_bytes(), b", ", rest].concat()
        }
        Side::Last => {
            let rest = object.strip_suffix(b"}").unwrap();
            [rest, b", ", member.as_bytes(), b"}"].concat()
        }
    }
}
