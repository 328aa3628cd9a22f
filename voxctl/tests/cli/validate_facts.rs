//! `voxctl validate` of limits, bodies and facts: each error has its place and what is accepted.

use super::{POLICY, run};

/// The policy with an own rule in place of the preset.
fn own_rule() -> String {
    POLICY.replace(
        "  presets: [glm-tts]\n",
        "  rules:
    - name: say
      path: /say/{id}
      operations: [tts.synthesize]
      body:
        formats: [json]
        fields: {text: [/text]}
",
    )
}

/// The policy with more lines in its last tier.
fn with_tier(policy: &str, more: &str) -> String {
    policy.replace("allow: [tts.synthesize]\n", &format!("allow: [tts.synthesize]\n    {more}\n"))
}

/// Every one of `expected` is shown, and the caret stands under `at` in the last line that has it.
#[track_caller]
fn assert_shows(text: &str, at: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), text).unwrap();
    let shown = run(folder.path(), &["validate", "p.yaml"]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    let (line, column) = text
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| Some((number, line.find(at)? + 1)))
        .last()
        .expect("the policy has it");
    let place = format!("--> p.yaml:{line}:{column}\n");
    for expected in expected.iter().chain([&place.as_str()]) {
        assert!(shown.out.contains(expected), "{expected}\nin\n{}", shown.out);
    }
}

#[test]
fn limits_are_names_and_numbers() {
    assert_shows(
        &with_tier(POLICY, "max: {text_char: 1}"),
        "text_char:",
        &["unknown field `text_char`", "tiers[1].max.text_char", "did you mean `text_chars`?"],
    );
    assert_shows(
        &with_tier(POLICY, "max: {text_chars: 10k}"),
        "10k",
        &["string \"10k\", expected a whole number", "tiers[1].max.text_chars", "as 10000"],
    );
    assert_shows(&with_tier(POLICY, "max: {text_chars: -1}"), "-1}", &["expected a whole number"]);
}

#[test]
fn a_limit_that_no_rule_feeds_is_refused() {
    let policy = with_tier(&own_rule(), "max: {text_chars: 9, sample_rate_hz: 24000}");
    assert_shows(
        &policy,
        "24000",
        &[
            "no rule tells the sample rate for any operation that tier `basic` allows",
            "tiers[1].max.sample_rate_hz",
            "name its place in a rule's `body.fields` or `query`, or leave this out",
            "1 error\n",
        ],
    );
    let policy = with_tier(&own_rule(), "voices: [anna]");
    assert_shows(&policy, "voices:", &["no rule tells the voice", "tiers[1].voices"]);
    let policy = with_tier(&own_rule(), "consent: {field: true}");
    assert_shows(&policy, "true}", &["no rule tells consent", "tiers[1].consent.field"]);
}

#[test]
fn lists_and_demands_of_a_tier_say_what_they_take() {
    let policy = own_rule().replace("[/text]}", "[/text], voice: [/voice]}");
    assert_shows(
        &with_tier(&policy, "voices: [preset]"),
        "voices:",
        &["no voices are `preset`", "operations.preset_voices"],
    );
    assert_shows(
        &with_tier(POLICY, "reference_urls: {hosts: [a.example.com, \"https://b.example.com/\"]}"),
        "\"https://b",
        &["is no host: write `media.example.com`", "tiers[1].reference_urls.hosts[1]"],
    );
    assert_shows(
        &with_tier(POLICY, "reference_urls: allow"),
        "allow",
        &["`allow` is not accepted here", "deny, hosts"],
    );
    assert_shows(
        &with_tier(POLICY, "consent: {}"),
        "consent:",
        &["name a `claim`, or set `field: true`"],
    );
}

#[test]
fn places_in_bodies_are_pointers() {
    assert_shows(
        &own_rule().replace("[/text]", "[text]"),
        "text]",
        &["`text` is not a pointer: write `/`", "operations.rules[0].body.fields.text[0]"],
    );
    assert_shows(
        &own_rule().replace("[/text]}", "[/text], voice: [/text]}"),
        "/text]}",
        &["`/text` stands for something else already", "body.fields.voice[0]"],
    );
    assert_shows(
        &own_rule().replace("[json]", "[ndjson]"),
        "ndjson",
        &["`ndjson` is not accepted here", "did you mean `json`?", "multipart, form, plain"],
    );
    assert_shows(
        &own_rule().replace("[json]", "[]"),
        "formats:",
        &["name what the service takes: json"],
    );
    assert_shows(&own_rule().replace("{text: [/text]}", "{}"), "fields:", &["no place is named"]);
    assert_shows(
        &own_rule().replace("      body:", "      voice_in_path: speaker\n      body:"),
        "speaker",
        &["the path has no `{speaker}`"],
    );
}

#[test]
fn facts_say_what_they_take() {
    let facts = |it: &str| format!("{POLICY}facts: {{{it}}}\n");
    for (text, at, expected) in [
        ("gzip: maybe", "maybe", &["`maybe` is not accepted here", "accepted: decode, deny"][..]),
        ("duplicate_keys: first_wins", "first_wins", &["did you mean `last_wins`?"]),
        ("count_ssml_tags: no", "no}", &["write `true` or `false`"]),
        ("max_held_bytes: 100", "100}", &["must be between 1024 and 67108864"]),
        ("max_decoded_bytes: 0", "0}", &["must be more than 0", "`gzip: deny` refuses"]),
        ("max_held: 2048", "max_held:", &["did you mean `max_held_bytes`?"]),
    ] {
        assert_shows(&facts(text), at, expected);
    }
    assert_shows(
        &format!("{POLICY}shadow: [bodies]\n"),
        "bodies",
        &["accepted: identity, operations, facts, tiers"],
    );
}

#[test]
fn rates_of_speech_are_by_script() {
    let facts = |it: &str| format!("{POLICY}facts: {{chars_per_second: {{{it}}}}}\n");
    assert_shows(&facts("latn: 15"), "15}", &["no script is called `latn`", "`latin`"]);
    assert_shows(&facts("latin: 0"), "0}", &["must be from 0.01 to 1000 characters a second"]);
}
