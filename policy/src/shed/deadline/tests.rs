use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

#[wasm_bindgen_test(unsupported = test)]
fn a_deadline_is_a_number_of_milliseconds() {
    assert_eq!(parse_deadline(b"1800000000500"), Ok(UnixMillis(1_800_000_000_500)));
    assert_eq!(parse_deadline(b" 17 "), Ok(UnixMillis(17)));
    for bad in [&b""[..], b"-1", b"1.5", b"500ms", b"1e3", b"1234567890123456", b"\xff", b"1 2"] {
        assert_eq!(parse_deadline(bad), Err(BadDeadline), "{bad:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grpc_timeout_has_a_unit() {
    assert_eq!(parse_grpc_timeout(b"500m"), Some(Duration::from_millis(500)));
    assert_eq!(parse_grpc_timeout(b"2S"), Some(Duration::from_secs(2)));
    assert_eq!(parse_grpc_timeout(b"99999999H"), Some(Duration::from_secs(359_999_996_400)));
    for bad in [&b""[..], b"m", b"500", b"123456789m", b"5x", b"-5m", b"\xff"] {
        assert_eq!(parse_grpc_timeout(bad), None, "{bad:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_earliest_counts() {
    let all =
        deadline(Some(b"1800000000400"), Some(b"300m"), Some(Duration::from_millis(500)), NOW);
    assert_eq!(all, Ok(Some(UnixMillis(1_800_000_000_300))));
    let budget = deadline(None, None, Some(Duration::from_millis(500)), NOW);
    assert_eq!(budget, Ok(Some(UnixMillis(1_800_000_000_500))));
    assert_eq!(deadline(None, None, None, NOW), Ok(None));
    assert_eq!(deadline(Some(b"soon"), None, None, NOW), Err(BadDeadline));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_cannot_stretch_what_the_caller_before_has_left() {
    let left = deadline(Some(b"1800000000001"), None, Some(Duration::from_secs(60)), NOW);
    assert_eq!(left, Ok(Some(UnixMillis(1_800_000_000_001))));
}
