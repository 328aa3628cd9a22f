//! `voxctl facts`: what a request asks for beyond its method and path, by the code that the filter
//! runs.

mod lines;
mod report;
mod target;

use serde::Serialize;
use voxgate_policy::body::{BodyScan, Unreadable};
use voxgate_policy::spec::BodyFormat;

use crate::explain::{Request, RequestBody};

pub use lines::Extent;
pub use report::{AudioReport, FactsReport, ReferenceReport, TextReport, UrlReport};
pub use target::{Target, TargetError};

/// What was found in one request; documented in docs/voxctl.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The rule that says where facts stand.
    pub rule: String,
    /// The size of the body as it came.
    pub bytes: usize,
    /// What was learned, up to the defect if there is one.
    pub facts: FactsReport,
    /// Why not all of it was read.
    pub defect: Option<Defect>,
}

/// What is wrong with a request that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// `query` or `body`.
    pub part: &'static str,
    /// What is wrong; never any of the contents.
    pub what: String,
    /// How many bytes come before the place, decoded if they were encoded; `None` if the whole is
    /// not read.
    pub offset: Option<u64>,
    /// What would be read.
    pub help: Option<String>,
}

/// Reads the whole request.
pub fn read(target: &Target, request: &Request) -> Found {
    let plan = &target.plan;
    let body = request.body.bytes().unwrap_or_default();
    let found = |facts, defect| Found {
        rule: target.rule.clone(),
        bytes: body.len(),
        facts: FactsReport::new(&facts),
        defect,
    };
    let mut facts = match plan.head_facts(&request.head, target.voice.clone(), &target.rules) {
        Ok(facts) => facts,
        Err(error) => {
            let (what, offset) = (error.what.to_string(), Some(error.offset));
            let defect = Defect { part: "query", what, offset, help: None };
            return found(Default::default(), Some(defect));
        }
    };
    if matches!(&request.body, RequestBody::Given(bytes) if !bytes.is_empty()) && plan.has_body() {
        let mut scan = match BodyScan::new(plan, &target.rules, &request.head) {
            Ok(scan) => scan,
            Err(unreadable) => return found(facts, Some(Defect::of(unreadable, target))),
        };
        scan.feed(body);
        scan.finish();
        facts.absorb(&scan.facts());
        if let Err(error) = scan.progress() {
            let (what, offset) = (error.what.to_string(), Some(error.offset));
            return found(facts, Some(Defect { part: "body", what, offset, help: None }));
        }
    }
    found(facts, None)
}

// === impl Defect ===

impl Defect {
    fn of(unreadable: Unreadable, target: &Target) -> Self {
        let help = match unreadable {
            Unreadable::ContentType => {
                let types: Vec<_> = target.plan.formats().iter().copied().map(media_type).collect();
                format!("`{}` takes {}", target.rule, types.join(", "))
            }
            Unreadable::ContentEncoding => {
                "`gzip` of JSON is read unless the policy has `facts.gzip: deny`, nothing else is"
                    .to_owned()
            }
            Unreadable::Upgrade => "a request with a body must not ask for an upgrade".to_owned(),
        };
        let what = unreadable.to_string();
        Self { part: "body", what, offset: None, help: Some(help) }
    }
}

/// The type that a body of this format is usually sent with.
fn media_type(format: BodyFormat) -> &'static str {
    match format {
        BodyFormat::Json => "application/json",
        BodyFormat::Jsonl => "application/jsonl",
        BodyFormat::Multipart => "multipart/form-data",
        BodyFormat::Form => "application/x-www-form-urlencoded",
        BodyFormat::Plain => "text/plain",
    }
}
