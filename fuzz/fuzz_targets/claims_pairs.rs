//! Claims as Envoy serialises them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::claims_pairs(bytes));
