//! Recognises what a request asks of an AI service from its method, path, media type and headers.
//!
//! Own rules stand before the presets' rules, and the first rule that matches decides. What only a
//! body can tell (a reference recording sent inline, say) is not decided here.

mod compile;
mod path;
mod pattern;
mod requirements;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

pub use path::{MAX_PATH_BYTES, NormalPath, PathError, normalise};

use crate::body::BodyPlan;
use crate::error::PolicyError;
use crate::operation::{OperationNames, OperationSet};
use crate::request::RequestHead;
use crate::spec::OperationsSpec;
use crate::trace::Trace;
use requirements::{Asked, Requirements};

/// The rules of one policy, compiled: own ones first, then those of the presets.
#[derive(Clone, Debug)]
pub struct Recogniser {
    rules: Vec<Rule>,
}

/// What was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised<'a> {
    /// A rule knows the request.
    Operations {
        /// The rule.
        rule: &'a RuleName,
        /// What the request asks for by its head; all of it must be allowed.
        operations: OperationSet,
        /// Where it says more.
        plan: Option<&'a Rc<BodyPlan>>,
        /// The voice that the path names.
        voice: Option<String>,
    },
    /// No rule knows the request.
    Unknown,
    /// The path can be read in more than one way, so no rule was tried: a bad request.
    BadPath(PathError),
    /// The content type can be read in more than one way, so no rule was tried: a bad request.
    BadContentType,
}

/// The name of a rule, as decisions show it: `upload` for an own rule, `glm-tts/batch` for a
/// preset's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleName(String);

#[derive(Clone, Debug)]
struct Rule {
    name: RuleName,
    /// The preset it comes from; an own rule has none.
    preset: Option<&'static str>,
    requirements: Requirements,
    operations: OperationSet,
    plan: Option<Rc<BodyPlan>>,
}

// === impl Recogniser ===

impl Recogniser {
    /// Compiles the `operations` section with the names it may use.
    ///
    /// Everything wrong is added to `errors`, with its place under `operations`; if anything was,
    /// the result is not to be used.
    pub fn compile(
        spec: &OperationsSpec,
        names: &OperationNames,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        Self { rules: compile::rules(spec, names, errors) }
    }

    /// What `head` asks for.
    pub fn recognise(&self, head: &RequestHead, trace: &mut impl Trace) -> Recognised<'_> {
        // RFC 9112 §3.2.4: `OPTIONS *` asks about the server as a whole, so it has no path.
        if head.path() == b"*" && head.method() == b"OPTIONS" {
            return Recognised::Unknown;
        }
        let path = match normalise(head.path()) {
            Ok(path) => path,
            Err(error) => {
                trace.considered(|| "path".to_owned(), || error.to_string());
                return Recognised::BadPath(error);
            }
        };
        let Ok(media_type) = head.media_type() else {
            trace.considered(
                || "content-type".to_owned(),
                || "more than one, or no media type".to_owned(),
            );
            return Recognised::BadContentType;
        };
        let asked = Asked::new(head, &path, media_type.as_deref());
        for rule in &self.rules {
            let mismatch = rule.requirements.mismatch(&asked);
            trace.considered(
                || format!("rule {}", rule.name),
                || mismatch.map_or_else(|| "matches".to_owned(), |it| it.to_string()),
            );
            if mismatch.is_none() {
                let voice = rule.plan.as_ref().and_then(|it| it.voice_segment);
                return Recognised::Operations {
                    rule: &rule.name,
                    operations: rule.operations,
                    plan: rule.plan.as_ref(),
                    voice: voice.and_then(|it| path.segments().nth(it)).map(str::to_owned),
                };
            }
        }
        Recognised::Unknown
    }

    /// What the rule of this name says of bodies and queries.
    pub fn plan(&self, rule: &RuleName) -> Option<&BodyPlan> {
        self.rules.iter().find(|it| it.name == *rule)?.plan.as_deref()
    }

    /// What the rules that can match say of bodies and queries, with the operations by the head.
    pub fn plans(&self) -> impl Iterator<Item = (OperationSet, &Rc<BodyPlan>)> {
        self.rules.iter().filter_map(|rule| Some((rule.operations, rule.plan.as_ref()?)))
    }

    /// All that requests of each rule can ask for, with what stands in them.
    pub fn asked(&self) -> impl Iterator<Item = (OperationSet, Option<&BodyPlan>)> {
        self.rules.iter().map(|rule| {
            let more = rule.plan.as_ref().map(|it| it.operations_by_facts());
            (rule.operations.union(more.unwrap_or_default()), rule.plan.as_deref())
        })
    }

    /// The rules that can match, in the order they are tried, with what they stand for.
    pub fn rules(&self) -> impl Iterator<Item = (&RuleName, OperationSet)> {
        self.rules.iter().map(|rule| (&rule.name, rule.operations))
    }
}

// === impl RuleName ===

impl RuleName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
