//! Short ways to the fields of Envoy's messages. Field names are Envoy's; one that does not
//! exist is a mistake in this crate.

use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

use super::descriptors;

/// A string field; empty when unset.
pub(super) fn text(message: &DynamicMessage, field: &str) -> String {
    get(message, field).as_str().unwrap_or_default().to_owned()
}

/// A repeated string field.
pub(super) fn texts(message: &DynamicMessage, field: &str) -> Vec<String> {
    let value = get(message, field);
    let items = value.as_list().unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A number field, or the number in a wrapper message; 0 when unset.
pub(super) fn number(message: &DynamicMessage, field: &str) -> u32 {
    match get(message, field).as_ref() {
        Value::U32(number) => *number,
        Value::Message(wrapper) => number(wrapper, "value"),
        _ => 0,
    }
}

/// A message field, if set.
pub(super) fn child(message: &DynamicMessage, field: &str) -> Option<DynamicMessage> {
    if !message.has_field_by_name(field) {
        return None;
    }
    get(message, field).as_message().cloned()
}

/// A message field to change; unset becomes empty.
pub(super) fn child_mut<'m>(
    message: &'m mut DynamicMessage,
    field: &str,
) -> &'m mut DynamicMessage {
    get_mut(message, field).as_message_mut().expect("a message field")
}

/// A repeated message field to change.
pub(super) fn list_mut<'m>(message: &'m mut DynamicMessage, field: &str) -> &'m mut Vec<Value> {
    get_mut(message, field).as_list_mut().expect("a repeated field")
}

/// The messages of a repeated field, to change.
pub(super) fn each_mut<'m>(
    message: &'m mut DynamicMessage,
    field: &str,
) -> impl Iterator<Item = &'m mut DynamicMessage> {
    list_mut(message, field).iter_mut().filter_map(Value::as_message_mut)
}

/// The messages of a repeated field.
pub(super) fn each(message: &DynamicMessage, field: &str) -> Vec<DynamicMessage> {
    let value = get(message, field);
    let items = value.as_list().unwrap_or_default();
    items.iter().filter_map(Value::as_message).cloned().collect()
}

pub(super) fn set(message: &mut DynamicMessage, field: &str, value: Value) {
    message.set_field_by_name(field, value);
}

pub(super) fn set_text(message: &mut DynamicMessage, field: &str, value: &str) {
    set(message, field, Value::String(value.to_owned()));
}

/// The full name of the type in an Any.
pub(super) fn any_type(any: &DynamicMessage) -> String {
    let url = text(any, "type_url");
    url.rsplit_once('/').map_or(url.clone(), |(_, name)| name.to_owned())
}

/// What is in an Any; `None` for a type that Envoy's API does not have.
pub(super) fn unpack(any: &DynamicMessage) -> Option<DynamicMessage> {
    let descriptor = descriptors::descriptor(&any_type(any))?;
    let value = get(any, "value").as_bytes().cloned().unwrap_or_default();
    DynamicMessage::decode(descriptor, value).ok()
}

/// Puts `message` into `any` in place of what was in it.
pub(super) fn pack_into(any: &mut DynamicMessage, message: &DynamicMessage) {
    let url = format!("type.googleapis.com/{}", message.descriptor().full_name());
    set(any, "type_url", Value::String(url));
    set(any, "value", Value::Bytes(message.encode_to_vec().into()));
}

fn get<'m>(message: &'m DynamicMessage, field: &str) -> std::borrow::Cow<'m, Value> {
    message
        .get_field_by_name(field)
        .unwrap_or_else(|| panic!("{} has no {field}", message.descriptor().full_name()))
}

fn get_mut<'m>(message: &'m mut DynamicMessage, field: &str) -> &'m mut Value {
    let name = message.descriptor().full_name().to_owned();
    message.get_field_by_name_mut(field).unwrap_or_else(|| panic!("{name} has no {field}"))
}
