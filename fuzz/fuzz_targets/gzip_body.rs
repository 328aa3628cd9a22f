//! A compressed body.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::gzip_body(bytes));
