//! Envoy's "pairs": a map on the wire between host and VM.
//!
//! A u32 count, count × (u32 key length, u32 value length), then each key and value followed by a
//! NUL; all little-endian.

use serde_json::Value;

use crate::state::Headers;

/// What the host refuses to read from the VM: it takes such a map for an empty one.
const MAX_PAIRS: usize = 1024;
const MAX_BYTES: usize = 1024 * 1024;

/// Writes a map for the VM; an empty one is no bytes at all. The host has no limit here.
pub(crate) fn to_vm(headers: &Headers) -> Vec<u8> {
    match headers.is_empty() {
        true => Vec::new(),
        false => encode(headers.iter().map(|(key, value)| (key.as_bytes(), value.as_slice()))),
    }
}

/// Reads a map from the VM.
pub(crate) fn from_vm(bytes: &[u8]) -> Headers {
    if bytes.len() > MAX_BYTES {
        return Headers::new();
    }
    read(bytes).filter(|headers| headers.len() <= MAX_PAIRS).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Option<Headers> {
    let number =
        |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
    let count = number(0)?;
    let mut at = 4 + 8 * count;
    let mut text = |length: usize| {
        let text = bytes.get(at..at + length)?.to_vec();
        at += length + 1;
        Some(text)
    };
    (0..count)
        .map(|index| {
            let key = text(number(4 + 8 * index)?)?;
            let value = text(number(8 + 8 * index)?)?;
            Some((String::from_utf8_lossy(&key).to_ascii_lowercase(), value))
        })
        .collect()
}

fn encode<'a>(pairs: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let mut bytes = (pairs.len() as u32).to_le_bytes().to_vec();
    for (key, value) in pairs.clone() {
        bytes.extend((key.len() as u32).to_le_bytes());
        bytes.extend((value.len() as u32).to_le_bytes());
    }
    for (key, value) in pairs {
        bytes.extend(key);
        bytes.push(0);
        bytes.extend(value);
        bytes.push(0);
    }
    bytes
}

/// A metadata value as `get_property` hands it out; `None` where Envoy fails to: for null, and for
/// whatever holds a null.
pub fn serialise(value: &Value) -> Option<Vec<u8>> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => vec![u8::from(*flag)],
        Value::Number(number) => number.as_f64()?.to_le_bytes().to_vec(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(items) => {
            let items = items.iter().map(serialise).collect::<Option<Vec<_>>>()?;
            encode(items.iter().map(|item| (item.as_slice(), &b""[..])))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| Some((key.as_bytes(), serialise(value)?)))
                .collect::<Option<Vec<_>>>()?;
            encode(members.iter().map(|(key, value)| (*key, value.as_slice())))
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Bytes read from Envoy 1.40.0.
    #[test]
    fn values_look_as_envoy_writes_them() {
        let hex = |value: Value| {
            serialise(&value).unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(hex(json!({"a": "b"})), "01000000010000000100000061006200");
        assert_eq!(
            hex(json!(["x", 2])),
            "020000000100000000000000080000000000000078000000000000000000400000"
        );
        assert_eq!(hex(json!(1.5)), "000000000000f83f");
        assert_eq!(hex(json!([])), "00000000");
        assert_eq!(serialise(&json!({"a": {"b": null}})), None);
    }

    #[test]
    fn a_map_of_more_than_1024_pairs_arrives_empty() {
        let headers =
            |count| -> Headers { (0..count).map(|n| (format!("h{n}"), vec![])).collect() };
        assert_eq!(from_vm(&to_vm(&headers(1024))).len(), 1024);
        assert_eq!(from_vm(&to_vm(&headers(1025))).len(), 0);
    }
}
