//! The places of answers that say something.

use std::rc::Rc;

use crate::body::{FieldTree, LeafId};

/// What stands in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Tokens.
    Figure(Figure),
    /// Audio, as base64 or hex: a string.
    Audio(Condition),
    /// What an event is called: `response.audio.delta`.
    Type,
    /// The media type of what stands beside it.
    MimeType,
    /// MiniMax's: 2 in the last event, which repeats all audio.
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Total,
    Input,
    Output,
}

/// When a string in a place is audio, if it looks like it at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    /// The event's type, which stands before, ends in `audio.delta`.
    Delta,
    /// The media type, which stands before, is one of audio.
    MimeType,
}

/// The places as the parser wants them.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) tree: Rc<FieldTree>,
    /// By leaf.
    meanings: Vec<Meaning>,
}

const POINTERS: [(&str, Meaning); 34] = [
    ("/usage/total_tokens", Meaning::Figure(Figure::Total)),
    ("/usage/input_tokens", Meaning::Figure(Figure::Input)),
    ("/usage/prompt_tokens", Meaning::Figure(Figure::Input)),
    ("/usage/output_tokens", Meaning::Figure(Figure::Output)),
    ("/usage/completion_tokens", Meaning::Figure(Figure::Output)),
    ("/response/usage/total_tokens", Meaning::Figure(Figure::Total)),
    ("/response/usage/input_tokens", Meaning::Figure(Figure::Input)),
    ("/response/usage/output_tokens", Meaning::Figure(Figure::Output)),
    ("/message/usage/input_tokens", Meaning::Figure(Figure::Input)),
    ("/message/usage/output_tokens", Meaning::Figure(Figure::Output)),
    ("/prompt_eval_count", Meaning::Figure(Figure::Input)),
    ("/eval_count", Meaning::Figure(Figure::Output)),
    ("/type", Meaning::Type),
    ("/audio", Meaning::Audio(Condition::Always)),
    ("/delta", Meaning::Audio(Condition::Delta)),
    ("/choices/*/delta/audio/data", Meaning::Audio(Condition::Always)),
    ("/choices/*/delta/content", Meaning::Audio(Condition::Always)),
    ("/choices/*/message/audio/data", Meaning::Audio(Condition::Always)),
    ("/audio_base64", Meaning::Audio(Condition::Always)),
    ("/base64_audio", Meaning::Audio(Condition::Always)),
    ("/audioContent", Meaning::Audio(Condition::Always)),
    ("/audio_content", Meaning::Audio(Condition::Always)),
    ("/result/audioContent", Meaning::Audio(Condition::Always)),
    ("/output/audio/data", Meaning::Audio(Condition::Always)),
    ("/data", Meaning::Audio(Condition::Always)),
    ("/data/audio", Meaning::Audio(Condition::Always)),
    ("/data/status", Meaning::Status),
    ("/audios/*", Meaning::Audio(Condition::Always)),
    ("/generations/*/audio", Meaning::Audio(Condition::Always)),
    ("/Response/Audio", Meaning::Audio(Condition::Always)),
    ("/candidates/*/content/parts/*/inlineData/mimeType", Meaning::MimeType),
    ("/candidates/*/content/parts/*/inlineData/data", Meaning::Audio(Condition::MimeType)),
    ("/candidates/*/content/parts/*/inline_data/mime_type", Meaning::MimeType),
    ("/candidates/*/content/parts/*/inline_data/data", Meaning::Audio(Condition::MimeType)),
];

// === impl Places ===

impl Places {
    /// Those of this thread, which are always the same.
    pub(super) fn shared() -> Rc<Self> {
        thread_local!(static PLACES: Rc<Places> = Rc::new(Places::new()));
        PLACES.with(Rc::clone)
    }

    fn new() -> Self {
        let mut tree = FieldTree::exact();
        let added = POINTERS.iter().filter(|(pointer, _)| tree.add_place(pointer).is_ok());
        let meanings = added.map(|(_, meaning)| *meaning).collect();
        Self { tree: Rc::new(tree), meanings }
    }

    pub(super) fn meaning(&self, leaf: LeafId) -> Option<Meaning> {
        self.meanings.get(leaf.index()).copied()
    }
}
