use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

const PLAIN: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// `text` behind this header.
fn gzip_with(header: &[u8], text: &[u8]) -> Vec<u8> {
    let mut crc = Crc32::default();
    crc.update(text);
    let deflated = miniz_oxide::deflate::compress_to_vec(text, 6);
    let length = u32::try_from(text.len()).unwrap();
    [header, &deflated, &crc.value().to_le_bytes(), &length.to_le_bytes()].concat()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    gzip_with(&PLAIN, text)
}

/// What was decoded within `max` bytes, fed by `size`.
fn read_split(body: &[u8], max: u64, size: usize) -> (Vec<u8>, Result<(), BodyError>) {
    let (mut gzip, mut text) = (Gzip::new(max), Vec::new());
    let mut decoded = |piece: &[u8]| {
        assert!((1..=WINDOW_BYTES).contains(&piece.len()));
        text.extend_from_slice(piece);
        Ok(())
    };
    let fed = body.chunks(size).try_for_each(|it| gzip.feed(it, &mut decoded));
    let end = fed.and_then(|()| gzip.finish(&mut decoded));
    (text, end)
}

fn read(body: &[u8]) -> Result<Vec<u8>, Malformed> {
    let whole = read_split(body, 1 << 20, usize::MAX);
    for size in [1, 2, 7] {
        assert_eq!(read_split(body, 1 << 20, size), whole, "by {size}");
    }
    whole.1.map(|()| whole.0).map_err(|it| it.what)
}

/// Neither stored nor a single repetition.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|it| b"abcdefgh"[it.wrapping_mul(it) / 7 % 8]).collect()
}

/// So many times 8 MB of zeros. Eight blocks end at a whole byte.
fn zeros(times: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    (0..8).for_each(|_| bits.block_of_zeros());
    assert!(bits.count.is_multiple_of(8));
    [&PLAIN[..], &bits.bytes.repeat(times)].concat()
}

/// Writes DEFLATE by hand (RFC 1951 §3.2): fixed codes only.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, value: u32, bits: u32) {
        for bit in 0..bits {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> bit & 1 == 1) << (self.count % 8);
            self.count += 1;
        }
    }

    /// A zero, and 4,064 times 258 of them: a megabyte.
    fn block_of_zeros(&mut self) {
        self.push(0b010, 3); // not the last, fixed codes
        self.push(0b0000_1100, 8); // literal 0 is 00110000, the first bit first
        for _ in 0..4064 {
            self.push(0b1010_0011, 8); // length 258 is 11000101
            self.push(0, 5); // distance 1
        }
        self.push(0, 7); // the end
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_member_is_decoded() {
    for length in [0, 1, 300, WINDOW_BYTES, 100_000] {
        assert_eq!(read(&gzip(&text(length))), Ok(text(length)));
    }
    let hello = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0";
    assert_eq!(read(hello), Ok(b"hello".to_vec()), "as Python's gzip writes it");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_may_have_every_field() {
    let mut header = [0x1f, 0x8b, 8, 0b1_1111, 1, 2, 3, 4, 0, 3].to_vec();
    header.extend(b"\x03\0abcname\0comment\0");
    let mut crc = Crc32::default();
    crc.update(&header);
    header.extend(&crc.value().to_le_bytes()[..2]);
    assert_eq!(read(&gzip_with(&header, b"hello")), Ok(b"hello".to_vec()));
    *header.last_mut().unwrap() ^= 1;
    assert_eq!(read(&gzip_with(&header, b"hello")), Err(Malformed::GzipHeader));
    let empty = [&PLAIN[..3], &[4], &PLAIN[4..], &[0, 0]].concat();
    assert_eq!(read(&gzip_with(&empty, b"hello")), Ok(b"hello".to_vec()));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_gzip_is_refused() {
    for (at, byte) in [(0, 0x78), (1, 0), (2, 7), (3, 0x20), (3, 0x80)] {
        let mut body = gzip(b"hello");
        body[at] = byte;
        assert_eq!(read(&body), Err(Malformed::GzipHeader), "{at}");
    }
    assert_eq!(read(b"{\"input\": 1}"), Err(Malformed::GzipHeader));
    assert_eq!(read(&[&PLAIN[..], &[0xff; 20]].concat()), Err(Malformed::Deflate));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_ends_early_is_refused_wherever_it_ends() {
    let body = gzip(&text(300));
    for length in 1..body.len() {
        assert_eq!(read(&body[..length]), Err(Malformed::Truncated), "at {length}");
    }
    assert_eq!(read(&[]), Ok(Vec::new()));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_checksum_and_the_length_are_checked() {
    let body = gzip(b"hello");
    for at in body.len() - 8..body.len() {
        let mut other = body.clone();
        other[at] ^= 0x10;
        assert_eq!(read(&other), Err(Malformed::GzipTrailer), "{at}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_refers_to_what_was_not_decoded() {
    let mut bits = Bits::default();
    bits.push(0b010, 3);
    bits.push(0b0000_1100, 8);
    bits.push(0b010_0000, 7); // length 4 is 0000010
    bits.push(0b10000, 5); // distance 2
    assert_eq!(read(&[&PLAIN[..], &bits.bytes, &[0]].concat()), Err(Malformed::Deflate));
}

/// Python's `gzip` decodes further members, Node's decodes them or fails, others stop.
#[wasm_bindgen_test(unsupported = test)]
fn nothing_can_hide_behind_a_member() {
    let twice = [gzip(b"{}"), gzip(b"{\"ref\": 1}")].concat();
    for body in [twice, [gzip(b"{}").as_slice(), b"\0"].concat()] {
        assert_eq!(read(&body), Err(Malformed::AfterGzip));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn exactly_as_much_as_is_allowed_is_decoded() {
    let body = gzip(&text(50_000));
    for size in [1, 100, usize::MAX] {
        assert_eq!(read_split(&body, 50_000, size), (text(50_000), Ok(())));
        let error = BodyError { what: Malformed::DecodedTooLarge, offset: 49_999 };
        let expected = (text(50_000)[..49_999].to_vec(), Err(error));
        assert_eq!(read_split(&body, 49_999, size), expected);
    }
    let error = BodyError { what: Malformed::DecodedTooLarge, offset: 0 };
    assert_eq!(read_split(&gzip(b"a"), 0, 1), (Vec::new(), Err(error)));
}

/// A gigabyte in 6.8 MB: about the densest that DEFLATE can be.
#[wasm_bindgen_test(unsupported = test)]
fn a_bomb_stops_at_the_bound() {
    let bomb = zeros(128);
    assert!(bomb.len() < 7 << 20);
    let (mut gzip, mut total, mut fed) = (Gzip::new(16 << 20), 0_u64, 0);
    let mut decoded = |piece: &[u8]| {
        assert!(piece.iter().all(|it| *it == 0));
        total += piece.len() as u64;
        Ok(())
    };
    let end = bomb.chunks(16 << 10).try_for_each(|it| {
        fed += it.len();
        gzip.feed(it, &mut decoded)
    });
    let error = BodyError { what: Malformed::DecodedTooLarge, offset: 16 << 20 };
    assert_eq!((end, total), (Err(error), 16 << 20));
    assert!(fed < 128 << 10, "{fed} bytes were read");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_error_of_who_reads_it_ends_it() {
    let error = BodyError { what: Malformed::Preamble, offset: 7 };
    assert_eq!(Gzip::new(9).feed(&gzip(b"a"), &mut |_| Err(error)), Err(error));
}

#[wasm_bindgen_test(unsupported = test)]
fn its_memory_is_the_window_and_the_tables() {
    let total = WINDOW_BYTES + size_of::<DecompressorOxide>() + size_of::<Gzip>();
    assert!(total <= 48 * 1024, "{total}");
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(text in prop::collection::vec(0_u8..9, 0..3000), size in 1_usize..40) {
            prop_assert_eq!(read_split(&gzip(&text), 3000, size), (text, Ok(())));
        }

        #[test]
        fn any_split_of_a_broken_body_gives_the_same(
            text in prop::collection::vec(0_u8..9, 0..600),
            at in any::<prop::sample::Index>(),
            flip in 1_u8..,
            size in 1_usize..40,
        ) {
            let mut body = gzip(&text);
            let at = at.index(body.len());
            body[at] ^= flip;
            prop_assert_eq!(read_split(&body, 500, size), read_split(&body, 500, usize::MAX));
        }
    }
}
