//! An error in a file, shown where it stands: file, line, column, caret.

mod source;

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

pub use source::{
    MAX_BODY_BYTES, MAX_FILE_BYTES, Position, ReadError, Source, read_body, read_bytes,
};

/// One error in a [`Source`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where in the document, as `tiers[1].allow[0]`; none if the file could not be read so far.
    pub path: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What is accepted, or what to do.
    pub help: Option<String>,
    /// The bytes the caret stands under.
    pub span: Range<usize>,
    /// A second place that explains the first, and what it is.
    pub also: Option<(Range<usize>, &'static str)>,
}

/// A [`Diagnostic`] for programs; documented in docs/voxctl.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagnosticJson {
    /// As in [`Diagnostic`].
    pub path: Option<String>,
    /// First character; lines and columns count from 1, columns in characters.
    #[serde(flatten)]
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// As in [`Diagnostic`].
    pub message: String,
    /// As in [`Diagnostic`].
    pub help: Option<String>,
}

impl Diagnostic {
    /// The error as text with terminal styles, several lines.
    pub fn render(&self, source: &Source) -> String {
        let mut caret = AnnotationKind::Primary.span(self.span.clone());
        if let Some(path) = &self.path {
            caret = caret.label(path.as_str());
        }
        let mut snippet =
            Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(caret);
        if let Some((span, what)) = &self.also {
            snippet = snippet.annotation(AnnotationKind::Context.span(span.clone()).label(*what));
        }
        let mut report = Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(help.as_str()));
        }
        Renderer::styled().decor_style(DecorStyle::Ascii).render(&[report])
    }

    /// The error for programs.
    pub fn to_json(&self, source: &Source) -> DiagnosticJson {
        DiagnosticJson {
            path: self.path.clone(),
            start: source.position(self.span.start),
            end: source.position(self.span.end),
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }
}
