//! What was measured, as tables in Markdown.

use super::measured::{Comparison, Measured, Round};
use super::pace::Pace;
use crate::bench::report::{row, table};

// === impl Comparison ===

impl Comparison {
    /// How late the first sound is.
    pub fn first_sounds(&self) -> String {
        let head = [
            "",
            "p50 ms",
            "p99 ms",
            "added to direct: p50",
            "p99",
            "of it the chunk's way: p50",
            "p99",
            "added to Envoy: p50",
            "p99",
        ];
        let mut table = table(&head);
        for it in &self.cases {
            table.add_row(row(
                it.name,
                [
                    number(it.median(|it| it.first_sound(50)), 3),
                    number(it.median(|it| it.first_sound(99)), 3),
                    self.over(0, it, |it| it.first_sound(50)),
                    self.over(0, it, |it| it.first_sound(99)),
                    self.over(0, it, |it| it.first_chunk(50)),
                    self.over(0, it, |it| it.first_chunk(99)),
                    self.over(1, it, |it| it.first_sound(50)),
                    self.over(1, it, |it| it.first_sound(99)),
                ],
            ));
        }
        format!("### Time to first sound, {}\n\n{table}\n", self.title())
    }

    /// What becomes of a stream.
    pub fn streams(&self) -> String {
        let head = [
            "",
            "frames",
            "client's wake-ups",
            "Envoy's writes",
            "bytes",
            "Envoy's CPU ms",
            "chunk late, ms: p50",
            "p99",
            "underruns",
            "missing ms",
        ];
        let mut table = table(&head);
        for it in &self.cases {
            table.add_row(row(
                it.name,
                [
                    number(it.median(Round::frames), 1),
                    number(it.median(Round::wakes), 1),
                    number(it.median(Round::writes), 1),
                    number(it.median(Round::wire_bytes), 0),
                    number(it.median(Round::cpu_ms), 2),
                    number(it.median(|it| it.delay(50)), 2),
                    number(it.median(|it| it.delay(99)), 2),
                    number(it.sum(Round::underruns), 0),
                    number(it.sum(Round::missing_ms), 0),
                ],
            ));
        }
        format!("### Streams at {}, {}\n\n{table}\n", self.pace.name(), self.title())
    }

    /// What a chunk costs Envoy.
    pub fn chunks(&self) -> String {
        let head = [
            "",
            "µs a chunk",
            "over no filter",
            "rounds",
            "frames a chunk",
            "Envoy's writes a chunk",
        ];
        let mut table = table(&head);
        for it in self.cases.iter().skip(1) {
            let mut rounds: Vec<f64> = it.rounds.iter().map(Round::cpu_us_of_chunk).collect();
            rounds.sort_by(f64::total_cmp);
            let bound = |it: Option<&f64>| it.map_or(String::new(), |it| format!("{it:.1}"));
            table.add_row(row(
                it.name,
                [
                    number(it.median(Round::cpu_us_of_chunk), 1),
                    self.over(1, it, Round::cpu_us_of_chunk),
                    format!("{}–{}", bound(rounds.first()), bound(rounds.last())),
                    number(it.median(Round::frames) / 50.0, 2),
                    number(it.median(Round::writes) / 50.0, 2),
                ],
            ));
        }
        format!("### Processor time of a chunk, {}\n\n{table}\n", self.title())
    }

    fn title(&self) -> String {
        let rounds = self.cases.first().map_or(0, |it| it.rounds.len());
        let sound = match self.pace {
            Pace::Separate => format!("{} chunks of 640 bytes each", self.chunks),
            _ => format!("{:.1} s each", f64::from(self.chunks) / 50.0),
        };
        format!(
            "{} ({rounds} rounds of {} streams, {} at a time, {sound})",
            self.protocol.name(),
            self.streams,
            self.at_once,
        )
    }

    /// Over the case of this number; nothing for those before.
    fn over(&self, number: usize, it: &Measured, of: impl Fn(&Round) -> f64) -> String {
        let is_after = self.cases.iter().skip(number + 1).any(|other| other.name == it.name);
        let other = self.cases.get(number).filter(|_| is_after);
        other.map_or(String::new(), |other| format!("{:+.3}", it.over(other, of)))
    }
}

fn number(number: f64, digits: usize) -> String {
    if number.is_nan() { String::new() } else { format!("{number:.digits$}") }
}
