//! Any arrivals, against a player that goes through the time a millisecond at a time.

use proptest::prelude::*;

use super::*;

/// What a player does in each millisecond.
fn played(chunks: &[(u64, u64)], start: u64) -> (u32, u64, u64) {
    let (mut buffered, mut is_playing, mut underruns) = (0_u64, false, 0_u32);
    let (mut silent, mut missing, mut longest) = (0_u64, 0_u64, 0_u64);
    let last = chunks.last().map_or(0, |it| it.0);
    for now in 0..=last {
        for (_, audio) in chunks.iter().filter(|it| it.0 == now && it.1 > 0) {
            buffered += audio;
            if silent > 0 {
                underruns += 1;
                missing += silent;
                longest = longest.max(silent);
                silent = 0;
            }
        }
        is_playing |= buffered > 0 && buffered >= start;
        match (is_playing, buffered) {
            (true, 0) => silent += 1,
            (true, _) => buffered -= 1,
            (false, _) => {}
        }
    }
    (underruns, missing, longest)
}

proptest! {
    #[test]
    fn holes_are_those_of_a_player_that_goes_through_time(
        steps in prop::collection::vec((0_u64..120, 0_u64..120), 1..60),
        start in 0_u64..300,
    ) {
        let mut now = 0;
        let chunks: Vec<(u64, u64)> = steps
            .iter()
            .map(|(gap, audio)| {
                now += gap;
                (now, *audio)
            })
            .collect();
        let mut it = Listener::new(&terms(start, 100));
        let mut total = 0;
        for (now, audio) in &chunks {
            total += audio;
            it.heard(ms(total), at(*now as f64));
        }
        let (underruns, missing, longest) = played(&chunks, start);
        prop_assert_eq!(holes(&it), (underruns, ms(missing), ms(longest)));
    }
}
