use proptest::prelude::*;

use super::policies;
use crate::diagnostic::Source;

const POLICY: &str = include_str!("../../../envoyfilter-yaml/policies/glm-tts.yaml");
const ENVOY_FILTER: &str = include_str!("../../../envoyfilter-yaml/filters/jwt-tier.yaml");

/// Reads the text and shows every error of it.
fn show(text: &str) {
    let source = Source { name: "p.yaml".to_owned(), text: text.to_owned() };
    for error in policies(&source).err().into_iter().flatten() {
        assert!(text.get(error.span.clone()).is_some(), "{error:?}");
        assert!(error.render(&source).contains("p.yaml"), "{error:?}");
        error.to_json(&source);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        show(&text);
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(
        text in "([a-z]{1,3}|[-:,?&*!|>'\"%@`#{}\\[\\]~<]|[ \t\r\n]|\u{e9}|\u{1f600}|[0-9.]){0,60}",
    ) {
        show(&text);
    }

    #[test]
    fn no_broken_policy_makes_it_panic(
        embedded in any::<bool>(),
        at in any::<prop::sample::Index>(),
        cut in 0..12usize,
        put in "[-:\\[\\]{}\"'&*\n\t a-z\u{e9}]{0,4}",
    ) {
        let text = if embedded { ENVOY_FILTER } else { POLICY };
        let boundary = |at: usize| (at..=text.len()).find(|it| text.is_char_boundary(*it)).unwrap();
        let start = boundary(at.index(text.len()));
        let end = boundary((start + cut).min(text.len()));
        show(&[&text[..start], &put, &text[end..]].concat());
    }
}
