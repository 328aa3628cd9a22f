use super::fairness::fairness;
use super::*;

#[test]
fn who_asks_for_little_and_gets_it_does_not_make_it_unfair() {
    assert_eq!(fairness(&[(100.0, 10.0), (1.0, 1.0), (10.0, 10.0)]), 1.0);
    let hogged = fairness(&[(100.0, 20.0), (10.0, 1.0), (10.0, 0.0)]);
    assert!(hogged < 0.5, "{hogged}");
    assert_eq!(fairness(&[]), 1.0);
}

#[test]
fn percentiles_are_values_that_occurred() {
    let percentiles = Percentiles::of((1..=200).rev().map(|it| it as f32).collect());
    assert_eq!(percentiles, Percentiles { p50: 100.0, p99: 198.0 });
    assert_eq!(Percentiles::of(vec![3.0]), Percentiles { p50: 3.0, p99: 3.0 });
}
