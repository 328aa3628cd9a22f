//! A bearer token. Half of the mutations go to what a segment says, behind its base64, where
//! libFuzzer's own would almost never leave a token that can be read.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use voxgate_policy::testing::fuzz;

fuzz_target!(|bytes: &[u8]| fuzz::token(bytes));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed.is_multiple_of(2)
        && let Some(mutated) = with_a_segment_mutated(&data[..size], seed / 2)
        && mutated.len() <= max_size
    {
        data[..mutated.len()].copy_from_slice(&mutated);
        return mutated.len();
    }
    fuzzer_mutate(data, size, max_size)
});

fn with_a_segment_mutated(token: &[u8], seed: u32) -> Option<Vec<u8>> {
    let mut segments: Vec<Vec<u8>> = token.split(|it| *it == b'.').map(<[u8]>::to_vec).collect();
    let index = seed as usize % segments.len();
    let mut said = URL_SAFE_NO_PAD.decode(&segments[index]).ok()?;
    let size = said.len();
    // Room to grow in.
    said.resize(size * 2 + 64, 0);
    let room = said.len();
    let size = fuzzer_mutate(&mut said, size, room);
    segments[index] = URL_SAFE_NO_PAD.encode(&said[..size]).into_bytes();
    Some(segments.join(&b'.'))
}
