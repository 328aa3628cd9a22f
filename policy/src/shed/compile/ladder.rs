//! The rules of the ladder.

use std::rc::Rc;

use super::{Compiler, MAX_RULES};
use crate::body::Field;
use crate::error::Path;
use crate::names::is_label;
use crate::operation::OperationSet;
use crate::shed::ladder::{
    Conditions, Degrade, Ladder, LadderRule, Levels, Rung, Span, first_unreachable,
};
use crate::shed::work::TierKey;
use crate::spec::{DegradeSpec, LadderRuleSpec, RangeSpec, RejectSpec, RungSpec};
use crate::tier::{Limit, TierId};

// === impl Compiler ===

impl Compiler<'_> {
    pub(super) fn ladder(&mut self, specs: &[LadderRuleSpec], path: &Path) -> Ladder {
        if specs.len() > MAX_RULES {
            self.error(path.clone(), format!("more than {MAX_RULES} rules"));
        }
        let wrong_before = self.errors.len();
        let mut rules: Vec<LadderRule> = Vec::new();
        for (i, spec) in specs.iter().take(MAX_RULES).enumerate() {
            let place = path.index(i);
            if !is_label(&spec.name) {
                self.error(place.key("name"), format!(
                    "`{}` is not a rule name; write a-z, A-Z, 0-9, `-`, `_` and `.`, 1 to 64 of them",
                    spec.name.escape_debug()
                ));
            }
            if rules.iter().any(|it| *it.name == *spec.name) {
                let message = format!("a second rule called `{}`", spec.name);
                self.error(place.key("name"), message);
            }
            rules.push(self.rule(spec, &place));
        }
        // What is misspelt may only look unreachable.
        if self.errors.len() == wrong_before {
            self.reachable(&rules, path);
        }
        Ladder(rules)
    }

    fn reachable(&mut self, rules: &[LadderRule], path: &Path) {
        let operations = generating(self.operations.matching("*"));
        let mut tiers: Vec<TierKey> = self.tiers.names().map(TierKey::of).collect();
        tiers.push(TierKey::NONE);
        let Some(i) = first_unreachable(rules, operations, &tiers) else { return };
        let name = rules.get(i).map(|it| it.name.to_string()).unwrap_or_default();
        self.error(
            path.index(i),
            format!(
                "rule `{name}` can never match: the rules before it take every request that fits it"
            ),
        );
    }

    fn rule(&mut self, spec: &LadderRuleSpec, path: &Path) -> LadderRule {
        let operations = self.of_operations(&spec.operations, &path.key("operations"));
        let mut ids = Vec::new();
        for (i, name) in spec.tiers.iter().enumerate() {
            ids.extend(self.tier(name, &path.key("tiers").index(i)));
        }
        let when = Conditions {
            operations,
            tiers: (!spec.tiers.is_empty()).then(|| ids.iter().map(|(_, key)| *key).collect()),
            levels: Levels::of(&spec.load),
            chars: self.span(spec.text_chars, 1, &path.key("text_chars")),
            speech_ms: self.span(spec.audio_seconds, 1000, &path.key("audio_seconds")),
        };
        let has_lower_bound = when.chars.first > 0 || when.speech_ms.first > 0;
        let is = |rung| spec.rung == rung;
        if spec.degrade.is_some() && !is(RungSpec::Degrade) {
            self.error(path.key("degrade"), "only `rung: degrade` changes a request");
        }
        if spec.reject.is_some() && !is(RungSpec::Reject) {
            self.error(path.key("reject"), "only `rung: reject` answers");
        }
        if spec.reject == Some(RejectSpec::TextTooLong) && !has_lower_bound {
            self.error(
                path.key("reject"),
                "without a lower bound (`text_chars: {above: N}`) no text is short enough to pass",
            );
        }
        let rung = match spec.rung {
            RungSpec::Pass => Rung::Pass,
            RungSpec::Divert => Rung::Divert,
            RungSpec::Degrade => Rung::Degrade(Rc::new(self.degrade(spec, &ids, operations, path))),
            RungSpec::Reject => Rung::Reject(spec.reject.unwrap_or(match has_lower_bound {
                true => RejectSpec::TextTooLong,
                false => RejectSpec::Busy,
            })),
        };
        LadderRule { name: spec.name.as_str().into(), when, rung }
    }

    fn of_operations(&mut self, patterns: &[String], path: &Path) -> Option<OperationSet> {
        let all = self.operations.all_matching(patterns, path, self.errors)?;
        let guarded = generating(all);
        if guarded.is_empty() && !all.is_empty() {
            let message = "lists, uploads and deletions take no capacity, so they are never shed";
            self.error(path.clone(), message);
        }
        Some(guarded)
    }

    fn span(&mut self, range: Option<RangeSpec>, scale: u64, path: &Path) -> Span {
        let Some(RangeSpec { above, up_to }) = range else { return Span::ALL };
        if above.is_none() && up_to.is_none() {
            self.error(path.clone(), "say `above: N`, `up_to: N`, or both");
        }
        let scaled = |it: u64| it.saturating_mul(scale);
        let span = Span {
            first: above.map_or(0, |it| scaled(it).saturating_add(1)),
            last: up_to.map_or(u64::MAX, scaled),
        };
        if span.is_empty() {
            self.error(path.clone(), "`above` must be less than `up_to`");
        }
        span
    }

    fn degrade(
        &mut self,
        spec: &LadderRuleSpec,
        tiers: &[(TierId, TierKey)],
        operations: Option<OperationSet>,
        path: &Path,
    ) -> Degrade {
        let written = spec.degrade.clone().unwrap_or_default();
        let place = path.key("degrade");
        if written == DegradeSpec::default() {
            let message =
                "name what is changed: `sample_rate`, `model`, `format`, `stream`, `headers`";
            self.error(place.clone(), message);
        }
        if written.sample_rate == Some(0) {
            self.error(place.key("sample_rate"), "must be more than 0 Hz");
        }
        let all: Vec<TierId> = self.tiers.ids().collect();
        let named = tiers.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let concerned = if spec.tiers.is_empty() { all } else { named };
        for id in concerned {
            let allowed = self.tiers.allowed(id);
            if operations.is_some_and(|it| allowed.without(it) == allowed) {
                continue;
            }
            self.within_rights(&written, id, &place);
        }
        for (name, value) in &written.headers {
            let place = place.key("headers").key(name);
            let is_token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if name.is_empty() || !name.bytes().all(is_token) {
                self.error(place, "write the name of a header in lower case");
            } else if is_ours_or_framing(name) {
                self.error(place, "this header is not for a policy to set");
            } else if value.bytes().any(|b| b < b' ' || b == 0x7f) {
                self.error(place, "a header's value has no control characters");
            }
        }
        let DegradeSpec { sample_rate, model, format, stream, headers } = written;
        Degrade { sample_rate, model, format, stream, headers }
    }

    /// A tier must be allowed what its requests are changed to.
    fn within_rights(&mut self, written: &DegradeSpec, id: TierId, path: &Path) {
        let Some(limits) = self.tiers.limits(id) else { return };
        let named = [(Field::Model, &written.model), (Field::Format, &written.format)];
        let mut wrong = Vec::new();
        for (field, value) in named {
            let Some(value) = value else { continue };
            let mut lists = limits.names().filter(|(it, _)| *it == field);
            if lists.any(|(_, list)| !list.contains(value)) {
                wrong.push((field.as_str(), format!("{field} `{value}`")));
            }
        }
        if let (Some(rate), Some(max)) = (written.sample_rate, limits.max(Limit::SampleRateHz))
            && u64::from(rate) > max
        {
            wrong.push(("sample_rate", format!("{rate} Hz")));
        }
        for (key, what) in wrong {
            let tier = self.tiers.name(id).to_owned();
            self.error(path.key(key), format!("tier `{tier}` does not allow {what}"));
        }
    }
}

/// Headers that say who asks, where a request goes, or where it ends.
fn is_ours_or_framing(name: &str) -> bool {
    crate::identity::is_reserved_header(name)
        || name.starts_with("x-envoy-")
        || matches!(
            name,
            crate::shed::DEADLINE_HEADER
                | "authorization"
                | "connection"
                | "content-encoding"
                | "content-length"
                | "content-type"
                | "expect"
                | "host"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
        )
}

/// Those that take capacity.
fn generating(operations: OperationSet) -> OperationSet {
    operations.iter().filter(|it| it.generates()).fold(OperationSet::default(), OperationSet::with)
}
