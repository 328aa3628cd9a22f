//! From the `shedding` section as written to the validated one.

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use super::gate::{MAX_QUEUED, QueueTerms, TierTerms};
use super::ladder::{
    Conditions, Degrade, Ladder, LadderRule, Levels, Rung, Span, first_unreachable,
};
use super::load::{MetricName, Thresholds};
use super::rules::{LEAST_CHARS, ShedRules};
use super::work::{TierKey, Work};
use crate::body::{BodyPlan, Field};
use crate::error::{Path, PolicyError};
use crate::operation::{OperationNames, OperationSet};
use crate::recognise::Recogniser;
use crate::spec::{
    BodyFormat, CapacitySpec, DeadlineSpec, DegradeSpec, LadderRuleSpec, LoadSpec, RangeSpec,
    RejectSpec, RungSpec, SheddingSpec, ThresholdsSpec, WorkUnit,
};
use crate::suggest;
use crate::tier::{Limit, TierId, Tiers};

/// The most rules of one ladder.
pub const MAX_RULES: usize = 64;

const LEASES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));
const WAITS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(60));
const DWELLS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));
const BUDGETS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(3600));
const MAX_SHARE: u32 = 1000;
const MAX_PERCENT: u32 = 100_000;

impl ShedRules {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &SheddingSpec,
        path: &Path,
        operations: &OperationNames,
        tiers: &Tiers,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let mut compiler = Compiler { operations, tiers, errors };
        let CapacitySpec { unit, limit, batch_limit, most, .. } = spec.capacity;
        let place = path.key("capacity");
        let scale = if unit == WorkUnit::AudioSeconds { 1000 } else { 1 };
        let mut work = |units: Option<u64>, key: &str| {
            if units == Some(0) {
                compiler.error(place.key(key), "must be more than 0");
            }
            units.map(|it| Work(it.saturating_mul(scale)))
        };
        let online = work(limit, "limit");
        let batch = work(batch_limit, "batch_limit");
        let most = work(most, "most").unwrap_or(match unit {
            WorkUnit::AudioSeconds => Work(6_000_000),
            WorkUnit::TextChars => Work(6_000_u64.saturating_mul(LEAST_CHARS)),
            WorkUnit::Requests => Work(1000),
        });
        let tier_terms = compiler.tiers(&spec.capacity, &place.key("tiers"));
        compiler.within(spec.lease.0, LEASES, &path.key("lease"));
        let load = path.key("load");
        compiler.within(spec.load.dwell.0, DWELLS, &load.key("dwell"));
        let busy = compiler.thresholds(&spec.load.busy, &load.key("busy"));
        let overload = compiler.thresholds(&spec.load.overload, &load.key("overload"));
        compiler.ordered(&spec.load, &load.key("overload"));
        let is_header = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if spec.load.report_header.is_empty() || !spec.load.report_header.bytes().all(is_header) {
            compiler.error(load.key("report_header"), "write the name of a header in lower case");
        }
        let mut report_metrics = Vec::new();
        for (i, name) in spec.load.report_metrics.iter().enumerate() {
            match MetricName::try_from(name.clone()) {
                Ok(name) => report_metrics.push(name),
                Err(error) => {
                    compiler.error(load.key("report_metrics").index(i), error.to_string());
                }
            }
        }
        let (default_budget, budgets) = compiler.budgets(&spec.deadline, &path.key("deadline"));
        let ladder = compiler.ladder(&spec.ladder, &path.key("ladder"));
        Self {
            unit,
            online,
            batch,
            most,
            tiers: tier_terms,
            lease: spec.lease.0,
            busy,
            overload,
            dwell: spec.load.dwell.0,
            report_header: spec.load.report_header.clone(),
            report_metrics,
            ladder,
            budgets,
            default_budget,
        }
    }

    /// Adds an error for each rule of the section at `path` that hangs on what no recognised operation
    /// tells.
    pub fn check_fed(&self, path: &Path, recogniser: &Recogniser, errors: &mut Vec<PolicyError>) {
        for (i, rule) in self.ladder.rules().enumerate() {
            let place = path.key("ladder").index(i);
            let plans: Vec<&BodyPlan> = recogniser
                .asked()
                .filter(|(operations, _)| rule.when.is_about(*operations))
                .filter_map(|(_, plan)| plan)
                .collect();
            let tells_text = plans.iter().any(|it| it.names(Field::Text));
            for (span, key) in
                [(rule.when.chars, "text_chars"), (rule.when.speech_ms, "audio_seconds")]
            {
                if span != Span::ALL && !tells_text {
                    errors.push(PolicyError::new(place.key(key), UNFED));
                }
            }
            let place = place.key("degrade");
            let can_change = |plan: &BodyPlan, field: Field| {
                plan.formats().contains(&BodyFormat::Json) && !plan.places().of(field).is_empty()
            };
            let mut is_fed = true;
            for field in rule.rung.changed_fields() {
                if !plans.iter().any(|it| can_change(it, field)) {
                    is_fed = false;
                    errors.push(PolicyError::new(place.key(field.as_str()), format!(
                        "no rule tells where the {} stands in a JSON body for an operation of this rule; name its place in a rule's `body.fields`",
                        field.as_str().replace('_', " ")
                    )));
                }
            }
            let can_change_all =
                |plan: &&BodyPlan| rule.rung.changed_fields().all(|field| can_change(plan, field));
            if is_fed
                && rule.rung.changed_fields().next().is_some()
                && !plans.iter().any(can_change_all)
            {
                errors.push(PolicyError::new(
                    place,
                    "no body has a place for all of this; make it several rules",
                ));
            }
        }
    }
}

const UNFED: &str = "no rule tells the text of an operation of this rule; name its place in a rule's `body.fields`, or leave this out";

struct Compiler<'a> {
    operations: &'a OperationNames,
    tiers: &'a Tiers,
    errors: &'a mut Vec<PolicyError>,
}

// === impl Compiler ===

impl Compiler<'_> {
    fn error(&mut self, path: Path, message: impl Into<String>) {
        self.errors.push(PolicyError::new(path, message));
    }

    fn within(&mut self, length: Duration, (least, most): (Duration, Duration), path: &Path) {
        if !(least..=most).contains(&length) {
            let message = format!("must be between {least:?} and {most:?}");
            self.error(path.clone(), message);
        }
    }

    fn tier(&mut self, name: &str, path: &Path) -> Option<(TierId, TierKey)> {
        match self.tiers.resolve(name, path) {
            Ok(id) => Some((id, TierKey::of(name))),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn tiers(&mut self, spec: &CapacitySpec, path: &Path) -> Vec<TierTerms> {
        let mut terms = Vec::new();
        let mut reserved = 0_u32;
        for (name, share) in &spec.tiers {
            let place = path.key(name);
            let Some((_, tier)) = self.tier(name, &place) else { continue };
            if !(1..=MAX_SHARE).contains(&share.share) {
                self.error(place.key("share"), format!("must be between 1 and {MAX_SHARE}"));
            }
            reserved = reserved.saturating_add(share.reserve.into());
            if let Some(queue) = share.queue {
                let place = place.key("queue");
                if queue.max == 0 || queue.max as usize > MAX_QUEUED {
                    let message = format!("must be between 1 and {MAX_QUEUED}");
                    self.error(place.key("max"), message);
                }
                self.within(queue.wait.0, WAITS, &place.key("wait"));
            }
            terms.push(TierTerms {
                tier,
                share: share.share,
                reserve_percent: share.reserve,
                queue: share.queue.map(|it| QueueTerms { max: it.max as usize, wait: it.wait.0 }),
            });
        }
        if reserved > 100 {
            let message = format!("the tiers' reserves are {reserved} % of the capacity together");
            self.error(path.clone(), message);
        }
        terms
    }

    fn thresholds(&mut self, spec: &ThresholdsSpec, path: &Path) -> Thresholds {
        let all =
            [(spec.in_use, "in_use"), (spec.first_byte, "first_byte"), (spec.reported, "reported")];
        for (percent, key) in all {
            if !(1..=MAX_PERCENT).contains(&percent) {
                self.error(path.key(key), format!("must be between 1 and {MAX_PERCENT} percent"));
            }
        }
        if spec.first_byte <= 100 {
            self.error(path.key("first_byte"), "100 percent is the baseline itself; write more");
        }
        Thresholds {
            use_percent: spec.in_use,
            first_byte_percent: spec.first_byte,
            reported_percent: spec.reported,
        }
    }

    fn ordered(&mut self, spec: &LoadSpec, path: &Path) {
        let LoadSpec { busy, overload, .. } = spec;
        for (busy, overload, key) in [
            (busy.in_use, overload.in_use, "in_use"),
            (busy.first_byte, overload.first_byte, "first_byte"),
            (busy.reported, overload.reported, "reported"),
        ] {
            if overload < busy {
                self.error(path.key(key), format!("must not be less than `busy`'s, {busy}"));
            }
        }
    }

    fn budgets(
        &mut self,
        spec: &DeadlineSpec,
        path: &Path,
    ) -> (Option<Duration>, Vec<(TierKey, Duration)>) {
        if let Some(default) = spec.default {
            self.within(default.0, BUDGETS, &path.key("default"));
        }
        let mut budgets = Vec::new();
        for (name, budget) in &spec.tiers {
            let place = path.key("tiers").key(name);
            self.within(budget.0, BUDGETS, &place);
            budgets.extend(self.tier(name, &place).map(|(_, tier)| (tier, budget.0)));
        }
        (spec.default.map(|it| it.0), budgets)
    }

    fn ladder(&mut self, specs: &[LadderRuleSpec], path: &Path) -> Ladder {
        if specs.len() > MAX_RULES {
            self.error(path.clone(), format!("more than {MAX_RULES} rules"));
        }
        let wrong_before = self.errors.len();
        let mut rules: Vec<LadderRule> = Vec::new();
        for (i, spec) in specs.iter().take(MAX_RULES).enumerate() {
            let place = path.index(i);
            if !is_name(&spec.name) {
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
        let operations = self.operations.matching("*");
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
        if patterns.is_empty() {
            return None;
        }
        let mut all = OperationSet::default();
        for (i, pattern) in patterns.iter().enumerate() {
            let matching = self.operations.matching(pattern);
            if matching.is_empty() {
                let accepted = suggest::accepted(pattern, self.operations.iter());
                self.error(path.index(i), format!("`{pattern}` fits no operation; {accepted}"));
            }
            all = all.union(matching);
        }
        Some(all)
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
            super::deadline::DEADLINE_HEADER
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

/// Rule names stand in problems and in metrics.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
