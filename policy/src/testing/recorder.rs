//! What a parser of bodies tells, kept.

use crate::body::{Sink, Value};

/// A [`Sink`] that keeps everything, with the pieces of each value in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    /// In the order they came.
    pub events: Vec<Event>,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A value begins.
    Begin(Value),
    /// All bytes of it that came one after another.
    Bytes(Vec<u8>),
    /// It ends.
    End,
    /// A job ends.
    EndOfJob,
}

// === impl Recorder ===

impl Recorder {
    /// The values that are complete, with their bytes, in the order they began. For flat formats.
    pub fn values(&self) -> Vec<(Value, Vec<u8>)> {
        let mut values = Vec::new();
        let mut events = self.events.iter().peekable();
        while let Some(event) = events.next() {
            let Event::Begin(value) = event else { continue };
            let bytes = match events.peek() {
                Some(Event::Bytes(bytes)) => bytes.clone(),
                _ => Vec::new(),
            };
            events.next_if(|it| matches!(it, Event::Bytes(_)));
            if events.next_if(|it| matches!(it, Event::End)).is_some() {
                values.push((*value, bytes));
            }
        }
        values
    }
}

impl Sink for Recorder {
    fn begin(&mut self, value: Value) {
        self.events.push(Event::Begin(value));
    }

    fn piece(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "a piece of no bytes");
        match self.events.last_mut() {
            Some(Event::Bytes(before)) => before.extend_from_slice(bytes),
            _ => self.events.push(Event::Bytes(bytes.to_vec())),
        }
    }

    fn end(&mut self) {
        self.events.push(Event::End);
    }

    fn end_of_job(&mut self) {
        self.events.push(Event::EndOfJob);
    }
}
