//! A multipart form.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::multipart_facts(bytes));
