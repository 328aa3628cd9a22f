//! Claims as Envoy hands a filter what `jwt_authn` verified, so that explaining goes through the
//! same reader as filtering does. See `voxgate_policy::claims` for the format.

use serde_json::Value;

/// Serialises claims as Envoy does. `None` if they are no object, or if Envoy could not: it cannot
/// serialise `null`.
pub fn as_envoy_serialises(claims: &Value) -> Option<Vec<u8>> {
    match claims {
        Value::Object(_) => value(claims),
        _ => None,
    }
}

fn value(it: &Value) -> Option<Vec<u8>> {
    match it {
        Value::Null => None,
        Value::Bool(it) => Some(vec![u8::from(*it)]),
        Value::Number(it) => Some(it.as_f64()?.to_le_bytes().to_vec()),
        Value::String(it) => Some(it.clone().into_bytes()),
        Value::Array(items) => {
            let items: Option<Vec<_>> =
                items.iter().map(|it| Some((value(it)?, Vec::new()))).collect();
            pairs(&items?)
        }
        Value::Object(members) => {
            let members: Option<Vec<_>> = members
                .iter()
                .map(|(name, it)| Some((name.clone().into_bytes(), value(it)?)))
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
