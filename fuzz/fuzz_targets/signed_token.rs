//! A header and claims, signed by the issuer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::signed_token(bytes));
