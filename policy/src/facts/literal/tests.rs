use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn flags_are_read_as_pydantic_reads_them() {
    for text in ["true", "True", "1", "yes", "ON", "3", "0.5", "1e-3"] {
        assert_eq!(flag(text.as_bytes()), Flag::True, "{text}");
    }
    for text in ["", "false", "0", "no", "OFF", "0.0", "-0", "0e9"] {
        assert_eq!(flag(text.as_bytes()), Flag::False, "{text}");
    }
    for text in ["sse", "null", "1x", "-", ".", "1.2.3", "\u{661}"] {
        assert_eq!(flag(text.as_bytes()), Flag::Unclear, "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sample_rate_that_is_not_all_digits_is_above_every_limit() {
    assert_eq!(sample_rate(b""), None);
    assert_eq!(sample_rate(b"24000"), Some(24_000));
    assert_eq!(sample_rate(b"0024000"), Some(24_000));
    for text in ["2.4e4", "24000.0", "24_000", " 24000", "-1", "99999999999999999999999", "x"] {
        assert_eq!(sample_rate(text.as_bytes()), Some(u64::MAX), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_format_may_have_its_sample_rate_in_its_name() {
    assert_eq!(sample_rate_of_format(b"mp3_44100_128"), Some(44_100));
    assert_eq!(sample_rate_of_format(b"pcm_16000"), Some(16_000));
    for name in ["mp3", "mp3_", "pcm_s16le", "a__8000", ""] {
        assert_eq!(sample_rate_of_format(name.as_bytes()), None, "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_speed_is_held_to_what_services_take() {
    for (text, thousandths) in [
        ("1", 1000),
        ("1.25", 1250),
        (" 0.5 ", 500),
        (".5", 500),
        ("5e-1", 500),
        ("0.005E+2", 500),
        ("0", 10),
        ("-2", 10),
        ("1e-999999999999999999999", 10),
        ("0.1", 100),
        ("100", 4000),
        ("1e99", 4000),
        ("0.50000000000000000000000000000000001", 500),
        ("1000000000000000000000000e-24", 1000),
    ] {
        assert_eq!(Speed::parse(text.as_bytes()), Some(Speed(thousandths)), "{text}");
    }
    for text in ["", "fast", "NaN", "1,5", "--1", "1e", "0x1", "1 2"] {
        assert_eq!(Speed::parse(text.as_bytes()), None, "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn slow_speech_takes_longer() {
    assert_eq!(Speed(500).stretch(10), 20);
    assert_eq!(Speed(4000).stretch(10), 3);
    assert_eq!(Speed::SLOWEST.stretch(u64::MAX), u64::MAX);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_is_compared_by_what_it_is_not_by_how_it_is_written() {
    for text in ["0", "-0.0", "16000", "016000", "1.6e4", "16000.0000", "1600000e-2", "+5", "0e99"]
    {
        assert!(is_at_most(text.as_bytes(), 16_000), "{text}");
    }
    for text in ["16000.0001", "16001", "1e99", "-1", "-1e-99", "", "x", "1_0", " 5", "1e", "nan"] {
        assert!(!is_at_most(text.as_bytes(), 16_000), "{text}");
    }
    assert!(is_at_most(b"18446744073709551615", u64::MAX));
}
