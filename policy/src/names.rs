//! Patterns of names, such as voices and models: a name, with `*` for any run of characters.

#[cfg(test)]
mod tests;

/// The names that a list of patterns stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamePatterns(Vec<String>);

impl NamePatterns {
    /// The names that any of `patterns` stands for. Case matters.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        Self(patterns.into_iter().map(str::to_owned).collect())
    }

    /// Whether `name` is one of them.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, name))
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a rule may be called so: rule names stand in problems and in metrics.
pub fn is_label(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Linear in the product of the lengths at worst; policies write the patterns, and names are short.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // Whatever stands between stars is found as early as possible, which leaves most to the next.
    let after = parts.try_fold(rest, |rest, part| rest.split_once(part).map(|(_, after)| after));
    after.is_some_and(|rest| rest.ends_with(last))
}
