//! The presets hold what they promise, and their documentation is theirs.

#[cfg(not(target_arch = "wasm32"))]
mod edit;
#[cfg(not(target_arch = "wasm32"))]
mod fixtures;
mod page;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::BodyPlan;
use crate::error::{Path, PolicyError};
use crate::names::NamePatterns;
use crate::operation::OperationNames;
use crate::recognise::{Recognised, Recogniser};
use crate::request::RequestHead;
use crate::spec::OperationsSpec;
use crate::trace::Silent;

fn names() -> OperationNames {
    OperationNames::compile(&[], &Path::root(), &mut Vec::new())
}

fn compile(presets: &[&str]) -> (Recogniser, Vec<PolicyError>) {
    let spec = OperationsSpec {
        presets: presets.iter().map(|&it| it.to_owned()).collect(),
        ..OperationsSpec::default()
    };
    let mut errors = Vec::new();
    (Recogniser::compile(&spec, &names(), &mut errors), errors)
}

/// `rule: operations`, or what else came of it.
fn recognise(preset: &str, method: &str, path: &str) -> String {
    let (recogniser, errors) = compile(&[preset]);
    assert_eq!(errors, [], "{preset}");
    let head = RequestHead::new(vec![
        (":method".to_owned(), method.into()),
        (":path".to_owned(), path.into()),
    ]);
    match recogniser.recognise(&head, &mut Silent) {
        Recognised::Operations { rule, operations, .. } => {
            format!("{rule}: {}", names().display(operations))
        }
        other => format!("{other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_rule_of_every_preset_can_match() {
    for preset in ALL {
        let (recogniser, errors) = compile(&[preset.name]);
        assert_eq!(errors, []);
        let compiled: Vec<&str> = recogniser.rules().map(|(name, _)| name.as_str()).collect();
        let written: Vec<String> =
            preset.rules.iter().map(|it| format!("{}/{}", preset.name, it.name)).collect();
        assert_eq!(compiled, written, "a rule of {} hides another", preset.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn rule_names_are_unique() {
    for preset in ALL {
        for (i, rule) in preset.rules.iter().enumerate() {
            assert!(preset.rules[..i].iter().all(|it| it.name != rule.name), "{}", rule.name);
        }
    }
}

/// A row that nobody can request is a typing mistake: each must recognise its own example.
#[wasm_bindgen_test(unsupported = test)]
fn every_endpoint_is_recognised_as_its_own_rule() {
    for preset in ALL {
        for rule in preset.rules {
            let path = rule.path.replace("**", "some/thing").replace(['{', '}'], "");
            assert_eq!(
                recognise(preset.name, rule.method, &path),
                format!(
                    "{}/{}: {}",
                    preset.name,
                    rule.name,
                    names().display(
                        names()
                            .matching(rule.operations[0])
                            .union(names().matching(rule.operations[rule.operations.len() - 1]))
                    )
                )
            );
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn only_glm_tts_and_gpt_sovits_disagree() {
    for (i, a) in ALL.iter().enumerate() {
        for b in &ALL[..i] {
            let disagree = a.name == "gpt-sovits" && b.name == "glm-tts";
            for pair in [[a.name, b.name], [b.name, a.name]] {
                let (_, errors) = compile(&pair);
                assert_eq!(!errors.is_empty(), disagree, "{pair:?}: {errors:?}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn endpoints_that_always_bring_a_recording_create_voices() {
    for (preset, path, expected) in [
        ("cosyvoice", "/inference_zero_shot", "zero-shot: tts.synthesize+voice.create"),
        (
            "cosyvoice",
            "/stream/inference_cross_lingual",
            "cross-lingual: tts.synthesize+voice.create",
        ),
        ("cosyvoice", "/inference_sft", "sft: tts.synthesize"),
        ("elevenlabs", "/v1/voices/add", "voices-add: voice.create"),
        ("gpt-sovits", "/tts", "tts: tts.synthesize+voice.use"),
    ] {
        let recognised = recognise(preset, "POST", path);
        assert!(recognised.ends_with(expected), "{recognised}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_ends_a_server_is_in_no_preset() {
    assert_eq!(recognise("gpt-sovits", "GET", "/control?command=exit"), "Unknown");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_slash_that_fastapi_wants_at_the_end_changes_nothing() {
    assert_eq!(
        recognise("linly-talker", "POST", "/llm_response/"),
        recognise("linly-talker", "POST", "/llm_response")
    );
}

/// A pointer that is none, or a name that the path does not have, would be a rule that sees nothing.
#[wasm_bindgen_test(unsupported = test)]
fn every_place_exists() {
    for preset in ALL {
        for rule in preset.rules {
            let mut errors = Vec::new();
            let (body, query) = (rule.body_spec(), rule.query_spec());
            let plan = BodyPlan::compile(body.as_ref(), &query, None, &Path::root(), &mut errors);
            assert_eq!(errors, [], "{}/{}", preset.name, rule.name);
            assert_eq!(plan.is_some_and(|it| it.has_body()), !rule.formats.is_empty());
            assert_eq!(rule.body.is_empty(), rule.formats.is_empty(), "{}", rule.name);
            let named = rule.voice_in_path.map(|it| format!("/{{{it}}}"));
            assert!(named.is_none_or(|it| rule.path.contains(&it)), "{}", rule.path);
        }
    }
}

/// Which voice is spoken with decides on `voice.use`: no endpoint that speaks may leave it unseen.
#[wasm_bindgen_test(unsupported = test)]
fn all_that_speaks_names_a_voice_or_brings_one() {
    for preset in ALL {
        for rule in preset.rules.iter().filter(|it| it.operations.contains(&"tts.synthesize")) {
            let tells =
                |(field, _): &(Field, &str)| matches!(field, Field::Voice | Field::Reference);
            let places = rule.body.iter().chain(rule.query);
            assert!(
                rule.voice_in_path.is_some() || places.into_iter().any(tells),
                "{}/{}",
                preset.name,
                rule.name
            );
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn shipped_voices_are_anyones_and_others_are_not() {
    for (preset, voice, shipped) in [
        ("openai-audio", "cedar", true),
        ("openai-audio", "voice_1234", false),
        ("elevenlabs", "JBFqnCBsd6RMkjVDRZzb", true),
        ("cosyvoice", "中文女", true),
        ("linly-talker", "zh-CN-liaoning-XiaobeiNeural", true),
        ("linly-talker", "Neural", false),
        ("gpt-sovits", "archive_jingyuan_1.wav", false),
    ] {
        let voices = by_name(preset).unwrap().voices.iter().copied();
        assert_eq!(NamePatterns::new(voices).contains(voice), shipped, "{preset}: {voice}");
    }
}
