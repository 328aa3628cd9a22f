//! Envoy's messages: strict parsing from JSON, and back.
//!
//! istiod drops fields it does not know and so hides a misspelt one until somebody wonders; here
//! it is an error with its path.

use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

use super::error::{Place, Problem, RenderError};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/envoy-types.bin")).as_ref())
        .expect("the descriptor set of envoy-types is whole")
});

/// The descriptor of a message type, as `envoy.config.cluster.v3.Cluster`.
pub(super) fn descriptor(name: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(name)
}

/// Reads `json` as a message of type `name`; `place` is where it stands, for errors.
///
/// # Errors
/// Unknown fields, unknown types, values that do not fit, and durations that only istiod reads.
pub(super) fn parse(
    name: &'static str,
    json: &Value,
    place: &Place,
) -> Result<DynamicMessage, RenderError> {
    let descriptor = descriptor(name).expect("a type of Envoy's API");
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(json, &mut track);
    DynamicMessage::deserialize_with_options(descriptor, tracked, &options).map_err(|error| {
        let path = track.path().to_string();
        let place = place.at(&path);
        match go_duration_under(json, &path) {
            Some((at, written, seconds)) => {
                RenderError::at(place.at(&at), Problem::GoDuration { written, seconds })
            }
            None => RenderError::at(place, Problem::Shape(error.to_string())),
        }
    })
}

/// Builds a message of our own; what stands in the code is well-formed.
pub(super) fn build(name: &'static str, json: &Value) -> DynamicMessage {
    parse(name, json, &Place::own()).unwrap_or_else(|error| panic!("voxctl's own {name}: {error}"))
}

/// A message as JSON with the field names of Envoy's documentation.
pub(super) fn to_json(message: &DynamicMessage) -> Value {
    let options =
        SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .expect("every Any was parsed, so its type is known")
}

/// The first duration in Go's form at or under `path`: where (relative to `path`), as written,
/// and in the seconds form.
fn go_duration_under(json: &Value, path: &str) -> Option<(String, String, String)> {
    let mut at = json;
    for step in path.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        at = match at {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            other => match other.get(step) {
                Some(inner) => inner,
                None => break,
            },
        };
    }
    find_go_duration(at, String::new())
}

fn find_go_duration(json: &Value, path: String) -> Option<(String, String, String)> {
    match json {
        Value::String(written) => {
            seconds_form(written).map(|seconds| (path, written.clone(), seconds))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| find_go_duration(item, format!("{path}[{i}]"))),
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            find_go_duration(value, path)
        }),
        _ => None,
    }
}

/// `10ms` as `0.010s`, `1h` as `3600s`; `None` for what is no Go duration or in seconds already.
fn seconds_form(written: &str) -> Option<String> {
    let in_seconds = written.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok());
    if in_seconds || !written.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let duration = humantime::parse_duration(written).ok()?;
    Some(match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        nanos if nanos % 1_000_000 == 0 => {
            format!("{}.{:03}s", duration.as_secs(), duration.subsec_millis())
        }
        nanos => format!("{}.{nanos:09}s", duration.as_secs()),
    })
}
