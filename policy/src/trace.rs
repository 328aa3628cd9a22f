//! What was considered on the way to a decision, for `voxctl explain`.

/// Gets each thing that was considered. The filter's is [`Silent`] and costs nothing.
pub trait Trace {
    /// Something was considered: `subject` names it, `verdict` says what came of it.
    fn considered(&mut self, subject: impl FnOnce() -> String, verdict: impl FnOnce() -> String);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Trace for Silent {
    fn considered(&mut self, _: impl FnOnce() -> String, _: impl FnOnce() -> String) {}
}

/// Keeps everything that was considered, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded(pub Vec<(String, String)>);

impl Trace for Recorded {
    fn considered(&mut self, subject: impl FnOnce() -> String, verdict: impl FnOnce() -> String) {
        self.0.push((subject(), verdict()));
    }
}
