//! What happened over time, as SVG: a panel for each policy.

use plotters::coord::Shift;
use plotters::prelude::*;
use voxgate_policy::spec::Level;
use voxgate_simulator::Moment;

use super::Outcome;

/// A chart that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the chart: {0}")]
pub struct ChartError(String);

const WIDTH: u32 = 1000;
const PANEL: u32 = 260;

/// Colours that people who cannot tell red from green can tell (Okabe and Ito).
const IN_FLIGHT: RGBColor = RGBColor(0, 114, 178);
const CAPACITY: RGBColor = RGBColor(60, 60, 60);
const GOODPUT: RGBColor = RGBColor(0, 158, 115);
const CRASH: RGBColor = RGBColor(213, 94, 0);
const BUSY: RGBColor = RGBColor(240, 228, 66);
const OVERLOAD: RGBColor = RGBColor(230, 159, 0);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws work in flight against capacity, goodput, levels of load and crashes.
///
/// # Errors
/// The library refuses.
pub fn chart(outcomes: &[Outcome]) -> Result<String, ChartError> {
    let mut svg = String::new();
    {
        let panels = u32::try_from(outcomes.len()).unwrap_or(1).max(1);
        let root = SVGBackend::with_string(&mut svg, (WIDTH, PANEL * panels)).into_drawing_area();
        root.fill(&WHITE).map_err(|it| failed(&it))?;
        let areas = root.split_evenly((outcomes.len().max(1), 1));
        let most = outcomes.iter().map(highest).fold(1.0, f64::max);
        for (area, outcome) in areas.iter().zip(outcomes) {
            panel(area, outcome, most).map_err(|it| failed(&*it))?;
        }
        root.present().map_err(|it| failed(&it))?;
    }
    Ok(svg)
}

fn failed(error: &dyn std::fmt::Display) -> ChartError {
    ChartError(error.to_string())
}

/// Seconds of audio: all panels have the same scale. A capacity that nothing comes near is left out.
fn highest(outcome: &Outcome) -> f64 {
    let highest = |it: &Moment| it.in_flight.max(it.goodput);
    outcome.report.timeline.iter().map(highest).fold(0.0, f64::max)
}

fn panel(area: &Area<'_>, outcome: &Outcome, most: f64) -> Result<(), Box<dyn std::error::Error>> {
    let timeline = &outcome.report.timeline;
    let end = timeline.last().map_or(1.0, |it| it.at).max(1.0);
    let top = most * 1.1;
    let (scale, unit) = match end {
        0.0..=7_200.0 => (60.0, "minutes"),
        7_200.0..=172_800.0 => (3_600.0, "hours"),
        _ => (86_400.0, "days"),
    };
    let caption = format!(
        "{}: {:.1} s/s in time, crashes: {}",
        outcome.policy, outcome.report.goodput, outcome.report.crashes
    );
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 16))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..end / scale, 0.0..top)?;
    let spans = timeline.windows(2).filter_map(|pair| match pair {
        [from, to] if from.level != Level::Normal => Some((from, to.at)),
        _ => None,
    });
    chart.draw_series(spans.map(|(from, to)| {
        let colour = if from.level == Level::Busy { BUSY } else { OVERLOAD };
        Rectangle::new([(from.at / scale, 0.0), (to / scale, top)], colour.mix(0.25).filled())
    }))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(unit)
        .y_desc("seconds of audio")
        .draw()?;
    let line =
        |value: fn(&Moment) -> f64| timeline.iter().map(move |it| (it.at / scale, value(it)));
    let legend = |colour: RGBColor| {
        move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
    };
    chart
        .draw_series(LineSeries::new(line(|it| it.in_flight), &IN_FLIGHT))?
        .label("in flight")
        .legend(legend(IN_FLIGHT));
    chart
        .draw_series(LineSeries::new(line(|it| it.goodput), &GOODPUT))?
        .label("delivered in time, in a second")
        .legend(legend(GOODPUT));
    let capacity = timeline.iter().filter_map(|it| Some((it.at / scale, it.capacity?.min(top))));
    chart
        .draw_series(LineSeries::new(capacity, CAPACITY.stroke_width(2)))?
        .label("capacity")
        .legend(legend(CAPACITY));
    let crashes = timeline.iter().filter(|it| it.crashes > 0);
    chart
        .draw_series(
            crashes.map(|it| Cross::new((it.at / scale, top * 0.95), 5, CRASH.stroke_width(2))),
        )?
        .label("crash")
        .legend(move |(x, y)| Cross::new((x + 8, y), 5, CRASH.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}
