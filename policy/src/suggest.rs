//! "Did you mean": the nearest of what is accepted.

/// A sentence on what is accepted instead of `wrong`, with the nearest name first if one is near.
pub fn accepted<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    sentence(wrong, &candidates.into_iter().collect::<Vec<_>>())
}

/// Not generic, so that it is in a module once.
fn sentence(wrong: &str, candidates: &[&str]) -> String {
    match near(wrong, candidates) {
        Some(name) => format!("did you mean `{name}`? Accepted: {}", candidates.join(", ")),
        None => format!("accepted: {}", candidates.join(", ")),
    }
}

/// The candidate that `wrong` is most likely meant to be, if one is near.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(wrong, &candidates.into_iter().collect::<Vec<_>>())
}

/// Not generic, as [`sentence`].
fn near<'a>(wrong: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|it| (strsim::jaro_winkler(wrong, it), *it))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
