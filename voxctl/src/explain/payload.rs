//! Claims as Envoy hands a filter what `jwt_authn` verified, so that explaining goes through the
//! same reader as filtering does. See `voxgate_policy::claims` for the format.

use serde_json::Value;

/// A value as Envoy serialises it; `None` if it cannot, which is so for `null` and whatever
/// contains it.
pub fn serialise(it: &Value) -> Option<Vec<u8>> {
    match it {
        Value::Null => None,
        Value::Bool(it) => Some(vec![u8::from(*it)]),
        Value::Number(it) => Some(it.as_f64()?.to_le_bytes().to_vec()),
        Value::String(it) => Some(it.clone().into_bytes()),
        Value::Array(items) => {
            let items: Option<Vec<_>> =
                items.iter().map(|it| Some((serialise(it)?, Vec::new()))).collect();
            pairs(&items?)
        }
        Value::Object(members) => {
            let members: Option<Vec<_>> = members
                .iter()
                .map(|(name, it)| Some((name.clone().into_bytes(), serialise(it)?)))
                .collect();
            pairs(&members?)
        }
    }
}

fn pairs(members: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<u8>> {
    let length = |it: usize| u32::try_from(it).ok().map(u32::to_le_bytes);
    let mut bytes = length(members.len())?.to_vec();
    for (key, value) in members {
        bytes.extend(length(key.len())?);
        bytes.extend(length(value.len())?);
    }
    for part in members.iter().flat_map(|(key, value)| [key, value]) {
        bytes.extend(part);
        bytes.push(0);
    }
    Some(bytes)
}
