//! `voxctl schema`: the policy file's JSON Schema, made from the types that read it.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use voxgate_policy::spec::PolicySpec;

/// The schema's `$id`: a name, not an address. Editors get the file from `voxctl schema`.
pub const ID: &str = "urn:voxgate:policy:v1";

/// The schema (JSON Schema draft 2020-12); descriptions are the fields' doc comments.
pub fn policy_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let made = generator.into_root_schema_for::<PolicySpec>().to_value();
    let named = [
        ("$schema".to_owned(), made["$schema"].clone()),
        ("$id".to_owned(), ID.into()),
        ("title".to_owned(), "Voxgate policy".into()),
    ];
    let mut schema = Map::from_iter(named);
    for (keyword, value) in made.as_object().into_iter().flatten() {
        schema.entry(keyword.clone()).or_insert_with(|| value.clone());
    }
    Value::Object(schema)
}
