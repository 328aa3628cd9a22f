//! The kept corpus, without a fuzzer, and proof that the targets can fail.

use std::path::{Path, PathBuf};

use super::*;
use crate::testing;

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(it, _)| *it == name).unwrap();
    let folder = corpora().join(name);
    let mut replayed = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display())) {
        let file = entry.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        let outcome = std::panic::catch_unwind(|| target(&bytes));
        assert!(outcome.is_ok(), "{}", file.display());
        replayed += 1;
    }
    assert!(replayed >= 20, "only {replayed} inputs in {}", folder.display());
}

#[test]
fn the_kept_tokens_are_refused_or_genuine() {
    replay("token");
}

#[test]
fn the_kept_signed_tokens_are_refused_or_say_all_they_must() {
    replay("signed_token");
}

#[test]
fn the_kept_policies_are_refused_for_a_reason_or_load_again() {
    replay("policy_file");
}

#[test]
fn the_kept_metadata_is_no_map_or_read_to_its_end() {
    replay("claims_pairs");
}

#[test]
fn the_kept_key_sets_verify_nobody_elses_token() {
    replay("jwks");
}

#[test]
fn the_kept_paths_have_one_normal_form() {
    replay("path");
}

#[test]
fn the_kept_documents_say_what_a_full_parse_says() {
    replay("json_facts");
}

#[test]
fn the_kept_lines_say_what_each_says_alone() {
    replay("jsonl_facts");
}

#[test]
fn the_kept_multipart_forms_say_what_stands_between_their_delimiters() {
    replay("multipart_facts");
}

#[test]
fn the_kept_forms_say_what_another_parser_reads() {
    replay("form_facts");
}

#[test]
fn the_kept_gzip_bodies_are_refused_or_decoded() {
    replay("gzip_body");
}

#[test]
fn the_kept_recordings_say_the_same_at_any_split() {
    replay("audio_header");
}

#[test]
fn the_kept_responses_deliver_the_same_at_any_split() {
    replay("response_meter");
}

#[test]
fn the_kept_bodies_change_where_they_must_and_nowhere_else() {
    replay("rewrite");
}

#[test]
fn the_kept_streams_are_as_far_at_any_split() {
    for name in ["wav", "pcm", "frames", "ogg", "flac", "fmp4", "grpc", "sse_audio", "jsonl_audio"]
    {
        replay(name);
    }
}

#[test]
fn every_corpus_has_a_target() {
    let mut corpora: Vec<String> = std::fs::read_dir(corpora())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    corpora.sort_unstable();
    targets.sort_unstable();
    assert_eq!(corpora, targets);
}

/// The target knows which tokens are genuine, so this says that it asks.
#[test]
fn the_token_target_goes_the_whole_way_of_both_tables() {
    testing::valid_tokens(NOW).iter().for_each(|row| token(row.token.as_bytes()));
    testing::hostile_tokens(NOW).iter().for_each(|row| token(&row.token));
}

/// `serde_json` reads this number back with another last digit, which once passed for a policy
/// that changes when it is written.
#[test]
fn a_fraction_in_a_key_set_may_lose_its_last_digit() {
    policy_file(
        br#"{"version": 1, "operations": {}, "tiers": [], "identity": {"issuers": [
            {"issuer": "i", "jwks": {"inline": {"keys": [], "x": 9.745430973087722e-24}}}
        ]}}"#,
    );
}
