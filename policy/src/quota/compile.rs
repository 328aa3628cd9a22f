//! From the `quotas` section as written to the validated one.

use std::time::Duration;

use super::account::CounterKey;
use super::meter::Meter;
use super::rules::{QuotaRule, QuotaRules, Terms};
use super::window::Window;
use crate::calendar::Zone;
use crate::error::{Path, PolicyError};
use crate::names::NamePatterns;
use crate::operation::{OperationNames, OperationSet};
use crate::recognise::normalise;
use crate::spec::{PeriodSpec, QuotaLimitSpec, QuotaRuleSpec, QuotaScope, QuotasSpec};
use crate::suggest;
use crate::tier::Tiers;

/// The most rules of one policy: all that apply are compared with each request.
pub const MAX_RULES: usize = 64;

/// The most tenants that have metrics of their own.
pub const MAX_LABELLED_TENANTS: usize = 100;

/// The shortest and the longest rolling window.
const PERIODS: (Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(366 * 24 * 3600));

/// The shortest and the longest lease.
const LEASES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// The shortest and the longest time in which a repeat is recognised.
const REPEATS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(7 * 24 * 3600));

/// What a quota compiles against.
pub struct Surroundings<'a> {
    /// The operations there are.
    pub operations: &'a OperationNames,
    /// The tiers there are.
    pub tiers: &'a Tiers,
    /// Whether `identity.claims.user` names a claim.
    pub has_users: bool,
    /// Whether scopes tell callers apart.
    pub has_scopes: bool,
}

impl QuotaRules {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &QuotasSpec,
        path: &Path,
        around: &Surroundings<'_>,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let mut compiler = Compiler { around, errors };
        if spec.rules.len() > MAX_RULES {
            compiler.error(path.key("rules"), format!("more than {MAX_RULES} rules"));
        }
        let soft = compiler.soft(&spec.soft, &path.key("soft"));
        let mut rules: Vec<QuotaRule> = Vec::new();
        for (i, rule) in spec.rules.iter().take(MAX_RULES).enumerate() {
            let place = path.key("rules").index(i);
            if rules.iter().any(|it| it.name == rule.name) {
                let message = format!("a second rule called `{}`", rule.name);
                compiler.error(place.key("name"), message);
            }
            rules.push(compiler.rule(rule, &soft, &place));
        }
        if spec.label_tenants.len() > MAX_LABELLED_TENANTS {
            let message =
                format!("more than {MAX_LABELLED_TENANTS} tenants with metrics of their own");
            compiler.error(path.key("label_tenants"), message);
        }
        compiler.within(spec.lease.0, LEASES, &path.key("lease"));
        if let Some(repeats) = &spec.idempotency {
            compiler.within(repeats.window.0, REPEATS, &path.key("idempotency").key("window"));
        }
        if let Some(usage) = &spec.usage {
            let place = path.key("usage");
            if !matches!(normalise(usage.path.as_bytes()), Ok(it) if it.as_str() == usage.path) {
                let message = "write a path without a query, in its plainest form, as `/.well-known/voxgate/usage`";
                compiler.error(place.key("path"), message);
            }
            if usage.operator_scope.is_some() && !around.has_scopes {
                let message = "`identity.source` has no tokens, so nobody has scopes";
                compiler.error(place.key("operator_scope"), message);
            }
        }
        Self {
            rules,
            on_store_error: spec.on_store_error,
            lease: spec.lease.0,
            websockets: spec.websockets,
            refund: spec.refund,
            repeat_window: spec.idempotency.map(|it| it.window.0),
            usage_path: spec.usage.as_ref().map(|it| it.path.clone()),
            operator_scope: spec.usage.as_ref().and_then(|it| it.operator_scope.clone()),
            label_tenants: spec.label_tenants.clone(),
        }
    }

    /// A tenant's own terms for the rule called `name`, as the policy, or the tenants' source, says at
    /// `path`.
    ///
    /// # Errors
    /// There is no such rule, it is not a tenant's, or the limit makes no sense for it.
    pub fn tenant_terms(
        &self,
        name: &str,
        limit: &QuotaLimitSpec,
        path: &Path,
    ) -> Result<(super::RuleId, Terms), Vec<PolicyError>> {
        let Some((id, rule)) = self.named(name) else {
            let accepted = suggest::accepted(name, self.rules.iter().map(|it| it.name.as_str()));
            return Err(vec![PolicyError::new(
                path,
                format!("there is no quota rule `{name}`; {accepted}"),
            )]);
        };
        if rule.scope == QuotaScope::Service {
            let message =
                format!("rule `{name}` limits all tenants together, so none has terms of its own");
            return Err(vec![PolicyError::new(path, message)]);
        }
        let mut errors = Vec::new();
        let terms = terms(limit, &rule.window, rule.meter.scale(), path, &mut errors);
        if errors.is_empty() { Ok((id, terms)) } else { Err(errors) }
    }
}

struct Compiler<'a> {
    around: &'a Surroundings<'a>,
    errors: &'a mut Vec<PolicyError>,
}

impl Compiler<'_> {
    fn error(&mut self, path: Path, message: impl Into<String>) {
        self.errors.push(PolicyError::new(path, message));
    }

    fn within(&mut self, length: Duration, (least, most): (Duration, Duration), path: &Path) {
        if !(least..=most).contains(&length) {
            let message = format!("must be between {} s and {} s", least.as_secs(), most.as_secs());
            self.error(path.clone(), message);
        }
    }

    fn soft(&mut self, percent: &[u8], path: &Path) -> Vec<u8> {
        if !percent.iter().all(|it| (1..=100).contains(it)) || !percent.is_sorted_by(|a, b| a < b) {
            self.error(path.clone(), "write percentages from 1 to 100, ascending");
        }
        percent.to_vec()
    }

    fn rule(&mut self, spec: &QuotaRuleSpec, soft: &[u8], path: &Path) -> QuotaRule {
        if !is_name(&spec.name) {
            self.error(path.key("name"), format!(
                "`{}` is not a rule name; write a-z, A-Z, 0-9, `-`, `_` and `.`, 1 to 64 of them",
                spec.name.escape_debug()
            ));
        }
        if spec.scope == QuotaScope::User && !self.around.has_users {
            self.error(
                path.key("scope"),
                "`identity.claims.user` names no claim that tells users apart",
            );
        }
        if !(1..=100).contains(&spec.reserve.share) {
            self.error(path.key("reserve").key("share"), "must be between 1 and 100 percent");
        }
        let operations = self.operations(spec, &path.key("operations"));
        let window = self.window(spec, path);
        let scale = spec.meter.scale();
        let default = spec
            .default
            .as_ref()
            .map(|it| terms(it, &window, scale, &path.key("default"), self.errors));
        let tiers = self.tiers(spec, operations, &window, path);
        QuotaRule {
            name: spec.name.clone(),
            meter: spec.meter,
            operations,
            counts_unknown: spec.operations.is_empty(),
            scope: spec.scope,
            soft: match &spec.soft {
                Some(own) => self.soft(own, &path.key("soft")),
                None => soft.to_vec(),
            },
            is_shadow: spec.shadow,
            key: counter_key(spec),
            weights: self.weights(spec, &path.key("weight").key("model")),
            default,
            tiers,
            window,
            share: spec.reserve.share,
            least: spec.reserve.least.saturating_mul(scale),
        }
    }

    fn operations(&mut self, spec: &QuotaRuleSpec, path: &Path) -> OperationSet {
        if spec.operations.is_empty() {
            return self.around.operations.matching("*");
        }
        let mut all = OperationSet::default();
        for (i, pattern) in spec.operations.iter().enumerate() {
            let matching = self.around.operations.matching(pattern);
            if matching.is_empty() {
                let accepted = suggest::accepted(pattern, self.around.operations.iter());
                let message = format!("`{pattern}` fits no operation; {accepted}");
                self.error(path.index(i), message);
            }
            all = all.union(matching);
        }
        all
    }

    fn window(&mut self, spec: &QuotaRuleSpec, path: &Path) -> Window {
        let zone = match spec.timezone.as_deref().map(Zone::named) {
            None => Zone::UTC,
            Some(Ok(zone)) => zone,
            Some(Err(error)) => {
                self.error(path.key("timezone"), error.to_string());
                Zone::UTC
            }
        };
        let is_calendar = matches!(spec.per, Some(PeriodSpec::Calendar(_)));
        if spec.timezone.is_some() && !is_calendar {
            self.error(
                path.key("timezone"),
                "only the calendar's windows (`day`, `week`, `month`) have a time zone",
            );
        }
        match spec.per {
            None if spec.meter.is_held() => Window::Held,
            None => {
                let message =
                    format!("`{}` needs a window, as `10s`, `30d`, `day` or `month`", spec.meter);
                self.error(path.clone(), message);
                Window::Held
            }
            Some(_) if spec.meter.is_held() => {
                let message = format!("`{}` is held, not used up, so it has no window", spec.meter);
                self.error(path.key("per"), message);
                Window::Held
            }
            Some(PeriodSpec::Calendar(unit)) => Window::Calendar(unit, zone),
            Some(PeriodSpec::Rolling(period)) => {
                self.within(period.0, PERIODS, &path.key("per"));
                Window::Rolling(period.0)
            }
        }
    }

    /// The limits of tiers. Each tier that the rule can apply to must have one, or there is a default:
    /// nothing is unlimited for want of a word.
    fn tiers(
        &mut self,
        spec: &QuotaRuleSpec,
        operations: OperationSet,
        window: &Window,
        path: &Path,
    ) -> Vec<(crate::tier::TierId, Terms)> {
        let section = path.key("tiers");
        let mut found = Vec::new();
        for (name, limit) in &spec.tiers {
            let place = section.key(name);
            match self.around.tiers.resolve(name, &place) {
                Ok(id) => {
                    let terms = terms(limit, window, spec.meter.scale(), &place, self.errors);
                    found.push((id, terms));
                }
                Err(error) => self.errors.push(error),
            }
        }
        if spec.default.is_none() {
            for id in self.around.tiers.ids() {
                let allowed = self.around.tiers.allowed(id);
                let applies = allowed.without(operations) != allowed;
                if applies && found.iter().all(|(it, _)| *it != id) {
                    let message = format!(
                        "tier `{0}` has no limit under rule `{1}`; name one under `tiers`, write `{0}: {{unlimited: true}}`, or give the rule a `default`",
                        self.around.tiers.name(id),
                        spec.name
                    );
                    self.error(section.clone(), message);
                }
            }
        }
        found
    }

    fn weights(&mut self, spec: &QuotaRuleSpec, path: &Path) -> Vec<(NamePatterns, u32)> {
        let mut weights = Vec::new();
        if spec.meter == Meter::VoiceSlots && !spec.weight.is_empty() {
            // Else more would be taken than is given back.
            let message = "who deletes a voice does not say of which model it is, so each counts 1";
            self.error(path.clone(), message);
        }
        for (pattern, weight) in &spec.weight.model {
            let thousandths = weight * 1000.0;
            if !(0.0..=1_000_000.0).contains(&thousandths)
                || (thousandths - thousandths.round()).abs() > 1e-6
            {
                self.error(path.key(pattern), "a weight is between 0 and 1000, in steps of 0.001");
            }
            // In range, or an error was told.
            let thousandths = thousandths.round().clamp(0.0, 1_000_000.0) as u32;
            weights.push((NamePatterns::new([pattern.as_str()]), thousandths));
        }
        weights
    }
}

fn terms(
    spec: &QuotaLimitSpec,
    window: &Window,
    scale: u64,
    path: &Path,
    errors: &mut Vec<PolicyError>,
) -> Terms {
    let mut wrong = |message: &str| errors.push(PolicyError::new(path, message));
    match (spec.limit, spec.unlimited) {
        (None, true) if spec.burst.is_none() => Terms::Unlimited,
        (None, false) => {
            wrong("say `limit: N` or `unlimited: true`");
            Terms::Unlimited
        }
        (_, true) => {
            wrong("`unlimited` excludes `limit` and `burst`");
            Terms::Unlimited
        }
        (Some(limit), false) => {
            if spec.burst.is_some() && !matches!(window, Window::Rolling(_)) {
                wrong("only a rolling window has a `burst`");
            }
            if spec.burst == Some(0) && limit > 0 {
                wrong("a `burst` of 0 lets nothing pass; write `limit: 0`");
            }
            let units = limit.saturating_mul(scale);
            let burst = spec.burst.map_or(units, |it| it.saturating_mul(scale));
            Terms::Limited { units, burst: if units == 0 { 0 } else { burst } }
        }
    }
}

/// FNV-1a over what makes a counter another one.
fn counter_key(spec: &QuotaRuleSpec) -> CounterKey {
    let per = spec.per.as_ref().map(ToString::to_string).unwrap_or_default();
    let zone = spec.timezone.as_deref().unwrap_or_default();
    let parts = [spec.name.as_str(), spec.meter.as_str(), &per, zone];
    let bytes = parts.iter().flat_map(|it| it.bytes().chain([0]));
    CounterKey(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// Rule names stand in headers, as Structured Fields strings, and in metrics.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
