//! The tree is built from the parser's events, so that nothing is read that is not bounded.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::{Entry, MAX_ALIASED_NODES, MAX_DEPTH, Node, Value, YamlError, YamlErrorReason, scalar};

/// The documents of a YAML or JSON file; none if it is empty or only comments.
///
/// # Errors
/// The first place that is not acceptable YAML.
pub fn parse(text: &str) -> Result<Vec<Node>, YamlError> {
    let limits = options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    let mut loader = Loader { text_len: text.len(), ..Loader::default() };
    for event in Parser::new_from_str_with_options(text, limits) {
        let (event, span) = event.map_err(|error| loader.syntax(&error))?;
        loader.take(event, &span)?;
    }
    Ok(loader.documents)
}

#[derive(Default)]
struct Loader {
    text_len: usize,
    documents: Vec<Node>,
    open: Vec<Open>,
    /// Complete anchored nodes by the parser's id, with their size.
    anchors: HashMap<usize, Anchored>,
    aliased: usize,
}

struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

/// A collection whose end has not come yet.
struct Open {
    start: usize,
    anchor: usize,
    items: Items,
    nodes: usize,
    depth: usize,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        seen: HashMap<String, usize>,
        key: Option<(String, Range<usize>)>,
    },
}

// === impl Loader ===

impl Loader {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), YamlError> {
        let span = self.bytes(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value =
                    scalar_value(&text, style, tag.as_deref()).map_err(|it| at(&span, it))?;
                self.add(Node { span, value }, anchor, 1, 0)
            }
            Event::Alias(anchor) => self.alias(anchor, &span),
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Items::Sequence(Vec::new()), &span, anchor, tag.as_deref(), "seq")
            }
            Event::MappingStart(_, anchor, tag) => {
                let items = Items::Mapping { entries: Vec::new(), seen: HashMap::new(), key: None };
                self.open(items, &span, anchor, tag.as_deref(), "map")
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&span),
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(
        &mut self,
        items: Items,
        span: &Range<usize>,
        anchor: usize,
        tag: Option<&Tag>,
        core: &str,
    ) -> Result<(), YamlError> {
        if let Some(tag) = tag.filter(|it| !it.is_yaml_core_schema_tag(core)) {
            return Err(at(span, YamlErrorReason::Tag(tag.original())));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(at(span, YamlErrorReason::TooDeep));
        }
        self.open.push(Open { start: span.start, anchor, items, nodes: 1, depth: 0 });
        Ok(())
    }

    fn close(&mut self, end: &Range<usize>) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let last = match &open.items {
            Items::Sequence(items) => items.last().map(|it| it.span.end),
            Items::Mapping { entries, .. } => entries.last().map(|it| it.value.span.end),
        };
        // A block collection ends where the next token starts; its last value says it better.
        let end = if end.is_empty() { last.unwrap_or(end.end) } else { end.end };
        let value = match open.items {
            Items::Sequence(items) => Value::Sequence(items),
            Items::Mapping { entries, .. } => Value::Mapping(entries),
        };
        let node = Node { span: open.start..end.max(open.start), value };
        self.add(node, open.anchor, open.nodes, open.depth.saturating_add(1))
    }

    fn alias(&mut self, anchor: usize, span: &Range<usize>) -> Result<(), YamlError> {
        let Some(Anchored { node, nodes, depth }) = self.anchors.get(&anchor) else {
            return Err(at(span, YamlErrorReason::CyclicAlias));
        };
        let (nodes, depth) = (*nodes, *depth);
        self.aliased = self.aliased.saturating_add(nodes);
        if self.aliased > MAX_ALIASED_NODES {
            return Err(at(span, YamlErrorReason::TooManyAliases));
        }
        if self.open.len().saturating_add(depth) > MAX_DEPTH {
            return Err(at(span, YamlErrorReason::TooDeep));
        }
        let node = node.clone();
        self.add(node, 0, nodes, depth)
    }

    /// Puts a complete node where it belongs.
    fn add(
        &mut self,
        node: Node,
        anchor: usize,
        nodes: usize,
        depth: usize,
    ) -> Result<(), YamlError> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        open.nodes = open.nodes.saturating_add(nodes);
        open.depth = open.depth.max(depth);
        match &mut open.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping { entries, seen, key } => match key.take() {
                None => *key = Some(key_of(node, entries, seen)?),
                Some((key, key_span)) => {
                    seen.insert(key.clone(), entries.len());
                    entries.push(Entry { key, key_span, value: node });
                }
            },
        }
        Ok(())
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let end = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or(self.text_len);
        let start = end(span.start).min(self.text_len);
        start..end(span.end).clamp(start, self.text_len)
    }

    fn syntax(&self, error: &ScanError) -> YamlError {
        let start = error.marker().byte_offset().unwrap_or(self.text_len).min(self.text_len);
        at(&(start..start), YamlErrorReason::Syntax(error.kind().to_string()))
    }
}

fn at(span: &Range<usize>, reason: YamlErrorReason) -> YamlError {
    YamlError { span: span.clone(), reason }
}

fn key_of(
    node: Node,
    entries: &[Entry],
    seen: &HashMap<String, usize>,
) -> Result<(String, Range<usize>), YamlError> {
    let Value::String(key) = node.value else {
        return Err(at(&node.span, YamlErrorReason::KeyNotString));
    };
    if key == "<<" {
        return Err(at(&node.span, YamlErrorReason::MergeKey));
    }
    match seen.get(&key).and_then(|it| entries.get(*it)) {
        None => Ok((key, node.span)),
        Some(first) => {
            let first = first.key_span.clone();
            Err(at(&node.span, YamlErrorReason::DuplicateKey { key, first }))
        }
    }
}

fn scalar_value(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Value, YamlErrorReason> {
    match tag {
        Some(tag) => match tag.core_suffix() {
            Some(core) => scalar::tagged(text, core),
            None if tag.original() == "!" => Ok(Value::String(text.to_owned())),
            None => Err(YamlErrorReason::Tag(tag.original())),
        },
        None if style == ScalarStyle::Plain => scalar::plain(text),
        None => Ok(Value::String(text.to_owned())),
    }
}
