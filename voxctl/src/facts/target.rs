//! Which rule says where facts stand.

use std::rc::Rc;

use voxgate_policy::Policy;
use voxgate_policy::body::{BodyPlan, BodyRules};
use voxgate_policy::error::{Path, PolicyError};
use voxgate_policy::operation::OperationNames;
use voxgate_policy::preset::{self, Preset, PresetRule};
use voxgate_policy::recognise::{PathError, Recognised, Recogniser};
use voxgate_policy::spec::{FactsSpec, OperationsSpec};
use voxgate_policy::suggest;
use voxgate_policy::trace::Silent;

use crate::explain::Request;

/// Where the facts of a request stand, and how they are counted.
#[derive(Clone, Debug)]
pub struct Target {
    /// The rule's name.
    pub rule: String,
    /// What it says.
    pub plan: Rc<BodyPlan>,
    /// The voice that the path names.
    pub voice: Option<String>,
    /// The `facts` section.
    pub rules: BodyRules,
}

/// Why nobody knows where facts stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing says which operation it is.
    #[error(
        "where facts stand in a body hangs on the operation; name it:\n  \
         --policy FILE --path /v1/audio/speech      by a policy, with -X for other methods than POST\n  \
         --preset openai-audio --rule speech        by a rule that is shipped"
    )]
    NotNamed,
    /// No preset of this name.
    #[error("no preset is called `{name}`; {accepted}")]
    Preset {
        /// As given.
        name: String,
        /// What there is.
        accepted: String,
    },
    /// The preset lacks this rule.
    #[error("preset `{preset}` has no rule `{name}` that reads a body or query; {accepted}")]
    Rule {
        /// The preset.
        preset: &'static str,
        /// As given.
        name: String,
        /// What there is.
        accepted: String,
    },
    /// The preset has several.
    #[error(
        "preset `{preset}` reads several requests; name one with --rule ({accepted}), or by its \
         --path"
    )]
    WhichRule {
        /// The preset.
        preset: &'static str,
        /// What there is.
        accepted: String,
    },
    /// No rule matches.
    #[error("no rule knows {0}; `voxctl explain` shows what each looks at")]
    Unknown(String),
    /// The path can be read in more than one way.
    #[error("the path: {0}")]
    BadPath(PathError),
    /// So can the content type.
    #[error("--content-type is no media type, as `application/json`")]
    BadContentType,
    /// The rule says nothing of bodies.
    #[error("rule `{0}` names no place in a body, query or path: nothing of it is read")]
    SaysNothing(String),
}

// === impl Target ===

impl Target {
    /// By the rule of a policy that matches `request`.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn of_policy(policy: &Policy, request: &Request) -> Result<Self, TargetError> {
        recognised(policy.recogniser(), policy.body_rules().clone(), request)
    }

    /// By the rule of a preset that matches `request`.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn of_preset(name: &str, request: &Request) -> Result<Self, TargetError> {
        let preset = preset_called(name)?;
        let spec =
            OperationsSpec { presets: vec![preset.name.to_owned()], ..OperationsSpec::default() };
        // What is shipped compiles.
        let mut errors = Vec::new();
        let names = OperationNames::compile(&[], &Path::root(), &mut errors);
        let recogniser = Recogniser::compile(&spec, &names, &mut errors);
        recognised(&recogniser, defaults(&mut errors), request)
    }

    /// By a preset's rule; `None` is its only one.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn of_rule(preset: &str, rule: Option<&str>) -> Result<Self, TargetError> {
        let preset = preset_called(preset)?;
        let reading: Vec<&PresetRule> = preset
            .rules
            .iter()
            .filter(|it| it.body_spec().is_some() || !it.query_spec().is_empty())
            .collect();
        let names = || reading.iter().map(|it| it.name);
        let found = match (rule, reading.as_slice()) {
            (Some(name), _) => reading.iter().find(|it| it.name == name).ok_or_else(|| {
                let accepted = suggest::accepted(name, names());
                TargetError::Rule { preset: preset.name, name: name.to_owned(), accepted }
            })?,
            (None, [only]) => only,
            (None, _) => {
                let accepted = names().collect::<Vec<_>>().join(", ");
                return Err(TargetError::WhichRule { preset: preset.name, accepted });
            }
        };
        let rule = format!("{}/{}", preset.name, found.name);
        let mut errors = Vec::new();
        let body = found.body_spec();
        let root = Path::root();
        let plan = BodyPlan::compile(body.as_ref(), &found.query_spec(), None, &root, &mut errors);
        let plan = plan.ok_or_else(|| TargetError::SaysNothing(rule.clone()))?;
        Ok(Self { rule, plan: Rc::new(plan), voice: None, rules: defaults(&mut errors) })
    }
}

fn preset_called(name: &str) -> Result<&'static Preset, TargetError> {
    preset::by_name(name).ok_or_else(|| TargetError::Preset {
        name: name.to_owned(),
        accepted: suggest::accepted(name, preset::ALL.iter().map(|it| it.name)),
    })
}

/// As a policy without a `facts` section has it.
fn defaults(errors: &mut Vec<PolicyError>) -> BodyRules {
    BodyRules::compile(&FactsSpec::default(), &Path::root(), errors)
}

fn recognised(
    recogniser: &Recogniser,
    rules: BodyRules,
    request: &Request,
) -> Result<Target, TargetError> {
    match recogniser.recognise(&request.head, &mut Silent) {
        Recognised::Operations { rule, plan: Some(plan), voice, .. } => {
            Ok(Target { rule: rule.to_string(), plan: Rc::clone(plan), voice, rules })
        }
        Recognised::Operations { rule, plan: None, .. } => {
            Err(TargetError::SaysNothing(rule.to_string()))
        }
        Recognised::Unknown => Err(TargetError::Unknown(request.name())),
        Recognised::BadPath(error) => Err(TargetError::BadPath(error)),
        Recognised::BadContentType => Err(TargetError::BadContentType),
    }
}
