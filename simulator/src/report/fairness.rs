//! Fairness between tenants.

/// Jain's index of what each got of its share, where shares are max-min fair: nobody's is more than it asked
/// for, and what it leaves is the others'. Pairs of what was asked for and what was got. 1 is fair; 1/n is
/// all to one of n.
pub(super) fn fairness(tenants: &[(f64, f64)]) -> f64 {
    let asked: Vec<f64> = tenants.iter().map(|(asked, _)| *asked).collect();
    let got: f64 = tenants.iter().map(|(_, got)| got).sum();
    let level = water_level(asked, got);
    let satisfied = tenants.iter().filter(|(asked, _)| *asked > 0.0);
    let satisfied: Vec<f64> =
        satisfied.map(|(asked, got)| (got / asked.min(level).max(1e-9)).min(1.0)).collect();
    let sum: f64 = satisfied.iter().sum();
    let squares: f64 = satisfied.iter().map(|it| it * it).sum();
    if squares == 0.0 { 1.0 } else { sum * sum / (satisfied.len() as f64 * squares) }
}

/// The most anybody gets when `all` is shared max-min fairly.
fn water_level(mut asked: Vec<f64>, all: f64) -> f64 {
    asked.sort_by(f64::total_cmp);
    let mut left = all;
    let mut sharers = asked.len() as f64;
    for it in asked {
        if it * sharers >= left {
            return left / sharers;
        }
        left -= it;
        sharers -= 1.0;
    }
    f64::INFINITY
}
