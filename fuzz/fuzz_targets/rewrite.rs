//! A JSON body that is rewritten, against `serde_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::rewrite(bytes));
