use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    FirstByte { work: u64, took: u64, in_flight: u64 },
    Finished { work: u64, took: u64 },
    Failed(Failure),
    Reported(u32),
    Level { in_flight: u64, queued: u64 },
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000_000_u64, any::<u64>(), Just(0), Just(u64::MAX)]
}

fn step() -> impl Strategy<Value = Step> {
    let failure =
        prop_oneof![Just(Failure::Overload), Just(Failure::Broken), Just(Failure::TimedOut)];
    prop_oneof![
        4 => (number(), number(), number())
            .prop_map(|(work, took, in_flight)| Step::FirstByte { work, took, in_flight }),
        1 => (number(), number()).prop_map(|(work, took)| Step::Finished { work, took }),
        1 => failure.prop_map(Step::Failed),
        1 => any::<u32>().prop_map(Step::Reported),
        2 => (number(), number()).prop_map(|(in_flight, queued)| Step::Level { in_flight, queued }),
    ]
}

fn take(load: &mut Load, step: Step, terms: &LoadTerms, now: UnixMillis) {
    match step {
        Step::FirstByte { work, took, in_flight } => {
            load.first_byte(Work(work), millis(took), Work(in_flight), terms, now);
        }
        Step::Finished { work, took } => load.finished(Work(work), millis(took), terms, now),
        Step::Failed(failure) => load.failed(failure, terms, now),
        Step::Reported(permille) => load.reported(permille, now),
        Step::Level { in_flight, queued } => {
            load.level(Work(in_flight), Work(queued), terms, now);
        }
    }
}

proptest! {
    /// Whatever comes and however the clock goes: the capacity is within its bounds, no failure raises it,
    /// nothing raises it within five seconds of one.
    #[test]
    fn learned_capacity_keeps_its_bounds_and_never_rises_on_errors(
        steps in prop::collection::vec((step(), -2_000_i64..10_000), 1..200),
    ) {
        let terms = terms();
        let mut load = Load::default();
        let mut now = NOW;
        let mut failed_at = None;
        for (step, passed) in steps {
            now = UnixMillis(now.0.saturating_add_signed(passed));
            let before = load.capacity(&terms);
            take(&mut load, step, &terms, now);
            let after = load.capacity(&terms);
            prop_assert!((terms.least..=terms.most).contains(&after));
            if let Step::Failed(_) = step {
                failed_at = Some(now.0);
            }
            // A clock that was set back does not know when that was.
            if failed_at.is_some_and(|at| (at..=at + 5_000).contains(&now.0)) {
                prop_assert!(after <= before, "{before:?} {after:?}");
            }
        }
    }

    /// Whatever was before, ten quiet seconds later the level is normal.
    #[test]
    fn ten_quiet_seconds_make_it_normal(
        steps in prop::collection::vec((step(), -2_000_i64..10_000), 1..100),
    ) {
        let terms = terms();
        let mut load = Load::default();
        let mut now = NOW;
        for (step, passed) in steps {
            now = UnixMillis(now.0.saturating_add_signed(passed));
            take(&mut load, step, &terms, now);
        }
        for _ in 0..20 {
            now = now.plus(millis(500));
            load.level(Work(0), Work(0), &terms, now);
        }
        prop_assert_eq!(load.current(), Level::Normal);
    }
}
