//! Any service without `TCP_NODELAY`, and any with it.

use proptest::prelude::*;

use super::*;

/// Gaps between writes, in tenths of a millisecond, around a mean.
fn jittered(mean: std::ops::Range<u32>) -> impl Strategy<Value = Vec<u32>> {
    mean.prop_flat_map(|mean| prop::collection::vec(mean / 2..mean * 3 / 2, 120))
}

fn written(gaps: &[u32], bytes: &[u8]) -> Vec<(f64, Vec<u8>)> {
    let mut now = 0.0;
    gaps.iter()
        .map(|gap| {
            now += f64::from(*gap) / 10.0;
            (now, bytes.to_vec())
        })
        .collect()
}

proptest! {
    #[test]
    fn a_service_that_writes_faster_than_it_plays_without_nodelay_is_recognised(
        gaps in jittered(80..130),
        acks in prop::collection::vec(400_u32..445, 1..20),
    ) {
        let acks: Vec<f64> = acks.iter().map(|it| f64::from(*it) / 10.0).collect();
        let arrivals = without_nodelay(&written(&gaps, &PCM), &acks);
        prop_assert!(is_recognised("audio/pcm", &arrivals));
    }

    #[test]
    fn no_service_with_nodelay_is(
        gaps in jittered(10..1000),
        sizes in prop::collection::vec(1_usize..960, 1..20),
    ) {
        let mut arrivals = written(&gaps, &PCM);
        for (arrival, size) in arrivals.iter_mut().zip(sizes.iter().cycle()) {
            arrival.1.truncate(*size);
        }
        prop_assert!(!is_recognised("audio/pcm", &arrivals));
    }

    #[test]
    fn nor_one_that_sends_in_real_time(
        frames in 1_u32..10,
        jitter in prop::collection::vec(-25_i32..25, 1..20),
    ) {
        let len = usize::try_from(frames * 480).unwrap();
        let arrivals: Vec<_> = (0..100)
            .zip(jitter.iter().cycle())
            .map(|(i, jitter)| (f64::from(i * frames * 10) + 3.0 + f64::from(*jitter) / 10.0, vec![1; len]))
            .collect();
        prop_assert!(!is_recognised("audio/pcm", &arrivals));
    }

    #[test]
    fn nor_a_model_with_a_step_of_about_42_ms(
        step in 380_u32..460,
        jitter in prop::collection::vec(-20_i32..20, 1..20),
        size in 500_usize..20_000,
        first in 1_usize..20_000,
    ) {
        let mut arrivals: Vec<_> = (0..60)
            .zip(jitter.iter().cycle())
            .map(|(i, jitter)| (5.0 + f64::from(i * step) / 10.0 + f64::from(*jitter) / 10.0, vec![1; size]))
            .collect();
        arrivals[0].1 = vec![1; first];
        prop_assert!(!is_recognised("audio/pcm", &arrivals));
    }
}
