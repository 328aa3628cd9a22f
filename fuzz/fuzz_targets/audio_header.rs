//! A recording, or what is sent in place of one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| voxgate_policy::testing::fuzz::audio_header(bytes));
