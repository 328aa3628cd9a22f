//! Claims from the payload of a token (RFC 7519 §4).

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::{ClaimPath, Claims, ClaimsError, JsonError, strict};

/// The claims of a token, read from its JSON.
#[derive(Clone, PartialEq)]
pub struct JsonClaims(Map<String, Value>);

impl JsonClaims {
    /// Reads a JSON object, strictly: UTF-8, no member twice at any level, at most 16 levels.
    ///
    /// # Errors
    /// What in the JSON is refused, and where.
    pub fn parse(json: &[u8]) -> Result<Self, ClaimsError> {
        Ok(Self::read(json)?)
    }

    pub(crate) fn read(json: &[u8]) -> Result<Self, JsonError> {
        strict::parse_object(json).map(Self)
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.0.get("iss")?.as_str()
    }

    fn find(&self, path: &ClaimPath) -> Option<&Value> {
        let root = Node::Root(&self.0);
        match path.find(root, Node::member)? {
            Node::Inner(value) => Some(value),
            Node::Root(_) => None,
        }
    }
}

/// Where a look-up stands: serde_json's map is no `Value` of its own.
#[derive(Clone, Copy)]
enum Node<'a> {
    Root(&'a Map<String, Value>),
    Inner(&'a Value),
}

impl Node<'_> {
    fn member(self, name: &str) -> Option<Self> {
        match self {
            Node::Root(map) => map.get(name),
            Node::Inner(value) => value.as_object()?.get(name),
        }
        .map(Node::Inner)
    }
}

impl Claims for JsonClaims {
    fn string(&self, path: &ClaimPath) -> Option<Cow<'_, str>> {
        self.find(path)?.as_str().map(Cow::Borrowed)
    }

    fn strings(&self, path: &ClaimPath) -> Option<Vec<Cow<'_, str>>> {
        match self.find(path)? {
            Value::String(one) => Some(vec![Cow::Borrowed(one)]),
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().map(Cow::Borrowed)).collect()
            }
            _ => None,
        }
    }

    fn number(&self, path: &ClaimPath) -> Option<f64> {
        self.find(path)?.as_f64()
    }

    fn is_true(&self, path: &ClaimPath) -> bool {
        self.find(path).and_then(Value::as_bool).unwrap_or_default()
    }

    fn has(&self, path: &ClaimPath) -> bool {
        self.find(path).is_some()
    }
}

/// Claims are personal data: a debug print names none of them.
impl fmt::Debug for JsonClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonClaims").field("members", &self.0.len()).finish_non_exhaustive()
    }
}
