//! A JSONL body, against its lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::jsonl_facts(bytes));
