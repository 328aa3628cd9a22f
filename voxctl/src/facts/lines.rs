//! Facts for people: one line each, those only that are there.

use voxgate_policy::facts::Names;

use super::{AudioReport, FactsReport, TextReport, UrlReport};

/// How much of a request was read for its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What comes later can add to it. A `speed` that was not read yet can shorten the speech, so
    /// that is told for the fastest.
    Part,
}

// === impl FactsReport ===

impl FactsReport {
    /// What was found: names and values.
    pub fn lines(&self, extent: Extent) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        let mut add = |name, value: Option<String>| lines.extend(value.map(|it| (name, it)));
        add("text", self.text.line(extent));
        add("voice", names(&self.voices));
        add("model", names(&self.models));
        add("format", names(&self.formats));
        add("sample rate", self.sample_rate_hz.map(|it| format!("{it} Hz")));
        add("stream", self.stream.map(|it| if it { "yes" } else { "no" }.to_owned()));
        add("batch", (self.batch_lines > 0).then(|| counted(self.batch_lines, "line")));
        add("reference", self.reference.inline.line());
        for digest in &self.reference.inline.sha256 {
            add("sha256", Some(digest.clone()));
        }
        add("reference URL", self.reference.urls.line());
        add("audio", self.audio.line());
        add("consent", self.consent.then(|| "yes".to_owned()));
        lines
    }
}

impl TextReport {
    fn line(&self, extent: Extent) -> Option<String> {
        let (at_least, about) = match extent {
            Extent::Whole => ("", "about "),
            Extent::Part => ("at least ", ""),
        };
        let amount = |chars, ms| {
            let chars = counted(chars, "character");
            format!("{at_least}{chars}, {about}{} of speech", seconds(ms))
        };
        let longest = match self.longest_chars < self.chars {
            true => {
                format!("; the longest job {}", amount(self.longest_chars, self.longest_audio_ms))
            }
            false => String::new(),
        };
        (self.chars > 0).then(|| amount(self.chars, self.audio_ms) + &longest)
    }
}

impl AudioReport {
    fn line(&self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let largest = if self.count > 1 { "the largest " } else { "" };
        let mut line = format!(
            "{}: {largest}{}",
            counted(self.count, "recording"),
            counted(self.largest_bytes, "byte"),
        );
        line += &match (self.longest_ms, self.all_lengths_known) {
            (0, false) => ", of unknown length".to_owned(),
            (ms, known) => {
                let longest = if self.count > 1 { "the longest " } else { "" };
                let open = if known { "" } else { " (of some the length is unknown)" };
                format!(", {longest}{}{open}", seconds(ms))
            }
        };
        if let Some(rate) = self.sample_rate_hz {
            line += &format!(", {rate} Hz");
        }
        Some(line)
    }
}

impl UrlReport {
    fn line(&self) -> Option<String> {
        let mut line = counted(self.count, "URL");
        if let Some(hosts) = names(&self.hosts) {
            line += &format!(" of {hosts}");
        }
        for (is, what) in [
            (self.any_insecure, "not https"),
            (self.any_private, "a private or local address"),
            (self.any_ambiguous, "readable in more than one way"),
        ] {
            if is {
                line += &format!(", {what}");
            }
        }
        (self.count > 0).then_some(line)
    }
}

/// In quotes and escaped: clients choose them, and a terminal would obey some of them.
fn names(it: &Names) -> Option<String> {
    let mut shown: Vec<String> = it.known.iter().map(|name| format!("{name:?}")).collect();
    if it.overflow {
        shown.push("and more or longer ones than are kept".to_owned());
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
