//! Where the facts of one rule's requests stand.

use std::rc::Rc;

use super::form::Form;
use super::{BodyError, BodyRules, Field, FieldTree};
use crate::error::{Path, PolicyError};
use crate::facts::{Collector, RequestFacts};
use crate::operation::{OperationId, OperationSet};
use crate::request::RequestHead;
use crate::spec::{BodyFormat, BodySpec, FieldsSpec};
use crate::subject::BodyPlaces;

/// Where the facts of one rule's requests stand, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyPlan {
    formats: Vec<BodyFormat>,
    body: Rc<FieldTree>,
    query: Rc<FieldTree>,
    places: BodyPlaces,
    /// The segment of the path that names the voice, from 0.
    pub voice_segment: Option<usize>,
}

/// A body that is not read at all: 415.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its content type is none of the rule's formats.
    #[error("the content type is none that this operation takes")]
    ContentType,
    /// It is encoded in another way than `gzip`, or in `gzip` where the policy refuses that.
    #[error("the content encoding is none that is read")]
    ContentEncoding,
    /// The request asks for another protocol, so that nobody can say whether its body is one.
    #[error("the request asks for another protocol")]
    Upgrade,
}

// === impl BodyPlan ===

impl BodyPlan {
    /// Compiles what the rule at `path` says; `None` if it says nothing.
    pub fn compile(
        body: Option<&BodySpec>,
        query: &FieldsSpec,
        voice_segment: Option<usize>,
        path: &Path,
        errors: &mut Vec<PolicyError>,
    ) -> Option<Self> {
        let section = path.key("body");
        let (formats, fields) = match body {
            Some(body) => {
                if body.formats.is_empty() {
                    errors.push(PolicyError::new(
                        section.key("formats"),
                        "name what the service takes: json, jsonl, multipart, form, plain",
                    ));
                }
                if body.fields.is_empty() {
                    errors.push(PolicyError::new(section.key("fields"), "no place is named"));
                }
                (body.formats.clone(), tree(&body.fields, &section.key("fields"), errors))
            }
            None => (Vec::new(), FieldTree::new()),
        };
        let query = tree(query, &path.key("query"), errors);
        if formats.is_empty() && query.is_empty() && voice_segment.is_none() {
            return None;
        }
        let places = body.map(|it| BodyPlaces::new(&it.fields)).unwrap_or_default();
        let (body, query) = (Rc::new(fields), Rc::new(query));
        Some(Self { formats, body, query, places, voice_segment })
    }

    /// Whether its requests have a body that says something.
    pub fn has_body(&self) -> bool {
        !self.formats.is_empty()
    }

    /// What the service takes.
    pub fn formats(&self) -> &[BodyFormat] {
        &self.formats
    }

    /// What the places in a body say.
    pub fn body(&self) -> &Rc<FieldTree> {
        &self.body
    }

    /// Where in a JSON body what stands.
    pub fn places(&self) -> &BodyPlaces {
        &self.places
    }

    /// What the places in a query say.
    pub fn query(&self) -> &Rc<FieldTree> {
        &self.query
    }

    /// Whether a place in the body, the query or the path says this.
    pub fn names(&self, field: Field) -> bool {
        self.body.names(field)
            || self.query.names(field)
            || (field == Field::Voice && self.voice_segment.is_some())
    }

    /// What a body can ask for beyond what the head does. A recording may stand in a voice's place.
    pub fn operations_by_body(&self) -> OperationSet {
        voices(self.body.names(Field::Reference), self.body.names(Field::Voice))
    }

    /// What body, query and path can ask for beyond what a rule says.
    pub fn operations_by_facts(&self) -> OperationSet {
        voices(self.names(Field::Reference), self.names(Field::Voice))
    }

    /// Whether a body can be a batch.
    pub fn takes_batches(&self) -> bool {
        self.formats.contains(&BodyFormat::Jsonl)
    }

    /// What the query and the path say; `voice` is the one that the path names.
    ///
    /// # Errors
    /// A query that can be read in more than one way, with the place in it.
    pub fn head_facts(
        &self,
        head: &RequestHead,
        voice: Option<String>,
        rules: &BodyRules,
    ) -> Result<RequestFacts, BodyError> {
        let mut facts = RequestFacts::default();
        if !self.query.is_empty() {
            let mut collector = Collector::new(Rc::clone(&self.query), rules.collector.clone());
            let mut query = Form::new(Rc::clone(&self.query), rules.duplicate_keys);
            query.feed(head.query(), &mut collector)?;
            query.finish(&mut collector)?;
            facts = collector.facts();
        }
        if let Some(voice) = voice {
            facts.voices.insert(&voice);
        }
        Ok(facts)
    }

    /// The format of the body of `head`.
    ///
    /// # Errors
    /// [`Unreadable::ContentType`] if the rule takes no such body: what a service makes of it is not
    /// known.
    pub fn format(&self, head: &RequestHead) -> Result<BodyFormat, Unreadable> {
        if !is_in_utf8(head.first("content-type").unwrap_or_default()) {
            return Err(Unreadable::ContentType);
        }
        let media_type = head.media_type().ok().flatten().ok_or(Unreadable::ContentType)?;
        self.formats
            .iter()
            .copied()
            .find(|it| it.has_media_type(&media_type))
            .ok_or(Unreadable::ContentType)
    }
}

/// The operations that stand in a request that can name these.
fn voices(reference: bool, voice: bool) -> OperationSet {
    let found = [(reference || voice, OperationId::VOICE_CREATE), (voice, OperationId::VOICE_USE)];
    let found = found.into_iter().filter(|(is_named, _)| *is_named).map(|(_, it)| it);
    found.fold(OperationSet::default(), OperationSet::with)
}

/// Whether no other charset is named: some services decode names and values by it, so that a name in
/// UTF-16, say, would be another one to us.
fn is_in_utf8(content_type: &[u8]) -> bool {
    content_type.split(|it| *it == b';').skip(1).all(|parameter| {
        let mut parts = parameter.splitn(2, |it| *it == b'=').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        // RFC 2231 has `charset*`, which some servers read as well.
        let is_charset = name.starts_with(b"charset");
        let value = parts.next().unwrap_or_default();
        let value =
            value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(value);
        !is_charset
            || name == b"charset"
                && [&b"utf-8"[..], b"utf8", b"us-ascii"]
                    .iter()
                    .any(|it| value.eq_ignore_ascii_case(it))
    })
}

fn tree(spec: &FieldsSpec, path: &Path, errors: &mut Vec<PolicyError>) -> FieldTree {
    let mut tree = FieldTree::new();
    for (field, pointers) in spec.by_field() {
        for (i, pointer) in pointers.iter().enumerate() {
            if let Err(error) = tree.add(pointer, field) {
                let place = path.key(field.as_str()).index(i);
                errors.push(PolicyError::new(place, error.to_string()));
            }
        }
    }
    tree
}

// === impl BodyFormat ===

impl BodyFormat {
    /// Whether a media type, in lower case and without parameters, is this format.
    pub(crate) fn has_media_type(self, media_type: &str) -> bool {
        match self {
            // RFC 6839 §3.1.
            Self::Json => media_type == "application/json" || media_type.ends_with("+json"),
            Self::Jsonl => matches!(
                media_type,
                "application/jsonl"
                    | "application/x-ndjson"
                    | "application/jsonlines"
                    | "application/x-jsonlines"
                    | "application/x-jsonl"
            ),
            Self::Multipart => media_type == "multipart/form-data",
            Self::Form => media_type == "application/x-www-form-urlencoded",
            Self::Plain => media_type == "text/plain",
        }
    }
}
