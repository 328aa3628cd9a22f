//! How bodies are read, of one policy.

use std::rc::Rc;

use crate::error::{Path, PolicyError};
use crate::facts::{CollectorRules, SpeechRates};
use crate::spec::{DuplicateKeys, FactsSpec, GzipSpec, OnMalformed, PastMaxHeld};

/// The `facts` section, compiled.
#[derive(Clone, Debug)]
pub struct BodyRules {
    /// The most bytes that are held until a decision is certain.
    pub max_held_bytes: u64,
    /// What becomes of a request past that.
    pub past_max_held: PastMaxHeld,
    /// What becomes of compressed bodies.
    pub gzip: GzipSpec,
    /// The most that one may become.
    pub max_decoded_bytes: u64,
    /// What becomes of bodies that cannot be read.
    pub on_malformed: OnMalformed,
    /// What becomes of repeated keys.
    pub duplicate_keys: DuplicateKeys,
    /// Whether every recording that a voice is made of leaves its SHA-256 in the log.
    pub audit: bool,
    /// How values are counted.
    pub collector: CollectorRules,
}

/// The least that `max_held_bytes` can be: what fits a few lines of text.
const MIN_HELD_BYTES: u64 = 1024;

/// The most that `max_held_bytes` can be: each request under way may take it of Envoy's memory.
const MAX_HELD_BYTES: u64 = 64 * 1024 * 1024;

impl BodyRules {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(spec: &FactsSpec, path: &Path, errors: &mut Vec<PolicyError>) -> Self {
        if !(MIN_HELD_BYTES..=MAX_HELD_BYTES).contains(&spec.max_held_bytes) {
            errors.push(PolicyError::new(
                path.key("max_held_bytes"),
                format!("must be between {MIN_HELD_BYTES} and {MAX_HELD_BYTES}"),
            ));
        }
        if spec.max_decoded_bytes == 0 {
            errors.push(PolicyError::new(
                path.key("max_decoded_bytes"),
                "must be more than 0; `gzip: deny` refuses compressed bodies",
            ));
        }
        Self {
            max_held_bytes: spec.max_held_bytes,
            past_max_held: spec.past_max_held,
            gzip: spec.gzip,
            max_decoded_bytes: spec.max_decoded_bytes,
            on_malformed: spec.on_malformed,
            duplicate_keys: spec.duplicate_keys,
            audit: spec.audit_voice_creations,
            collector: CollectorRules {
                speech: Rc::new(SpeechRates::compile(
                    &spec.chars_per_second,
                    &path.key("chars_per_second"),
                    errors,
                )),
                count_ssml_tags: spec.count_ssml_tags,
                hash_references: spec.audit_voice_creations,
                is_batch: false,
            },
        }
    }
}
