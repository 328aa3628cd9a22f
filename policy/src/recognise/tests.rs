//! What requests are taken for, and which `operations` sections are refused.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::error::Path;
use crate::trace::{Recorded, Silent};

fn names() -> OperationNames {
    let own = ["ops.health".to_owned(), "ops.admin".to_owned()];
    OperationNames::compile(&own, &Path::root(), &mut Vec::new())
}

fn spec(json: &str) -> OperationsSpec {
    serde_json::from_str(json).expect("a well-formed section")
}

fn errors(json: &str) -> Vec<String> {
    let mut errors = Vec::new();
    Recogniser::compile(&spec(json), &names(), &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

fn recogniser(json: &str) -> Recogniser {
    let mut errors = Vec::new();
    let recogniser = Recogniser::compile(&spec(json), &names(), &mut errors);
    assert_eq!(errors, []);
    recogniser
}

/// The only error there is, which must be at `place` and say `what`.
fn assert_refused(json: &str, place: &str, what: &str) {
    let errors = errors(json);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].starts_with(&format!("{place}: ")), "{}", errors[0]);
    assert!(errors[0].contains(what), "{}", errors[0]);
}

/// The section of one rule `x` that asks for `ops.health`.
fn one(conditions: &str) -> String {
    format!(r#"{{"rules":[{{"name":"x","operations":["ops.health"],{conditions}}}]}}"#)
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> RequestHead {
    let pseudo = [(":method", method), (":path", path)];
    let all = pseudo.iter().chain(headers);
    RequestHead::new(all.map(|(name, value)| ((*name).to_owned(), (*value).into())).collect())
}

/// The name of the rule that matches, or `-`.
fn rule(recogniser: &Recogniser, head: &RequestHead) -> String {
    match recogniser.recognise(head, &mut Silent) {
        Recognised::Operations { rule, .. } => rule.to_string(),
        Recognised::Unknown => "-".to_owned(),
        Recognised::BadPath(error) => panic!("{error}"),
        Recognised::BadContentType => "bad".to_owned(),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_is_taken_for_the_operations_of_its_rule() {
    let names = names();
    let recogniser = recogniser(
        r#"{"rules":[{"name":"clone","path":"/clone","operations":["tts.synthesize","voice.create"]}]}"#,
    );
    let both = names.matching("tts.synthesize").union(names.matching("voice.create"));
    assert_eq!(
        recogniser.recognise(&head("POST", "/clone?x=1", &[]), &mut Silent),
        Recognised::Operations {
            rule: &RuleName("clone".to_owned()),
            operations: both,
            plan: None,
            voice: None
        }
    );
    assert_eq!(
        recogniser.recognise(&head("POST", "/other", &[]), &mut Silent),
        Recognised::Unknown
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_rule_counts_and_own_rules_come_before_presets() {
    let recogniser = recogniser(
        r#"{"presets":["glm-tts"],"rules":[
            {"name":"free","path":"/tts","headers":{"x-free":"*"},"operations":["ops.health"]},
            {"name":"batch","path":"/batch","methods":["POST"],"operations":["ops.admin"]}]}"#,
    );
    assert_eq!(rule(&recogniser, &head("POST", "/tts", &[("x-free", "")])), "free");
    assert_eq!(rule(&recogniser, &head("POST", "/tts", &[])), "glm-tts/tts");
    assert_eq!(rule(&recogniser, &head("POST", "/batch", &[])), "batch");
    let names: Vec<_> = recogniser.rules().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["free", "batch", "glm-tts/tts"], "the hidden preset rule is left out");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_bad_path_is_no_operation_even_if_a_rule_takes_everything() {
    let recogniser = recogniser(&one(r#""path":"/**""#));
    for (method, path, error) in [
        ("POST", "/tts%252F", PathError::Escape),
        ("POST", "/..", PathError::AboveRoot),
        ("POST", "", PathError::NotAbsolute),
        ("GET", "*", PathError::NotAbsolute),
    ] {
        let head = head(method, path, &[]);
        assert_eq!(recogniser.recognise(&head, &mut Silent), Recognised::BadPath(error), "{path}");
    }
    assert_eq!(recogniser.recognise(&head("OPTIONS", "*", &[]), &mut Silent), Recognised::Unknown);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_get_rule_is_a_head_rule_and_the_case_of_a_method_dodges_nothing() {
    let get = recogniser(&one(r#""path":"/a","methods":["GET"]"#));
    for (method, expected) in
        [("GET", "x"), ("HEAD", "x"), ("get", "x"), ("POST", "-"), ("", "-"), ("GETS", "-")]
    {
        assert_eq!(rule(&get, &head(method, "/a", &[])), expected, "{method}");
    }
    let only_head = recogniser(&one(r#""path":"/a","methods":["HEAD"]"#));
    assert_eq!(rule(&only_head, &head("GET", "/a", &[])), "-");
    let any = recogniser(&one(r#""path":"/a""#));
    assert_eq!(rule(&any, &head("BREW", "/a", &[])), "x");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_media_type_is_compared_without_parameters_and_case() {
    let recogniser = recogniser(&one(r#""path":"/a","content_types":["audio/*","text/CSV"]"#));
    for (content_type, expected) in [
        ("audio/wav", "x"),
        ("Audio/MPEG; rate=8000", "x"),
        ("text/csv;charset=utf-8", "x"),
        ("text/plain", "-"),
        ("audiobook/wav", "-"),
        ("", "-"),
    ] {
        let head = head("POST", "/a", &[("content-type", content_type)]);
        assert_eq!(rule(&recogniser, &head), expected, "{content_type}");
    }
    assert_eq!(rule(&recogniser, &head("POST", "/a", &[])), "-");
    // A server that decodes it as Latin-1 still sees the type.
    let odd = RequestHead::new(vec![
        (":method".to_owned(), b"POST".to_vec()),
        (":path".to_owned(), b"/a".to_vec()),
        ("content-type".to_owned(), b"audio/wav; a=\xff".to_vec()),
    ]);
    assert_eq!(rule(&recogniser, &odd), "x", "what is odd in a parameter dodges no rule");
    for content_type in ["audio/wav, text/plain", "audio/w\u{e4}v", "audio wav"] {
        let head = head("POST", "/a", &[("content-type", content_type)]);
        assert_eq!(rule(&recogniser, &head), "bad", "{content_type}");
    }
    let twice = head("POST", "/a", &[("content-type", "audio/wav"), ("content-type", "a/b")]);
    assert_eq!(rule(&recogniser, &twice), "bad", "two types are no type");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_must_have_the_value_and_only_that() {
    let recogniser = recogniser(&one(r#""path":"/a","headers":{"X-Lane":"batch","x-any":"*"}"#));
    for (headers, expected) in [
        (vec![("x-lane", "batch"), ("x-any", "1")], "x"),
        (vec![("x-lane", "batch"), ("x-any", "1"), ("x-any", "2")], "x"),
        (vec![("x-lane", "Batch"), ("x-any", "1")], "-"),
        (vec![("x-lane", "batch"), ("x-lane", "batch"), ("x-any", "1")], "-"),
        (vec![("x-lane", "batch")], "-"),
        (vec![("x-any", "1")], "-"),
    ] {
        assert_eq!(rule(&recogniser, &head("GET", "/a", &headers)), expected, "{headers:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_trace_names_each_rule_tried_and_why_it_did_not_match() {
    let recogniser = recogniser(
        r#"{"presets":["glm-tts"],"rules":[
            {"name":"a","path":"/a","operations":["ops.health"]},
            {"name":"b","path":"/tts","methods":["PUT"],"operations":["ops.health"]},
            {"name":"c","path":"/tts","content_types":["a/b"],"operations":["ops.health"]},
            {"name":"d","path":"/tts","headers":{"x-d":"1"},"operations":["ops.health"]}]}"#,
    );
    let mut trace = Recorded::default();
    recogniser.recognise(&head("POST", "/tts", &[]), &mut trace);
    let told: Vec<String> = trace.0.iter().map(|(a, b)| format!("{a}: {b}")).collect();
    assert_eq!(
        told,
        [
            "rule a: the path differs",
            "rule b: the method differs",
            "rule c: the content type differs",
            "rule d: header `x-d` is missing or differs",
            "rule glm-tts/tts: matches",
        ]
    );
    let mut trace = Recorded::default();
    recogniser.recognise(&head("POST", "/secret%zz", &[]), &mut trace);
    assert_eq!(trace.0, [("path".to_owned(), PathError::Escape.to_string())]);
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_values_are_refused_with_what_is_accepted() {
    for (conditions, place, what) in [
        (r#""path":"tts""#, "path", "does not start with `/`"),
        (r#""path":"/a//b""#, "path", "write `/a/b`"),
        (r#""path":"/**/a""#, "path", "last segment"),
        (r#""path":"/a","methods":["GET","PSOT"]"#, "methods[1]", "did you mean `POST`?"),
        (r#""path":"/a","methods":["get"]"#, "methods[0]", "did you mean `GET`?"),
        (r#""path":"/a","content_types":["json"]"#, "content_types[0]", "application/json"),
        (r#""path":"/a","content_types":["a/b; c=d"]"#, "content_types[0]", "without parameters"),
        (r#""path":"/a","content_types":["*/*"]"#, "content_types[0]", "leave the list out"),
        (r#""path":"/a","content_types":["a/b*"]"#, "content_types[0]", "not a media type"),
        (r#""path":"/a","headers":{":path":"x"}"#, "headers.:path", "pseudo-headers"),
        (r#""path":"/a","headers":{"a b":"x"}"#, "headers.a b", "not a header name"),
        (r#""path":"/a","headers":{"A":"x","a":"y"}"#, "headers.a", "stands twice"),
        (r#""path":"/a","headers":{"a":"x\n"}"#, "headers.a", "control characters"),
    ] {
        assert_refused(&one(conditions), &format!("operations.rules[0].{place}"), what);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_operations_are_refused() {
    let with =
        |list: &str| format!(r#"{{"rules":[{{"name":"x","path":"/","operations":{list}}}]}}"#);
    let place = "operations.rules[0].operations";
    assert_refused(&with("[]"), place, "says nothing");
    let misspelled = with(r#"["tts.synthesize","tts.sythesize"]"#);
    assert_refused(&misspelled, &format!("{place}[1]"), "did you mean `tts.synthesize`?");
    assert_refused(&misspelled, &format!("{place}[1]"), "`operations.define`");
    assert_refused(&with(r#"["tts.*"]"#), &format!("{place}[0]"), "no operation is called `tts.*`");
}

#[wasm_bindgen_test(unsupported = test)]
fn rule_names_are_unique_and_never_a_presets() {
    let two = |a: &str, b: &str| {
        format!(
            r#"{{"presets":["glm-tts"],"rules":[
                {{"name":"{a}","path":"/a","operations":["ops.health"]}},
                {{"name":"{b}","path":"/b","operations":["ops.health"]}}]}}"#
        )
    };
    assert_eq!(errors(&two("a", "b")), [""; 0]);
    assert_refused(&two("a", "a"), "operations.rules[1].name", "another rule is called `a`");
    for name in ["glm-tts/tts", "", "a b", "ä"] {
        assert_refused(&two("a", name), "operations.rules[1].name", "is not a rule name");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_an_earlier_one_hides_is_refused() {
    let two = |first: &str, second: &str| {
        format!(
            r#"{{"rules":[{{"name":"first","operations":["ops.health"],{first}}},
                         {{"name":"second","operations":["ops.admin"],{second}}}]}}"#
        )
    };
    for (first, second) in [
        (r#""path":"/a""#, r#""path":"/a""#),
        (r#""path":"/**""#, r#""path":"/a","methods":["GET"]"#),
        (r#""path":"/{x}""#, r#""path":"/a","headers":{"x":"*"}"#),
        (r#""path":"/a","methods":["GET","POST"]"#, r#""path":"/a","methods":["POST"]"#),
        (r#""path":"/a","methods":["GET"]"#, r#""path":"/a","methods":["HEAD"]"#),
        (r#""path":"/a","content_types":["a/*"]"#, r#""path":"/a","content_types":["a/b","a/*"]"#),
        (r#""path":"/a","headers":{"x":"*"}"#, r#""path":"/a","headers":{"x":"1","y":"2"}"#),
    ] {
        assert_refused(&two(first, second), "operations.rules[1]", "rule `first` comes first");
    }
    for (first, second) in [
        (r#""path":"/a""#, r#""path":"/b""#),
        (r#""path":"/a","methods":["GET"]"#, r#""path":"/a""#),
        (r#""path":"/a","methods":["HEAD"]"#, r#""path":"/a","methods":["GET"]"#),
        (r#""path":"/a","methods":["POST"]"#, r#""path":"/a","methods":["POST","PUT"]"#),
        (r#""path":"/a","content_types":["a/b"]"#, r#""path":"/a","content_types":["a/*"]"#),
        (r#""path":"/a","headers":{"x":"1"}"#, r#""path":"/a","headers":{"x":"*"}"#),
        (r#""path":"/a","headers":{"x":"1"}"#, r#""path":"/a","headers":{"x":"2"}"#),
    ] {
        assert_eq!(errors(&two(first, second)), [""; 0], "{first} {second}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_presets_are_refused() {
    let place = "operations.presets[0]";
    assert_refused(r#"{"presets":["glmtts"]}"#, place, "did you mean `glm-tts`?");
    assert_refused(r#"{"presets":["glmtts"]}"#, place, "openai-chat");
    assert_refused(r#"{"presets":["sonic","sonic"]}"#, "operations.presets[1]", "listed twice");
}

#[wasm_bindgen_test(unsupported = test)]
fn presets_that_disagree_are_refused_until_an_own_rule_says_what_counts() {
    let both = r#""presets":["glm-tts","gpt-sovits"]"#;
    let place = "operations.presets[1]";
    let section = format!("{{{both}}}");
    assert_refused(&section, place, "`glm-tts` and `gpt-sovits` disagree on POST /tts");
    assert_refused(&section, place, "tts.synthesize or tts.synthesize+voice.use");

    let decided = format!(
        r#"{{{both},"rules":[{{"name":"tts","path":"/tts","methods":["POST"],"operations":["tts.synthesize"]}}]}}"#
    );
    let recogniser = recogniser(&decided);
    assert_eq!(rule(&recogniser, &head("POST", "/tts", &[])), "tts");
    assert_eq!(rule(&recogniser, &head("GET", "/tts", &[])), "gpt-sovits/tts-get");
}
