//! Any header at all.

use proptest::prelude::*;

use super::*;

/// Bytes that mean something in the syntax more often than others do.
fn header() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 13] = [
        b"asr",
        b";dur=",
        b"80.2",
        b", ",
        b"\"",
        b"\\",
        b";desc=",
        b"=",
        b";",
        b"\xff",
        b"9",
        b" ",
        b"llm;dur=3",
    ];
    let pieces = prop::sample::select(&PIECES);
    prop_oneof![
        prop::collection::vec(pieces, 0..80).prop_map(|it| it.concat()),
        prop::collection::vec(any::<u8>(), 0..400),
    ]
}

proptest! {
    #[test]
    fn whatever_stands_there_is_bounded_and_reads_the_same_again(value in header()) {
        let stages = Stages::parse(&value);
        prop_assert!(stages.iter().count() <= MAX_STAGES);
        let written = stages.to_string();
        prop_assert!(written.len() <= MAX_BYTES, "{written}");
        let again = Stages::parse(written.as_bytes());
        prop_assert_eq!(again.to_string(), written.clone());
        prop_assert!(written.bytes().all(|it| (b' '..0x7f).contains(&it)), "a header's value");
    }
}
