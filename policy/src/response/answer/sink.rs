//! Takes the figures of usage from JSON.

use std::rc::Rc;

use super::super::MAX_TOKENS;
use crate::body::{FieldTree, Kind, LeafId, Sink, Value};

/// Where they stand. An object in one of these places says nothing.
const POINTERS: [(&str, Figure); 12] = [
    ("/usage/total_tokens", Figure::Total),
    ("/usage/input_tokens", Figure::Input),
    ("/usage/prompt_tokens", Figure::Input),
    ("/usage/output_tokens", Figure::Output),
    ("/usage/completion_tokens", Figure::Output),
    ("/response/usage/total_tokens", Figure::Total),
    ("/response/usage/input_tokens", Figure::Input),
    ("/response/usage/output_tokens", Figure::Output),
    ("/message/usage/input_tokens", Figure::Input),
    ("/message/usage/output_tokens", Figure::Output),
    ("/prompt_eval_count", Figure::Input),
    ("/eval_count", Figure::Output),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Total,
    Input,
    Output,
}

/// The places as the parser wants them.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) tree: Rc<FieldTree>,
    figures: Vec<(LeafId, Figure)>,
}

/// What was used, as far as it was said.
#[derive(Debug)]
pub(super) struct Usage {
    places: Rc<Places>,
    total: Option<u64>,
    input: Option<u64>,
    output: Option<u64>,
    /// The number that is being read; `None` for what is no whole number.
    number: Option<(Figure, Option<u64>)>,
    is_scalar: bool,
    /// Objects and arrays around, in one of the places.
    depth: u32,
}

// === impl Places ===

impl Places {
    /// Those of this thread, which are always the same.
    pub(super) fn shared() -> Rc<Self> {
        thread_local!(static PLACES: Rc<Places> = Rc::new(Places::new()));
        PLACES.with(Rc::clone)
    }

    fn new() -> Self {
        let mut tree = FieldTree::new();
        let places = POINTERS.iter().filter_map(|(pointer, figure)| {
            tree.add_place(pointer).ok().map(|leaf| (leaf, *figure))
        });
        let figures = places.collect();
        Self { tree: Rc::new(tree), figures }
    }
}

// === impl Usage ===

impl Usage {
    pub(super) fn new() -> Self {
        Self {
            places: Places::shared(),
            total: None,
            input: None,
            output: None,
            number: None,
            is_scalar: false,
            depth: 0,
        }
    }

    /// Another document begins.
    pub(super) fn restart(&mut self) {
        self.number = None;
        self.is_scalar = false;
        self.depth = 0;
    }

    pub(super) fn tokens(&self) -> Option<u64> {
        self.total.or(match (self.input, self.output) {
            (None, None) => None,
            (input, output) => {
                Some(input.unwrap_or_default().saturating_add(output.unwrap_or_default()))
            }
        })
    }
}

impl Sink for Usage {
    fn begin(&mut self, value: Value) {
        self.is_scalar = value.kind != Kind::Container;
        self.number = None;
        if !self.is_scalar {
            self.depth = self.depth.saturating_add(1);
        } else if self.depth == 0 && value.kind == Kind::Number {
            let figure = self.places.figures.iter().find(|(leaf, _)| *leaf == value.leaf);
            self.number = figure.map(|(_, figure)| (*figure, Some(0)));
        }
    }

    fn piece(&mut self, bytes: &[u8]) {
        let Some((_, number)) = &mut self.number else { return };
        *number =
            bytes.iter().try_fold(number.unwrap_or(MAX_TOKENS.saturating_add(1)), |it, byte| {
                let digit = char::from(*byte).to_digit(10)?;
                it.checked_mul(10)?.checked_add(digit.into()).filter(|it| *it <= MAX_TOKENS)
            });
    }

    fn end(&mut self) {
        if !std::mem::take(&mut self.is_scalar) {
            self.depth = self.depth.saturating_sub(1);
            return;
        }
        match self.number.take() {
            Some((Figure::Total, Some(it))) => self.total = Some(it),
            Some((Figure::Input, Some(it))) => self.input = Some(it),
            Some((Figure::Output, Some(it))) => self.output = Some(it),
            Some((_, None)) | None => {}
        }
    }

    fn end_of_job(&mut self) {}
}
