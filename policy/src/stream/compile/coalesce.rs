//! The rules by which chunks are put together.

use std::rc::Rc;
use std::time::Duration;

use super::Compiler;
use crate::error::Path;
use crate::names::is_label;
use crate::spec::{CoalesceMode, CoalesceSpec};
use crate::stream::coalesce::CoalesceRule;
use crate::stream::rules::{Coalesced, MediaRange};

/// The most rules of one policy.
pub const MAX_RULES: usize = 64;

/// The most releases of a ramp that are told apart.
const MAX_RAMP: usize = 32;

/// Frames of one release: 20 s of audio at the most.
const FRAMES: (u32, u32) = (1, 1000);

/// What is held goes on when the listener has this left, and the host's timer is late by 9 ms.
const FLOORS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(60));
const DEFAULT_FLOOR: Duration = Duration::from_millis(200);

/// A ramp is chosen to hold for longer than a listener's buffer would allow at first; only what would
/// run it dry goes on before.
const RAMP_FLOOR: Duration = Duration::from_millis(20);

/// A buffer limit of 32,768, which gateways have, is twice the most.
const BYTES: (u32, u32) = (256, 16_384);
const DEFAULT_BYTES: u32 = 8192;

const DELAYS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(2));
const DEFAULT_DELAY: Duration = Duration::from_millis(100);
const DEFAULT_RAMP_DELAY: Duration = Duration::from_millis(400);

const DEFAULT_FRAMES: [u32; 5] = [4, 4, 8, 16, 25];

// === impl Compiler ===

impl Compiler<'_> {
    pub(super) fn coalesce(&mut self, specs: &[CoalesceSpec], path: &Path) -> Vec<Coalesced> {
        if specs.len() > MAX_RULES {
            self.error(path.clone(), format!("more than {MAX_RULES} rules"));
        }
        let wrong_before = self.errors.len();
        let mut rules: Vec<Coalesced> = Vec::new();
        for (i, spec) in specs.iter().take(MAX_RULES).enumerate() {
            let place = path.index(i);
            if !is_label(&spec.name) {
                self.error(place.key("name"), format!(
                    "`{}` is not a rule name; write a-z, A-Z, 0-9, `-`, `_` and `.`, 1 to 64 of them",
                    spec.name.escape_debug()
                ));
            }
            if rules.iter().any(|it| *it.rule.name == *spec.name) {
                let message = format!("a second rule called `{}`", spec.name);
                self.error(place.key("name"), message);
            }
            let written = &spec.operations;
            let at = place.key("operations");
            let operations = self.operations.all_matching(written, &at, self.errors);
            let content_types = self.media_ranges(&spec.content_types, &place.key("content_types"));
            let mut tiers = Vec::new();
            for (i, name) in spec.tiers.iter().enumerate() {
                match self.tiers.resolve(name, &place.key("tiers").index(i)) {
                    Ok(_) => tiers.push(name.as_str().into()),
                    Err(error) => self.errors.push(error),
                }
            }
            let rule = Rc::new(self.rule(spec, &place));
            rules.push(Coalesced { operations, content_types, tiers, rule });
        }
        // What is misspelt may only look unreachable.
        if self.errors.len() == wrong_before {
            self.reachable(&rules, path);
        }
        rules
    }

    fn reachable(&mut self, rules: &[Coalesced], path: &Path) {
        for (i, rule) in rules.iter().enumerate() {
            let Some(by) = rules.iter().take(i).find(|it| it.covers(rule)) else { continue };
            let message = format!(
                "rule `{}` can never match: `{}`, which stands before it, takes every stream that fits it",
                rule.rule.name, by.rule.name
            );
            self.error(path.index(i), message);
        }
    }

    fn rule(&mut self, spec: &CoalesceSpec, path: &Path) -> CoalesceRule {
        let is_playback = spec.mode == CoalesceMode::Playback;
        let is_ramp = spec.mode == CoalesceMode::Ramp;
        if let Some(floor) = spec.floor {
            self.within(floor.0, FLOORS, &path.key("floor"));
            if !is_playback {
                self.error(path.key("floor"), "only `mode: playback` has a floor");
            }
        }
        if let Some(bytes) = spec.max_bytes {
            self.number(bytes, BYTES, &path.key("max_bytes"));
        }
        if let Some(delay) = spec.max_delay {
            self.within(delay.0, DELAYS, &path.key("max_delay"));
        }
        let place = path.key("frames");
        if !spec.frames.is_empty() && !is_ramp {
            self.error(place.clone(), "only `mode: ramp` has frames");
        }
        if spec.frames.len() > MAX_RAMP {
            self.error(place.clone(), format!("more than {MAX_RAMP} numbers"));
        }
        for (i, frames) in spec.frames.iter().take(MAX_RAMP).enumerate() {
            self.number(*frames, FRAMES, &place.index(i));
        }
        let frames = if spec.frames.is_empty() { &DEFAULT_FRAMES } else { spec.frames.as_slice() };
        CoalesceRule {
            name: spec.name.as_str().into(),
            mode: spec.mode,
            floor: match spec.mode {
                CoalesceMode::Ramp => RAMP_FLOOR,
                _ => spec.floor.map_or(DEFAULT_FLOOR, |it| it.0),
            },
            max_bytes: spec.max_bytes.unwrap_or(DEFAULT_BYTES).into(),
            max_delay: spec
                .max_delay
                .map_or(if is_ramp { DEFAULT_RAMP_DELAY } else { DEFAULT_DELAY }, |it| it.0),
            frames: if is_ramp { frames.to_vec() } else { Vec::new() },
        }
    }

    fn media_ranges(&mut self, written: &[String], path: &Path) -> Vec<MediaRange> {
        let mut ranges = Vec::new();
        for (i, range) in written.iter().enumerate() {
            if !is_media_range(range) {
                let message = format!(
                    "`{}` is not a content type; write one in lower case without parameters, as `audio/pcm`, or `audio/*`",
                    range.escape_debug()
                );
                self.error(path.index(i), message);
            }
            ranges.push(MediaRange(range.as_str().into()));
        }
        ranges
    }
}

/// RFC 6838 §4.2, in lower case; or a type with any subtype.
fn is_media_range(range: &str) -> bool {
    let is_name = |it: &str| {
        (1..=127).contains(&it.len())
            && it
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b))
    };
    range.split_once('/').is_some_and(|(kind, sub)| is_name(kind) && (sub == "*" || is_name(sub)))
}
