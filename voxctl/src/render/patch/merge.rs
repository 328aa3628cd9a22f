//! Merging two messages as istiod does (istio `pkg/proto/merge/merge.go`): protobuf's own merge,
//! but a `Duration` is replaced as a whole.

use prost_reflect::{DynamicMessage, Kind, Value};

use crate::render::error::{Place, Problem, RenderError};
use crate::render::message;

const DURATION: &str = "google.protobuf.Duration";

/// What becomes of a list that the patch has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// The patch's items come after.
    Append,
    /// The patch's items take their place (MERGE_AND_REPLACE_LIST, Istio 1.31).
    Replace,
}

/// Merges `from` into `into`, a message of the same type.
///
/// Only fields that are set count, and a proto3 scalar cannot be set to its zero: `false`, `0`
/// and `""` change nothing, not even inside a wrapper such as `BoolValue`, which is a message.
pub(super) fn merge(into: &mut DynamicMessage, from: &DynamicMessage, lists: Lists) {
    for (field, value) in from.fields().filter(|(field, _)| from.has_field(field)) {
        let replaced = matches!(field.kind(), Kind::Message(m) if m.full_name() == DURATION);
        match (into.get_field_mut(&field), value) {
            (Value::List(have), Value::List(more)) => {
                if lists == Lists::Replace {
                    have.clear();
                }
                have.extend(more.iter().cloned());
            }
            (Value::Map(have), Value::Map(more)) => {
                have.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            (Value::Message(have), Value::Message(more)) if !replaced => merge(have, more, lists),
            (have, value) => *have = value.clone(),
        }
    }
}

/// Merges what is in `from` into what is in `into`, both `google.protobuf.Any`.
///
/// # Errors
/// Their types differ: istiod panics over it and gives up all patches of the listener.
pub(super) fn merge_any(
    into: &mut DynamicMessage,
    from: &DynamicMessage,
    place: &Place,
) -> Result<(), RenderError> {
    let (have, patch) = (message::any_type(into), message::any_type(from));
    match (message::unpack(into), message::unpack(from)) {
        (Some(mut base), Some(more)) if have == patch => {
            merge(&mut base, &more, Lists::Append);
            message::pack_into(into, &base);
            Ok(())
        }
        _ => Err(RenderError::at(place.clone(), Problem::TypeMismatch { have, patch })),
    }
}
