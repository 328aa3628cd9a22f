use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

/// Byte by byte.
fn plain(bytes: &[u8]) -> Run {
    let ends = |it: &u8| *it < 0x20 || *it == b'"' || *it == b'\\';
    let len = bytes.iter().position(ends).unwrap_or(bytes.len());
    Run { len, is_ascii: bytes[..len].is_ascii() }
}

/// Before and behind bytes that could be taken for an end: they differ from one by a bit.
#[wasm_bindgen_test(unsupported = test)]
fn every_byte_at_every_place_ends_a_run_or_does_not() {
    for filler in [b'a', 0x20, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa0, 0xa2, 0xdc, 0xff] {
        for byte in 0..=u8::MAX {
            for place in 0..19 {
                let mut bytes = [filler; 19];
                bytes[place] = byte;
                assert_eq!(unescaped(&bytes), plain(&bytes), "{byte:#x} at {place} of {filler:#x}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_of_several_ends_the_run() {
    for first in [b'"', b'\\', 0x00, b'\n', 0x1f] {
        for second in [b'"', b'\\', 0x01, b'\n', 0x0b, 0x20, 0x21, 0x23, 0x5d, 0x80] {
            for place in 0..9 {
                let mut bytes = [b'x'; 16];
                bytes[place] = first;
                bytes[place + 1] = second;
                bytes[15] = b'"';
                assert_eq!(unescaped(&bytes), Run { len: place, is_ascii: true });
            }
        }
    }
    assert_eq!(unescaped(b""), Run { len: 0, is_ascii: true });
}
