//! Adding to, replacing in and removing from a list of filters or routes.

use prost_reflect::{DynamicMessage, Value};

use super::Patch;
use crate::render::error::RenderError;
use crate::render::resources::Operation;

/// Does what `patch` says with `list`, unless it merges.
///
/// `anchored` says whether the patch names an item; `is_anchor` whether it is this one. Without
/// a name, INSERT_BEFORE puts first and INSERT_AFTER last, REPLACE and REMOVE do nothing. A name
/// that is not found does nothing. The first item of the name counts, but REMOVE takes all.
///
/// # Errors
/// A patch without a value that needs one.
pub(super) fn edit(
    list: &mut Vec<Value>,
    patch: &Patch,
    anchored: bool,
    is_anchor: impl Fn(&DynamicMessage) -> bool,
) -> Result<(), RenderError> {
    let is_anchor = |item: &Value| item.as_message().is_some_and(&is_anchor);
    let anchor = || list.iter().position(is_anchor);
    let at = match patch.operation {
        Operation::Add => Some(list.len()),
        Operation::InsertFirst => Some(0),
        Operation::InsertBefore if anchored => anchor(),
        Operation::InsertBefore => Some(0),
        Operation::InsertAfter if anchored => anchor().map(|i| i.saturating_add(1)),
        Operation::InsertAfter => Some(list.len()),
        Operation::Replace if anchored => {
            if let Some(item) = list.iter_mut().find(|item| is_anchor(item)) {
                *item = patch.new_item()?;
                patch.mark_applied();
            }
            None
        }
        Operation::Remove if anchored => {
            let before = list.len();
            list.retain(|item| !is_anchor(item));
            if list.len() < before {
                patch.mark_applied();
            }
            None
        }
        Operation::Replace
        | Operation::Remove
        | Operation::Merge
        | Operation::MergeAndReplaceList => None,
    };
    if let Some(at) = at {
        list.insert(at, patch.new_item()?);
        patch.mark_applied();
    }
    Ok(())
}
