//! What is known only afterwards: reserved by estimate, settled to the real figure.

use super::*;

fn guess(limit: Limit, units: u64, most: u64) -> Charge {
    charge(0, &DAY, limit, Units::Estimate { units, most })
}

fn taken(verdict: Verdict) -> u64 {
    granted(verdict).accounts[0].taken[0].units
}

#[wasm_bindgen_test(unsupported = test)]
fn an_estimate_is_capped_at_its_share_and_at_what_is_left() {
    for (used, units, most, expected) in [
        (0, 7, 100, 7),
        (0, 700, 100, 100),
        (950, 700, 100, 50),
        (999, 700, 100, 1),
        (999, 1, 100, 1),
        (0, 0, 100, 1),
    ] {
        let store = store();
        assert!(used == 0 || is_granted(&ask(&store, &exact(0, &DAY, limit(1000), used), NOW)));
        let verdict = ask(&store, &guess(limit(1000), units, most), NOW);
        assert_eq!(taken(verdict), expected, "{units} of {most} after {used}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tenant_with_one_unit_left_is_not_blocked_by_a_pessimistic_estimate() {
    let store = store();
    assert!(is_granted(&ask(&store, &exact(0, &DAY, limit(1000), 999), NOW)));
    assert_eq!(taken(ask(&store, &guess(limit(1000), u64::MAX, 1000), NOW)), 1);
    let violation = denied(ask(&store, &guess(limit(1000), u64::MAX, 1000), NOW)).remove(0);
    assert_eq!((violation.remaining(), violation.standing.asked), (0, 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_hundred_parallel_estimates_on_an_empty_budget_are_denied() {
    let store = store();
    let one = guess(limit(1000), 400, 100);
    let admitted = (0..100).filter(|_| is_granted(&ask(&store, &one, NOW))).count();
    assert_eq!(admitted, 10, "each has its share, and there are no more");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_real_figure_counts_below_and_above_the_reserved() {
    for window in [DAY, rolling(86_400)] {
        for (kept, expected) in [(0, 0), (40, 40), (100, 100), (170, 170)] {
            let store = store();
            let charge = charge(0, &window, limit(1000), Units::Estimate { units: 400, most: 100 });
            let mut first = granted(ask(&store, &charge, NOW));
            settle(&store, &mut first, &[kept], NOW);
            assert_eq!(standing(&store, &tenant("acme"), &charge, NOW).used, expected);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_real_figure_past_the_limit_denies_the_next() {
    let store = store();
    let one = guess(limit(1000), 10, 100);
    let mut first = granted(ask(&store, &one, NOW));
    settle(&store, &mut first, &[5000], NOW);
    assert_eq!(denied(ask(&store, &one, NOW))[0].standing.used, 5000);
    let tomorrow = NOW.plus(Duration::from_secs(86_400));
    assert!(is_granted(&ask(&store, &one, tomorrow)));
}
