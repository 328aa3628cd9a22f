//! Single limits, at their edges.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// How many of `units` each are admitted at once.
fn admitted(window: &Window, limit: Limit, units: u64) -> usize {
    let store = store();
    let charge = exact(0, window, limit, units);
    (0..1000).take_while(|_| is_granted(&ask(&store, &charge, NOW))).count()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_limit_admits_exactly_so_many() {
    for window in [Window::Held, DAY, rolling(3600)] {
        assert_eq!(admitted(&window, limit(100), 1), 100, "{window:?}");
        assert_eq!(admitted(&window, limit(100), 7), 14, "{window:?}");
        assert_eq!(admitted(&window, limit(100), 100), 1, "{window:?}");
        assert_eq!(admitted(&window, limit(100), 101), 0, "{window:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_limit_of_zero_admits_nothing_and_no_time_helps() {
    for window in [Window::Held, DAY, rolling(1)] {
        let violation = denied(ask(&store(), &exact(0, &window, limit(0), 1), NOW)).remove(0);
        assert_eq!(violation.standing.millis, None, "{window:?}");
        let guess = charge(0, &window, limit(0), Units::Estimate { units: 9, most: 1 });
        let violation = denied(ask(&store(), &guess, NOW)).remove(0);
        assert_eq!(violation.standing.millis, None, "{window:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_largest_limits_and_requests_do_not_overflow() {
    for window in [Window::Held, DAY, rolling(366 * 86_400), rolling(1)] {
        let store = store();
        let all = exact(0, &window, limit(u64::MAX), u64::MAX);
        let mut first = granted(ask(&store, &all, NOW));
        let at = standing(&store, &tenant("acme"), &all, NOW);
        assert_eq!((at.used, at.reserved), (u64::MAX, u64::MAX), "{window:?}");
        let one = exact(0, &window, limit(u64::MAX), 1);
        assert!(!is_granted(&ask(&store, &one, NOW)), "{window:?}");
        settle(&store, &mut first, &[u64::MAX], NOW);
        let far = UnixMillis(u64::MAX / 2);
        let _ = ask(&store, &all, far);
        let _ = ask(&store, &all, NOW);
        let _ = ask(&store, &all, UnixMillis(0));
        let _ = ask(&store, &all, UnixMillis(u64::MAX));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn more_than_was_reserved_does_not_overflow() {
    let store = store();
    let charge = exact(0, &DAY, limit(10), 5);
    let mut first = granted(ask(&store, &charge, NOW));
    settle(&store, &mut first, &[u64::MAX], NOW);
    assert_eq!(standing(&store, &tenant("acme"), &charge, NOW).used, u64::MAX);
    assert_eq!(denied(ask(&store, &charge, NOW))[0].remaining(), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_burst_smaller_than_the_limit_paces() {
    let store = store();
    let window = rolling(3600);
    let charge = exact(0, &window, Limit { units: 3600, burst: 10 }, 10);
    assert!(is_granted(&ask(&store, &charge, NOW)));
    let violation = denied(ask(&store, &charge, NOW)).remove(0);
    assert_eq!(violation.standing.millis, Some(10_000));
    assert!(is_granted(&ask(&store, &charge, UnixMillis(NOW.0 + 10_000))));
    let larger = exact(0, &window, Limit { units: 3600, burst: 10 }, 11);
    assert_eq!(denied(ask(&store, &larger, NOW))[0].standing.millis, None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_burst_larger_than_the_limit_drains_by_the_limit() {
    let store = store();
    let window = rolling(60);
    let of = |units| exact(0, &window, Limit { units: 60, burst: 600 }, units);
    settle(&store, &mut granted(ask(&store, &of(600), NOW)), &[600], NOW);
    let used = |seconds| {
        let now = NOW.plus(Duration::from_secs(seconds));
        standing(&store, &tenant("acme"), &of(0), now).used
    };
    assert_eq!([used(0), used(60), used(599), used(600)], [600, 540, 1, 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_burst_over_many_slices_is_still_counted() {
    let window = rolling(16);
    let mut counter = Counter::default();
    let limit = Limit { units: 16, burst: 10_000 };
    for second in 0..100 {
        let now = NOW.plus(Duration::from_secs(second));
        counter.advance(&window.at(now), Some(limit));
        counter.take(&window.at(now), 11, UnixMillis(u64::MAX));
    }
    assert_eq!(counter.used(&window.at(NOW)), 100 * 11 - 99);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_has_drained_is_not_given_back_of_what_came_later() {
    let store = store();
    let charge = exact(0, &rolling(160), limit(160), 30);
    let mut first = granted(ask(&store, &charge, NOW));
    let later = NOW.plus(Duration::from_secs(20));
    let _second = granted(ask(&store, &charge, later));
    settle(&store, &mut first, &[0], later);
    // Ten of the first thirty had not drained.
    assert_eq!(standing(&store, &tenant("acme"), &charge, later).used, 30);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_year_drains_unit_by_unit() {
    let store = store();
    let window = rolling(366 * 86_400);
    let charge = exact(0, &window, limit(366), 366);
    assert!(is_granted(&ask(&store, &charge, NOW)));
    let mut kept = granted(ask(&store, &exact(1, &window, limit(366), 366), NOW));
    settle(&store, &mut kept, &[366], NOW);
    let used = |days: u64| {
        let now = NOW.plus(Duration::from_secs(days * 86_400));
        standing(&store, &tenant("acme"), &exact(1, &window, limit(366), 0), now).used
    };
    assert_eq!([used(0), used(1), used(365), used(366)], [366, 365, 1, 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_held_longer_than_its_window_counts_where_it_was_admitted() {
    let store = store();
    let evening = NOW.plus(23 * HOUR);
    let charge = exact(0, &DAY, limit(10), 6);
    let mut first = granted(ask(&store, &charge, evening));
    let renewals: Vec<UnixMillis> =
        (1..240).map(|it| evening.plus(Duration::from_secs(it * 30))).collect();
    for now in &renewals {
        ready(store.renew(0, &mut first, *now, now.plus(LEASE))).unwrap();
    }
    let morning = *renewals.last().unwrap();
    assert_eq!(standing(&store, &tenant("acme"), &charge, morning).used, 0);
    assert!(is_granted(&ask(&store, &charge, morning)));
    settle(&store, &mut first, &[4], morning);
    assert_eq!(standing(&store, &tenant("acme"), &charge, morning).used, 6);
    assert_eq!(standing(&store, &tenant("acme"), &charge, evening).used, 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_held_longer_than_a_rolling_window_has_drained_when_it_ends() {
    let store = store();
    let charge = exact(0, &rolling(1), limit(10), 10);
    let mut first = granted(ask(&store, &charge, NOW));
    let late = NOW.plus(Duration::from_secs(30));
    assert!(is_granted(&ask(&store, &charge, late)));
    settle(&store, &mut first, &[0], late);
    assert_eq!(standing(&store, &tenant("acme"), &charge, late).used, 10, "another's stay");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_crash_is_forgotten_with_its_lease() {
    for window in [Window::Held, DAY, rolling(86_400)] {
        let store = store();
        let charge = exact(0, &window, limit(100), 100);
        assert!(is_granted(&ask(&store, &charge, NOW)));
        let lease = NOW.plus(LEASE);
        assert!(!is_granted(&ask(&store, &charge, UnixMillis(lease.0 - 1))), "{window:?}");
        assert!(is_granted(&ask(&store, &charge, lease)), "{window:?}");
        assert!(store.take_expired() >= 99, "{window:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lease_that_expired_is_taken_anew_when_it_is_renewed() {
    let store = store();
    let charge = exact(0, &Window::Held, limit(1), 1);
    let mut first = granted(ask(&store, &charge, NOW));
    let late = NOW.plus(2 * LEASE);
    let mut second = granted(ask(&store, &charge, late));
    ready(store.renew(0, &mut first, late, late.plus(LEASE))).unwrap();
    let used = || standing(&store, &tenant("acme"), &charge, late).used;
    assert_eq!(used(), 2, "past the limit: both are there");
    settle(&store, &mut second, &[0], late);
    assert_eq!(used(), 1);
    settle(&store, &mut first, &[0], late);
    assert_eq!(used(), 0);
}

/// A counter whose clock was set back was not written unless something expired, so each look took the
/// same step for a new one, and a crash's units stayed until the clock was where it had been.
#[wasm_bindgen_test(unsupported = test)]
fn a_crash_before_the_clock_was_set_back_is_forgotten_within_a_lease() {
    let store = store();
    let noon = NOW.plus(12 * HOUR);
    let charge = exact(0, &Window::Held, limit(1), 1);
    let _crashed = granted(ask(&store, &charge, noon));
    for second in 0..60 {
        let now = NOW.plus(Duration::from_secs(second));
        assert!(!is_granted(&ask(&store, &charge, now)), "{second}");
    }
    assert!(is_granted(&ask(&store, &charge, NOW.plus(LEASE))));

    let swept = self::store();
    let _crashed = granted(ask(&swept, &charge, noon));
    let windows = [(CounterKey(0), Window::Held)];
    for seconds in [0, 30, 60] {
        let now = NOW.plus(Duration::from_secs(seconds));
        swept.sweep(store::slot_of(&tenant("acme")), &windows, now).unwrap();
    }
    assert_eq!(swept.take_expired(), 1);
}

/// A reservation was not found by its times after the clock was set back: its units counted twice
/// until it expired.
#[wasm_bindgen_test(unsupported = test)]
fn a_reservation_outlives_a_clock_that_is_set_back() {
    for (window, kept) in [(Window::Held, 0), (DAY, 3), (rolling(86_400), 3)] {
        let store = store();
        let charge = exact(0, &window, limit(10), 5);
        let mut first = granted(ask(&store, &charge, NOW.plus(5 * HOUR)));
        let mut now = NOW.plus(3 * HOUR);
        ready(store.renew(0, &mut first, now, now.plus(LEASE))).unwrap();
        assert_eq!(standing(&store, &tenant("acme"), &charge, now).used, 5, "{window:?}");
        now = NOW.plus(HOUR);
        settle(&store, &mut first, &[kept], now);
        let at = standing(&store, &tenant("acme"), &charge, now);
        assert_eq!((at.used, at.reserved), (kept, 0), "{window:?}");
    }
}

/// The oldest window was forgotten when there were too many, though it was the present one.
#[wasm_bindgen_test(unsupported = test)]
fn the_present_window_of_the_calendar_is_never_forgotten() {
    let store = store();
    let use_one = |day: u64| {
        let now = NOW.plus(Duration::from_secs(day * 86_400));
        let charge = exact(0, &DAY, limit(100), 1);
        let mut one = granted(ask(&store, &charge, now));
        settle(&store, &mut one, &[1], now);
        standing(&store, &tenant("acme"), &charge, now).used
    };
    assert_eq!([10, 11, 12, 13, 14, 15].map(use_one), [1; 6]);
    assert_eq!([13, 13, 13].map(use_one), [2, 3, 4]);
    assert_eq!([8, 8, 8].map(use_one), [1, 2, 3]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_calendar_window_is_found_again_after_two_others() {
    for unit in [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month] {
        let window = Window::Calendar(unit, Zone::UTC);
        let charge = exact(0, &window, limit(10), 10);
        let store = store();
        let mut first = granted(ask(&store, &charge, NOW));
        settle(&store, &mut first, &[10], NOW);
        let mut now = NOW;
        for _ in 0..2 {
            now = window.calendar(now).unwrap().end;
            assert!(is_granted(&ask(&store, &charge, now)), "{unit:?}");
        }
        assert!(!is_granted(&ask(&store, &charge, NOW)), "{unit:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_forth_drains_and_one_that_is_set_back_does_not() {
    let store = store();
    let charge = exact(0, &rolling(86_400), limit(24), 24);
    let mut first = granted(ask(&store, &charge, NOW.plus(5 * HOUR)));
    settle(&store, &mut first, &[24], NOW.plus(5 * HOUR));
    let look = exact(0, &rolling(86_400), limit(24), 0);
    let used = |now| standing(&store, &tenant("acme"), &look, now).used;
    assert_eq!(used(NOW), 24);
    let one = exact(0, &rolling(86_400), limit(24), 1);
    assert!(is_granted(&ask(&store, &one, NOW.plus(15 * HOUR))));
    assert_eq!(used(NOW.plus(15 * HOUR)), 15);
    assert_eq!(used(NOW.plus(5 * HOUR)), 15);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_changed_limit_applies_to_what_is_used_already() {
    for window in [Window::Held, DAY, rolling(86_400)] {
        let store = store();
        let ten = exact(0, &window, limit(10), 10);
        let mut first = granted(ask(&store, &ten, NOW));
        assert!(!is_granted(&ask(&store, &exact(0, &window, limit(10), 1), NOW)));
        assert!(is_granted(&ask(&store, &exact(0, &window, limit(11), 1), NOW)), "{window:?}");
        assert!(!is_granted(&ask(&store, &exact(0, &window, limit(5), 1), NOW)), "{window:?}");
        settle(&store, &mut first, &[0], NOW);
        assert!(is_granted(&ask(&store, &exact(0, &window, limit(5), 4), NOW)), "{window:?}");
    }
}

/// What was admitted under an earlier policy settled under its limit, and drained by it.
#[wasm_bindgen_test(unsupported = test)]
fn a_request_of_an_earlier_policy_does_not_bring_its_limit_back() {
    let store = store();
    let window = rolling(86_400);
    let mut early = granted(ask(&store, &exact(0, &window, limit(24_000), 24), NOW));
    let charge = exact(0, &window, limit(24), 0);
    let _ = ask(&store, &charge, NOW);
    let later = NOW.plus(Duration::from_secs(30));
    settle(&store, &mut early, &[24], later);
    assert_eq!(standing(&store, &tenant("acme"), &charge, later).used, 24);
}

#[wasm_bindgen_test(unsupported = test)]
fn accounts_are_admitted_together_or_not_at_all() {
    let store = store();
    let user = AccountId::User([7; 16]);
    let demand = |units: u64| {
        demand_of(vec![
            (user.clone(), vec![exact(0, &DAY, limit(10), units)]),
            (tenant("acme"), vec![exact(1, &DAY, limit(8), units)]),
            (AccountId::Service, vec![exact(2, &DAY, limit(6), units)]),
        ])
    };
    let reserve = |units| ready(store.reserve(0, &demand(units), NOW, NOW.plus(LEASE))).unwrap();
    let used = || {
        let all = [(user.clone(), 0), (tenant("acme"), 1), (AccountId::Service, 2)];
        all.map(|(id, rule)| standing(&store, &id, &exact(rule, &DAY, limit(10), 0), NOW).used)
    };
    let rules = |verdict| -> Vec<u8> { denied(verdict).iter().map(|it| it.rule.0).collect() };
    assert_eq!(rules(reserve(7)), [2]);
    assert_eq!(rules(reserve(9)), [1, 2]);
    assert_eq!(rules(reserve(11)), [0, 1, 2]);
    assert_eq!(used(), [0, 0, 0]);
    assert!(is_granted(&reserve(6)));
    assert_eq!(used(), [6, 6, 6]);
    // The narrower ones deny, the widest does not.
    let narrow = |user_limit| {
        demand_of(vec![
            (user.clone(), vec![exact(0, &DAY, limit(user_limit), 1)]),
            (tenant("acme"), vec![exact(1, &DAY, limit(6), 1)]),
            (AccountId::Service, vec![exact(2, &DAY, limit(60), 1)]),
        ])
    };
    for (user_limit, rule) in [(60, vec![1]), (6, vec![0, 1])] {
        let answer = store.reserve(0, &narrow(user_limit), NOW, NOW.plus(LEASE));
        assert_eq!(rules(ready(answer).unwrap()), rule);
        assert_eq!(used(), [6, 6, 6]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_on_trial_counts_past_its_limit_and_denies_nothing() {
    let store = store();
    let charge = Charge { is_shadow: true, ..exact(0, &DAY, limit(1), 1) };
    assert!(!granted(ask(&store, &charge, NOW)).accounts[0].standings[0].is_violated);
    let second = granted(ask(&store, &charge, NOW));
    assert!(second.accounts[0].standings[0].is_violated);
    assert_eq!(second.accounts[0].standings[0].used, 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_has_no_limit_is_counted_and_never_denied() {
    let store = store();
    let charge = Charge { limit: None, ..exact(0, &DAY, limit(0), u64::MAX / 2) };
    for _ in 0..4 {
        assert!(is_granted(&ask(&store, &charge, NOW)));
    }
    assert_eq!(standing(&store, &tenant("acme"), &charge, NOW).used, u64::MAX);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sum_of_many_reservations_stays_small() {
    let window = rolling(1);
    let mut counter = Counter::default();
    let limit = Some(limit(1000));
    // An hour of ten requests a second that nobody settles, under a lease of an hour.
    for request in 0..36_000_u64 {
        let now = UnixMillis(NOW.0 + request * 100);
        counter.advance(&window.at(now), limit);
        let expires = UnixMillis(now.plus(HOUR).0.next_multiple_of(450_000));
        counter.take(&window.at(now), 1, expires);
    }
    let bytes = postcard::to_allocvec(&counter).unwrap().len();
    assert!(bytes < 600, "{bytes} bytes");
    assert_eq!(
        counter.reserved(&window.at(UnixMillis(NOW.0 + 3_599_900))),
        counter.used(&window.at(NOW))
    );
}
