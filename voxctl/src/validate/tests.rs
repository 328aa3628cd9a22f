use proptest::prelude::*;

use super::policies;
use crate::diagnostic::Source;

const POLICY: &str = include_str!("../../../envoyfilter-yaml/policies/glm-tts.yaml");

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
        at in 0..POLICY.len(),
        cut in 0..12usize,
        put in "[-:\\[\\]{}\"'&*\n\t a-z\u{e9}]{0,4}",
    ) {
        let boundary = |at: usize| (at..=POLICY.len()).find(|it| POLICY.is_char_boundary(*it)).unwrap();
        let start = boundary(at);
        let end = boundary((start + cut).min(POLICY.len()));
        show(&[&POLICY[..start], &put, &POLICY[end..]].concat());
    }
}
