//! Any response, any cutting, any cut.

use proptest::prelude::*;

use super::*;
use crate::testing::audio::*;

const TYPES: [&str; 11] = [
    "audio/wav",
    "audio/pcm",
    "audio/L16;rate=8000;channels=2",
    "audio/mpeg",
    "audio/aac",
    "audio/ogg",
    "audio/flac",
    "",
    "application/json",
    "application/x-ndjson",
    "text/event-stream",
];

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let usage =
        "data: {\"usage\":{\"total_tokens\":7}}\r\n\r\n: c\ndata: {\"eval_count\":\ndata:3}\n\n";
    prop_oneof![
        any::<Vec<u8>>(),
        Just(wav(8000, 20)),
        Just(flac_frames(16_000, 6)),
        Just([id3(30), xing(3), mp3(4)].concat()),
        Just(adts(9)),
        Just([opus(1, 50_000), opus(2, 50_000)].concat()),
        Just(usage.as_bytes().to_vec()),
        Just(b"{\"usage\":{\"input_tokens\":7,\"output_tokens\":12}}\n{\"eval_count\":5}".to_vec()),
        // Headers everywhere.
        prop::collection::vec(
            prop::sample::select(&b"\xff\xf8\xf1\xfbOggSID3TAG\0\x08\x90"[..]),
            0..2000
        ),
    ]
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_and_a_cut_never_more(
        content_type in prop::sample::select(&TYPES),
        body in bodies(),
        changes: Vec<(prop::sample::Index, u8)>,
        size in 1_usize..300,
    ) {
        let mut body = body;
        for (at, byte) in changes.iter().take(6) {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = *byte;
            }
        }
        let whole = delivered(content_type, &body);
        prop_assert_eq!(in_pieces(content_type, &body, size), whole);
        let audio = |it: &Delivered| it.audio.unwrap_or_default().0;
        prop_assert!(audio(&whole) <= whole.bytes * MAX_MILLIS_PER_BYTE);
        let mut meter = ResponseMeter::new(&head(content_type));
        for (byte, came) in body.iter().zip(1..) {
            meter.feed(&[*byte]);
            let now = meter.delivered();
            prop_assert_eq!(now.bytes, came);
            // What turns out to be another thing is not measured at all.
            prop_assert!(whole.audio.is_none() || audio(&now) <= audio(&whole));
            prop_assert!(audio(&now) <= came * MAX_MILLIS_PER_BYTE);
        }
        prop_assert_eq!(meter.delivered(), whole);
    }

    #[test]
    fn two_rates_and_many_are_the_sum(lengths in prop::collection::vec((0_u64..1 << 30, 1_u64..400_000), 0..20)) {
        let mut length = Length::default();
        lengths.iter().for_each(|(samples, rate)| length.add(*samples, *rate));
        let each = lengths.iter().map(|(samples, rate)| *samples as f64 * 1000.0 / *rate as f64);
        let sum: f64 = each.sum();
        let told = length.millis().0 as f64;
        prop_assert!(told + sum * 1e-9 >= sum && told <= sum * (1.0 + 1e-9) + 1.1);
    }
}
