//! One bucket: exactly the leaky bucket while all stands in one slice, and when to come again.

use proptest::prelude::*;

use crate::quota::tests::*;

/// The bucket in whole numbers: units times the period.
struct Bucket {
    level: u128,
    at: u64,
    period: u128,
    limit: Limit,
}

impl Bucket {
    fn pass(&mut self, now: u64) {
        let elapsed = u128::from(now - self.at);
        self.level = self.level.saturating_sub(elapsed * u128::from(self.limit.units));
        self.at = now;
    }

    fn used(&self) -> u64 {
        u64::try_from(self.level.div_ceil(self.period)).unwrap()
    }
}

proptest! {
    #[test]
    fn a_bucket_in_one_slice_is_exactly_the_leaky_bucket(
        units in 1..100_000_u64,
        burst in 1..100_000_u64,
        steps in prop::collection::vec((0..4_000_u64, 1..500_u64, 0..600_u64, any::<bool>()), 1..40),
    ) {
        // An hour's slices last 225 s.
        let window = rolling(3600);
        let limit = Limit { units, burst };
        let mut bucket = Bucket { level: 0, at: NOW.0, period: 3_600_000, limit };
        let mut counter = Counter::default();
        let mut open: Vec<Taken> = Vec::new();
        // What came before the bucket was empty is in another slice, and has drained.
        let mut first = 0;
        for (pass, asked, kept, settles) in steps {
            let now = UnixMillis(bucket.at + pass);
            bucket.pass(now.0);
            counter.advance(&window.at(now), Some(limit));
            prop_assert_eq!(counter.used(&window.at(now)), bucket.used());
            if bucket.level == 0 && first != now.0 {
                open.clear();
                first = now.0;
            }
            if settles && let Some(taken) = open.pop() {
                counter.settle(&window.at(now), &taken, kept);
                match kept.checked_sub(taken.units) {
                    Some(more) => bucket.level += u128::from(more) * bucket.period,
                    None => {
                        let less = u128::from(taken.units - kept) * bucket.period;
                        bucket.level = bucket.level.saturating_sub(less);
                    }
                }
            } else if counter.used(&window.at(now)) + asked <= burst {
                open.push(counter.take(&window.at(now), asked, now.plus(Duration::from_secs(3600))));
                bucket.level += u128::from(asked) * bucket.period;
            }
            prop_assert_eq!(counter.used(&window.at(now)), bucket.used());
        }
    }

    #[test]
    fn a_retry_succeeds_at_the_told_millisecond_and_not_before(
        units in 1..5_000_u64,
        burst in 1..5_000_u64,
        seconds in prop_oneof![Just(1_u64), 1..100_u64, Just(86_400), Just(366 * 86_400)],
        is_calendar in any::<bool>(),
        taken in prop::collection::vec((0..2_000_u64, 1..2_000_u64), 0..20),
        asked in 1..5_000_u64,
        late in 0..1_000_u64,
    ) {
        let window = if is_calendar { DAY } else { rolling(seconds) };
        let limit = Limit { units, burst: if is_calendar { units } else { burst } };
        let mut counter = Counter::default();
        let mut now = UnixMillis(NOW.0 + 10_000);
        for (pass, taken) in taken {
            now = now.plus(Duration::from_millis(pass));
            counter.advance(&window.at(now), Some(limit));
            counter.take(&window.at(now), taken, UnixMillis(u64::MAX));
        }
        // Another worker's clock may be a little behind.
        let now = UnixMillis(now.0 - late);
        counter.advance(&window.at(now), Some(limit));
        let fits_after = |millis: u64| {
            let now = UnixMillis(now.0 + millis);
            let mut counter = counter.clone();
            counter.advance(&window.at(now), Some(limit));
            counter.used(&window.at(now)).saturating_add(asked) <= limit.burst
        };
        match counter.millis_until(&window.at(now), limit, asked) {
            None => prop_assert!(asked > limit.burst),
            Some(millis) => {
                prop_assert!(fits_after(millis));
                prop_assert!(millis == 0 || !fits_after(millis - 1));
            }
        }
    }
}
