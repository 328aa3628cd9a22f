//! Where in a JSON body what stands that a later filter may change or measure.

use serde::{Deserialize, Serialize};

use crate::body::Field;
use crate::spec::FieldsSpec;

/// JSON Pointers (`*` for each item of an array) by what stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BodyPlaces {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    text: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sample_rate: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    format: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stream: Vec<String>,
}

// === impl BodyPlaces ===

impl BodyPlaces {
    /// Those of a rule's `body.fields`. Where one member of an array would have to be changed and
    /// another not, nothing is.
    pub fn new(fields: &FieldsSpec) -> Self {
        let single = |pointers: &[String]| -> Vec<String> {
            let is_single = |it: &&String| !it.split('/').any(|key| key == "*");
            pointers.iter().filter(is_single).cloned().collect()
        };
        Self {
            text: fields.text.clone(),
            model: single(&fields.model),
            sample_rate: single(&fields.sample_rate),
            format: single(&fields.format),
            stream: single(&fields.stream),
        }
    }

    /// Where this stands.
    pub fn of(&self, field: Field) -> &[String] {
        match field {
            Field::Text => &self.text,
            Field::Model => &self.model,
            Field::SampleRate => &self.sample_rate,
            Field::Format => &self.format,
            Field::Stream => &self.stream,
            Field::Voice | Field::Reference | Field::Audio | Field::Speed | Field::Consent => &[],
        }
    }
}
