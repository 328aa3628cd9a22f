//! What came out, as tables in Markdown.

use std::fmt::Write;
use std::time::Duration;

use super::measured::{Class, Ends, FirstByte, Run};
use super::mix::Tier;
use super::{AFTER, Flood};
use crate::bench::report::{row, table};

// === impl Flood ===

impl Flood {
    /// Goodput, crashes and first bytes.
    pub fn summary(&self) -> String {
        let mut table = table(&[
            "",
            "goodput",
            "of best",
            "batch lane",
            "crashes",
            "premium, short: p50 / p99",
            "of alone",
            "standard, short",
            "basic, short",
            "long",
            "well after",
        ]);
        for run in &self.runs {
            let premium = run.first_byte(Class::short(Tier::Premium));
            let short = |tier| shown(run.first_byte(Class::short(tier)));
            table.add_row(row(
                &run.name,
                [
                    format!("{:.1}", run.goodput(false)),
                    format!("{:.0} %", 100.0 * run.goodput(false) / self.best),
                    batch_lane(run.goodput(true)),
                    format!("{} in {} s", run.crashes, run.length.as_secs()),
                    shown(premium),
                    premium.map_or_else(String::new, |it| {
                        format!("{:.2}", it.p99.as_secs_f64() / self.alone.p99.as_secs_f64())
                    }),
                    short(Tier::Standard),
                    short(Tier::Basic),
                    shown(run.first_byte(Class { tier: None, long: Some(true) })),
                    recovery(run.recovery(2 * self.alone.p99)),
                ],
            ));
        }
        table.to_string()
    }

    /// What became of requests, in percent of each class.
    pub fn ends(&self) -> String {
        let classes = [
            ("premium, short", Class::short(Tier::Premium)),
            ("standard, short", Class::short(Tier::Standard)),
            ("basic, short", Class::short(Tier::Basic)),
            ("premium, long", Class::long(Tier::Premium)),
            ("standard, long", Class::long(Tier::Standard)),
            ("basic, long", Class::long(Tier::Basic)),
        ];
        let names = classes.iter().map(|(name, _)| *name);
        let mut table = table(&std::iter::once("").chain(names).collect::<Vec<_>>());
        for run in &self.runs {
            let cells = classes.iter().map(|(_, class)| run.ends(*class).shown());
            table.add_row(row(&run.name, cells));
        }
        table.to_string()
    }

    /// What they are compared with, why requests were refused, and whether the driver kept up.
    pub fn notes(&self) -> String {
        let mut notes = format!(
            "Offered: {:.1} requests a second, {:.0} audio seconds a second. Best constant load: \
             {:.1} audio s/s. Premium's short texts alone: {}.\n",
            self.per_second,
            self.offered,
            self.best,
            shown(Some(self.alone)),
        );
        for run in &self.runs {
            let refusals = run.refusals();
            let refusals = refusals
                .iter()
                .map(|(refusal, count)| format!("{} × {} {}", count, refusal.status, refusal.why));
            let refusals = refusals.collect::<Vec<_>>().join(", ");
            let late = run.lateness().as_millis();
            // Writing to a String does not fail.
            let _ = writeln!(notes, "{}: sent {late} ms late (p99); refused: {refusals}", run.name);
        }
        notes
    }
}

// === impl Ends ===

impl Ends {
    fn shown(&self) -> String {
        let percent = |count: usize| (100.0 * count as f64 / self.all().max(1) as f64).round();
        let parts = [
            ("ok", self.completed.saturating_sub(self.diverted + self.degraded)),
            ("degraded", self.degraded),
            ("diverted", self.diverted),
            ("refused", self.refused),
            ("failed", self.failed),
            ("gave up", self.gave_up),
        ];
        let parts = parts.iter().filter(|(_, count)| *count > 0);
        parts
            .map(|(name, count)| format!("{name} {}", percent(*count)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn recovery(it: Duration) -> String {
    // What was not well in the end would not have been well later either, as far as anybody saw.
    match AFTER.saturating_sub(it) < Duration::from_secs(3) {
        true => format!("not in {} s", AFTER.as_secs()),
        false => format!("{:.0} s", it.as_secs_f64().ceil()),
    }
}

fn batch_lane(goodput: f64) -> String {
    if goodput > 0.0 { format!("{goodput:.1}") } else { String::new() }
}

fn shown(it: Option<FirstByte>) -> String {
    let millis = |it: Duration| it.as_millis();
    it.map_or_else(String::new, |it| format!("{} / {} ms", millis(it.p50), millis(it.p99)))
}

/// A line for each run as it ends, for a person who waits.
pub(super) fn line(run: &Run) -> String {
    let ends = run.ends(Class { tier: None, long: None });
    format!(
        "{}: {:.1} audio s/s, {} crashes in {} s; {}",
        run.name,
        run.goodput(false),
        run.crashes,
        run.length.as_secs(),
        ends.shown()
    )
}
