//! What would become of the response to a request, by the rules of the filter chunk-flush.

use serde::Serialize;
use voxgate_policy::Policy;
use voxgate_policy::decision::Decision;
use voxgate_policy::request::RequestHead;
use voxgate_policy::spec::{CoalesceMode, DurationSpec};
use voxgate_policy::stream::CoalesceRule;
use voxgate_policy::subject::Subject;

/// What becomes of a response of one content type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The content type, as a rule names it; `None` for any that none names.
    pub content_type: Option<String>,
    /// The rule of `coalesce` by which its chunks are put together; `None`: it passes as it comes.
    pub rule: Option<String>,
    /// `playback`, `interval` or `ramp`.
    pub mode: Option<CoalesceMode>,
    /// The most bytes that are held.
    pub max_bytes: Option<u64>,
    /// The longest that anything is held.
    pub max_delay: Option<DurationSpec>,
    /// Of `playback`: how much a listener must have left for anything to be held.
    pub floor: Option<DurationSpec>,
}

/// What becomes of the response to the request of `head`, if it passes; `None` if streams are not looked after.
pub(super) fn foreseen(
    decision: &Decision,
    head: &RequestHead,
    policy: &Policy,
) -> Option<Vec<Held>> {
    let rules = policy.streams()?;
    let subject = Subject::new(decision, head, policy);
    let mut named: Vec<&str> = Vec::new();
    for content_type in rules.content_types() {
        if !named.contains(&content_type) {
            named.push(content_type);
        }
    }
    let all = named.into_iter().map(Some).chain([None]);
    let held = all.map(|content_type| {
        let of = content_type.unwrap_or_default().as_bytes();
        Held::new(content_type, rules.coalesce_for(&subject, of, policy.operations()).as_deref())
    });
    Some(held.collect())
}

// === impl Held ===

impl Held {
    fn new(content_type: Option<&str>, rule: Option<&CoalesceRule>) -> Self {
        let of_playback = rule.filter(|it| it.mode == CoalesceMode::Playback);
        Self {
            content_type: content_type.map(str::to_owned),
            rule: rule.map(|it| it.name.to_string()),
            mode: rule.map(|it| it.mode),
            max_bytes: rule.map(|it| it.max_bytes),
            max_delay: rule.map(|it| DurationSpec(it.max_delay)),
            floor: of_playback.map(|it| DurationSpec(it.floor)),
        }
    }

    /// What it is about, for people.
    pub fn name(&self) -> &str {
        self.content_type.as_deref().unwrap_or("any other")
    }

    /// As a line for people.
    pub fn line(&self) -> String {
        let (Some(rule), Some(mode), Some(bytes), Some(delay)) =
            (&self.rule, self.mode, self.max_bytes, self.max_delay)
        else {
            return "passes as it comes".to_owned();
        };
        let when = match mode {
            CoalesceMode::Playback => "while the listener has enough left, ",
            CoalesceMode::Interval => "",
            CoalesceMode::Ramp => "in releases that grow, ",
        };
        let mut line =
            format!("put together by {rule}: {when}up to {bytes} bytes, for {delay} at most");
        if let Some(floor) = self.floor {
            line += &format!("; not below {floor}");
        }
        line
    }
}
