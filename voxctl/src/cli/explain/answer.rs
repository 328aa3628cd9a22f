//! An explanation for people.

use super::super::{GREEN, Output, RED, YELLOW};
use crate::explain::{BodyReport, Explanation, MissingKeys};
use crate::facts::Extent;

/// Prints what was considered, what was found, and what came of it.
pub fn print(it: &Explanation, output: &Output) -> std::io::Result<()> {
    output.print(&it.request)?;
    output.print_lines(&steps(it))?;
    if let Some(MissingKeys { issuer, uri, max_wait_seconds }) = &it.missing_keys {
        return output.print(format_args!(
            "{YELLOW}undecided{YELLOW:#}: the keys of {issuer} are not at hand. A filter fetches \
             them from {uri}, and answers 503 if they do not come within {max_wait_seconds} s.\n\
             Next: add --jwks {issuer}=FILE",
        ));
    }
    if it.missing_body {
        return output.print(format_args!(
            "{YELLOW}undecided{YELLOW:#}: the decision depends on the body.\n\
             Next: give it with --body FILE and -H 'content-type: TYPE', or say that there is none \
             with -H 'content-length: 0'",
        ));
    }
    let Some(decision) = &it.decision else { return Ok(()) };
    let style = match decision.outcome.as_str() {
        "allow" => GREEN,
        "would_deny" => YELLOW,
        _ => RED,
    };
    let status = it.answer.as_ref().map(|it| format!(" {}", it.status)).unwrap_or_default();
    output.print(format_args!(
        "{style}{}{status}{style:#} by {}: {}",
        decision.outcome, decision.rule, decision.reason
    ))?;
    if let Some(answer) = &it.answer {
        output.print(format_args!("  {}", answer.detail))?;
        if let Some(challenge) = &answer.www_authenticate {
            output.print(format_args!("  WWW-Authenticate: {challenge}"))?;
        }
    }
    if let Some(line) = &it.audit {
        output.print(format_args!("  logged: {line}"))?;
    }
    match it.quotas.as_deref() {
        None => {}
        Some([]) => output.print("it costs nothing: no quota counts it")?,
        Some(costs) => {
            output.print("it costs, if there is so much left:")?;
            let lines: Vec<_> = costs.iter().map(|it| (it.rule.as_str(), it.line())).collect();
            output.print_lines(&lines)?;
        }
    }
    if let Some(shedding) = &it.shedding {
        output.print(format_args!("it takes {}:", shedding.summary()))?;
        let lines: Vec<_> =
            shedding.levels.iter().map(|it| (it.load.as_str(), it.line())).collect();
        output.print_lines(&lines)?;
    }
    match it.streams.as_deref() {
        None => Ok(()),
        Some(streams) if streams.iter().all(|it| it.rule.is_none()) => {
            output.print("its stream is measured, and passes as it comes")
        }
        Some(streams) => {
            output.print("its stream is measured, and by its content type:")?;
            let lines: Vec<_> = streams.iter().map(|it| (it.name(), it.line())).collect();
            output.print_lines(&lines)
        }
    }
}

/// What was considered, how much of the body it took, and what was found.
fn steps(it: &Explanation) -> Vec<(&str, String)> {
    // The decision is the last thing considered; below the steps it is told in full.
    let considered = it.considered.iter().filter(|it| it.subject != "decision");
    let mut steps: Vec<_> =
        considered.map(|it| (it.subject.as_str(), it.verdict.clone())).collect();
    if let Some(body) = it.body {
        steps.push(("body", read(body)));
    }
    steps.extend(it.facts.iter().flat_map(|facts| facts.lines(extent(it))));
    steps
}

fn extent(it: &Explanation) -> Extent {
    let is_read = it.body.is_none_or(|it| it.needed == it.bytes);
    let is_malformed = it.decision.as_ref().is_some_and(|it| it.reason.starts_with("malformed"));
    if is_read && !is_malformed { Extent::Whole } else { Extent::Part }
}

fn read(BodyReport { bytes, needed }: BodyReport) -> String {
    match needed {
        0 if bytes == 0 => "empty".to_owned(),
        0 => format!("none of its {bytes} bytes was needed"),
        _ if needed == bytes => format!("all of its {bytes} bytes were needed"),
        _ => format!("certain after {needed} of {bytes} bytes"),
    }
}
