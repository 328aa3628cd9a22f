//! What would become of a request under load, by the code of the filter text-shed. How loaded the
//! service is, and what there is room for, only a proxy knows.

use std::time::Duration;

use serde::Serialize;
use voxgate_policy::Policy;
use voxgate_policy::decision::Decision;
use voxgate_policy::request::RequestHead;
use voxgate_policy::shed::guard::Guard;
use voxgate_policy::shed::ladder::Degrade;
use voxgate_policy::shed::{
    BadDeadline, DEADLINE_HEADER, GRPC_TIMEOUT_HEADER, Lane, Refusal, Request, ShedRules, TierKey,
    Verdict, deadline, foresee,
};
use voxgate_policy::spec::{Level, ShadowSection, WorkUnit};
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

/// What would become of a request, level by level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shedding {
    /// What capacity is counted in.
    pub unit: WorkUnit,
    /// What the request takes of it, in these units, rounded up.
    pub work: u64,
    /// What the online lane has in all; `None` if a proxy learns it.
    pub capacity: Option<u64>,
    /// How long it may wait for room; `None`: not at all.
    pub waits_ms: Option<u64>,
    /// In how many milliseconds its first byte is wanted; `None` if nobody says so.
    pub deadline_ms: Option<u64>,
    /// Whether it would only be counted.
    pub shadow: bool,
    /// At each level of load.
    pub levels: Vec<AtLevel>,
}

/// What would become of it at a level of load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtLevel {
    /// The level.
    pub load: Level,
    /// `pass`, `degrade`, `divert` or `reject`.
    pub outcome: &'static str,
    /// The rule of the ladder that matches, if one does.
    pub rule: Option<String>,
    /// What a degraded request asks for, as `sample_rate=16000`; headers by their names.
    pub changes: Vec<String>,
    /// Why it is rejected, as in metrics.
    pub reason: Option<&'static str>,
    /// The HTTP status of a rejection.
    pub status: Option<u16>,
    /// How long its text could be to pass, if it is too long.
    pub longest_text_chars: Option<u64>,
}

/// What becomes of the request of `head`, if it passes; `None` if the filter does not look at it.
pub(super) fn foreseen(
    decision: &Decision,
    head: &RequestHead,
    policy: &Policy,
    now: UnixMillis,
) -> Option<Shedding> {
    let rules = policy.shedding()?;
    let subject = Subject::new(decision, head, policy);
    if !rules.guards(&subject, policy.operations()) {
        return None;
    }
    let asked = rules.asked(&subject, policy.operations());
    let by = deadline(
        head.first(DEADLINE_HEADER),
        head.first(GRPC_TIMEOUT_HEADER),
        rules.budget(asked.tier),
        now,
    );
    let request = Request {
        id: 0,
        tenant: 0,
        asked,
        work: rules.work(&subject),
        deadline: by.unwrap_or_default(),
        may_wait: !subject.is_upgrade,
    };
    let at = |level| AtLevel::new(level, &request, by, rules, &subject, now);
    let configured = (!rules.is_learned(Lane::Online))
        .then(|| rules.units(Guard::default().capacity(rules, Lane::Online)));
    Some(Shedding {
        unit: rules.unit(),
        work: rules.units(request.work),
        capacity: configured,
        waits_ms: wait(rules, asked.tier).filter(|_| request.may_wait).map(millis),
        deadline_ms: request.deadline.map(|it| millis(it.since(now))),
        shadow: policy.is_shadowed(ShadowSection::Shedding),
        levels: [Level::Normal, Level::Busy, Level::Overload].into_iter().filter_map(at).collect(),
    })
}

fn wait(rules: &ShedRules, tier: TierKey) -> Option<Duration> {
    let terms = rules.gate_terms(Guard::default().capacity(rules, Lane::Online));
    terms.tiers.iter().find(|it| it.tier == tier)?.queue.map(|it| it.wait)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

// === impl AtLevel ===

impl AtLevel {
    fn new(
        level: Level,
        request: &Request<'_>,
        by: Result<Option<UnixMillis>, BadDeadline>,
        rules: &ShedRules,
        subject: &Subject,
        now: UnixMillis,
    ) -> Option<Self> {
        let foreseen = foresee(rules, request, level, now).ok()?;
        let (rule, verdict) = match by {
            Ok(_) => (foreseen.rule, foreseen.verdict),
            Err(BadDeadline) => (None, Verdict::Refused(Refusal::BadDeadline)),
        };
        let rule = rule.as_deref();
        let mut it = Self {
            load: level,
            outcome: "pass",
            rule: rule.map(str::to_owned),
            changes: Vec::new(),
            reason: None,
            status: None,
            longest_text_chars: None,
        };
        match &verdict {
            Verdict::Admitted(place, degrade) | Verdict::Waits(place, degrade) => {
                if place.lane == Lane::Batch {
                    it.outcome = "divert";
                } else if let Some(degrade) = degrade {
                    it.outcome = "degrade";
                    it.changes = changes(degrade);
                }
            }
            Verdict::Refused(refusal) => {
                it.outcome = "reject";
                it.reason = Some(refusal.reason());
                it.status = Some(refusal.answer(subject, rule, level, None, 0).status);
                it.longest_text_chars = refusal.longest();
            }
        }
        Some(it)
    }

    /// As a line for people.
    pub fn line(&self) -> String {
        let mut line = self.outcome.to_owned();
        if let Some(status) = self.status {
            line += &format!(" {status}");
        }
        if let Some(rule) = &self.rule {
            line += &format!(" by {rule}");
        }
        if !self.changes.is_empty() {
            line += &format!(": {}", self.changes.join(", "));
        }
        if self.outcome == "divert" {
            line += " to the batch lane";
        }
        if let Some(reason) = self.reason {
            line += &format!(": {reason}");
        }
        if let Some(longest) = self.longest_text_chars {
            line += &format!(", up to {longest} characters pass");
        }
        line
    }
}

fn changes(degrade: &Degrade) -> Vec<String> {
    let Degrade { sample_rate, model, format, stream, headers } = degrade;
    let fields = [
        sample_rate.map(|it| format!("sample_rate<={it}")),
        model.as_ref().map(|it| format!("model={it}")),
        format.as_ref().map(|it| format!("format={it}")),
        stream.then(|| "stream=true".to_owned()),
    ];
    fields.into_iter().flatten().chain(headers.keys().cloned()).collect()
}

// === impl Shedding ===

impl Shedding {
    /// What it takes, in a line for people.
    pub fn summary(&self) -> String {
        let unit = match self.unit {
            WorkUnit::AudioSeconds => "audio seconds",
            WorkUnit::TextChars => "characters",
            WorkUnit::Requests => "requests",
        };
        let mut line = match self.capacity {
            Some(capacity) => format!("{} of {capacity} {unit} in flight", self.work),
            None => format!("{} {unit} in flight, of as many as a proxy learns", self.work),
        };
        let time = |it| humantime::format_duration(Duration::from_millis(it));
        if let Some(wait) = self.waits_ms {
            line += &format!("; waits up to {} for them", time(wait));
        }
        if let Some(deadline) = self.deadline_ms {
            line += &format!("; its first byte is wanted within {}", time(deadline));
        }
        if self.shadow {
            line += " (shadow)";
        }
        line
    }
}
