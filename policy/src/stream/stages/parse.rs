//! The syntax of `Server-Timing` (W3C Server Timing §3.2, RFC 9110 §5.6).

use std::time::Duration;

use super::{MAX_BYTES, MAX_MILLIS};

/// Names with what they took. A metric without `dur`, or whose first `dur` is no time, is passed over.
pub(super) fn metrics(value: &[u8]) -> impl Iterator<Item = (&str, Duration)> {
    let read = value.get(..MAX_BYTES).unwrap_or(value);
    // What is cut off may be half a number.
    let cut = (read.len() < value.len()).then(|| read.iter().rposition(|it| *it == b','));
    let whole = match cut {
        Some(end) => read.get(..end.unwrap_or_default()).unwrap_or_default(),
        None => read,
    };
    split(whole, b',').filter_map(metric)
}

fn metric(part: &[u8]) -> Option<(&str, Duration)> {
    let mut parts = split(part, b';').map(<[u8]>::trim_ascii);
    let name = parts.next().filter(|it| !it.is_empty() && it.iter().copied().all(is_token))?;
    let took = parts.find_map(|it| {
        let equals = it.iter().position(|it| *it == b'=')?;
        let (key, value) = it.split_at_checked(equals)?;
        key.trim_ascii().eq_ignore_ascii_case(b"dur").then(|| value.get(1..))?
    })?;
    Some((std::str::from_utf8(name).ok()?, millis(took.trim_ascii())?))
}

/// A number of milliseconds, perhaps in quotes.
fn millis(value: &[u8]) -> Option<Duration> {
    let quoted = value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\""));
    let number = quoted.unwrap_or(value);
    if !number.iter().all(|it| it.is_ascii_digit() || *it == b'.') {
        return None;
    }
    let number: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    (number <= MAX_MILLIS).then(|| Duration::from_micros((number * 1000.0).round() as u64))
}

/// The parts between separators that stand in no quoted string.
fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    value.split(move |byte| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'\\' if is_quoted && !was_escaped => is_escaped = true,
            b'"' if !was_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        *byte == separator && !is_quoted
    })
}

/// RFC 9110 §5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
