//! A JSON body, against `serde_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::json_facts(bytes));
