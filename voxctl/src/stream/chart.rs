//! Streams as SVG: above, of each stream, the chunks as dots (how long after the one before, and how
//! large); below, what the listener had left to play.

use std::error::Error;
use std::time::Duration;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Measured, Timeline, millis};

/// A chart that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the chart: {0}")]
pub struct ChartError(String);

const WIDTH: u32 = 1000;
const CHUNKS: u32 = 240;
const LEVEL: u32 = 240;

/// Colours that people who cannot tell red from green can tell (Okabe and Ito).
const STREAMS: [RGBColor; 2] = [RGBColor(0, 114, 178), RGBColor(0, 158, 115)];
const DRY: RGBColor = RGBColor(213, 94, 0);
const FIRST_AUDIO: RGBColor = RGBColor(60, 60, 60);
const SIGNATURE: RGBColor = RGBColor(230, 159, 0);

/// Gaps are drawn between these, in milliseconds: what is sent together comes within less.
const GAPS: (f64, f64) = (0.1, 10_000.0);

/// A delayed ACK waits 40 ms (Linux, `TCP_DELACK_MIN`), and the timer is late by some.
const DELAYED_ACK: (f64, f64) = (38.0, 46.0);

/// More dots than there are pixels are thinned: of those nearer than this, the largest gap stays.
const MOST_DOTS: usize = 4000;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// Draws one stream, or several on the same scales.
///
/// # Errors
/// The library refuses.
pub fn chart(streams: &[Measured]) -> Result<String, ChartError> {
    let mut svg = String::new();
    let panels = u32::try_from(streams.len()).unwrap_or(1).max(1);
    {
        let height = CHUNKS * panels + LEVEL;
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&root, streams).map_err(|it| ChartError(it.to_string()))?;
    }
    Ok(svg)
}

fn draw(root: &Area<'_>, streams: &[Measured]) -> Drawn {
    root.fill(&WHITE)?;
    let length = streams.iter().map(|it| it.timeline.length()).max().unwrap_or_default();
    let end = (length.as_secs_f64() * 1.02).max(0.05);
    let mut rest = root.clone();
    for (stream, colour) in streams.iter().zip(STREAMS.iter().cycle()) {
        let (panel, below) = rest.split_vertically(CHUNKS);
        chunks(&panel, stream, *colour, end)?;
        rest = below;
    }
    level(&rest, streams, end)?;
    root.present()?;
    Ok(())
}

fn chunks(area: &Area<'_>, stream: &Measured, colour: RGBColor, end: f64) -> Drawn {
    let timeline = &stream.timeline;
    let mut chart = ChartBuilder::on(area)
        .caption(stream.caption(), ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(24)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, (GAPS.0..GAPS.1).log_scale())?;
    if stream.is_delayed_by_acks() {
        let band = [(0.0, DELAYED_ACK.0), (end, DELAYED_ACK.1)];
        chart
            .draw_series([Rectangle::new(band, SIGNATURE.mix(0.35).filled())])?
            .label("40 ms: a delayed ACK")
            .legend(|(x, y)| {
                Rectangle::new([(x, y - 4), (x + 16, y + 4)], SIGNATURE.mix(0.35).filled())
            });
    }
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(6)
        .y_label_formatter(&|it| if *it < 1.0 { format!("{it:.1}") } else { format!("{it:.0}") })
        .x_label_formatter(&seconds)
        .y_desc("gap before, ms")
        .draw()?;
    let most = timeline.moments.iter().map(|it| it.bytes).max().unwrap_or(1).max(1);
    let radius = |bytes: u64| 1 + (5.0 * (bytes as f64 / most as f64).sqrt()).round() as i32;
    let dots = thinned(timeline);
    chart
        .draw_series(dots.into_iter().map(|(at, gap, bytes)| {
            Circle::new((at, gap), radius(bytes), colour.mix(0.55).filled())
        }))?
        .label(format!("chunk; the largest: {}", super::size(most)))
        .legend(move |(x, y)| Circle::new((x + 8, y), 5, colour.mix(0.55).filled()));
    if let Some(at) = timeline.ttfa {
        let at = at.as_secs_f64();
        chart
            .draw_series([PathElement::new(
                [(at, GAPS.0), (at, GAPS.1)],
                FIRST_AUDIO.stroke_width(1),
            )])?
            .label(format!("first audio, {}", millis(Duration::from_secs_f64(at))))
            .legend(|(x, y)| PathElement::new([(x + 8, y - 6), (x + 8, y + 6)], FIRST_AUDIO));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}

/// When a chunk came (seconds), the gap before it (milliseconds), its bytes.
fn thinned(timeline: &Timeline) -> Vec<(f64, f64, u64)> {
    let mut dots: Vec<(f64, f64, u64)> = timeline
        .gaps()
        .map(|(moment, gap)| {
            let gap = (gap.as_secs_f64() * 1000.0).clamp(GAPS.0, GAPS.1);
            (moment.at.as_secs_f64(), gap, moment.bytes)
        })
        .collect();
    let each = dots.len().div_ceil(MOST_DOTS).max(1);
    if each > 1 {
        let longest = |dots: &[(f64, f64, u64)]| {
            dots.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
        };
        dots = dots.chunks(each).map(longest).collect();
    }
    dots
}

fn level(area: &Area<'_>, streams: &[Measured], end: f64) -> Drawn {
    let curves: Vec<_> = streams.iter().map(|it| curve(&it.timeline)).collect();
    let is_played = streams.iter().any(|it| it.timeline.moments.iter().any(|it| it.level.is_some()));
    let highest = curves.iter().flatten().map(|it| it.1).fold(0.0, f64::max);
    let top = if highest > 0.0 { highest * 1.1 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&seconds)
        .x_desc("seconds since the request")
        .y_desc(if is_played { "left to play, s" } else { "received, kB" })
        .draw()?;
    for ((stream, curve), colour) in streams.iter().zip(curves).zip(STREAMS.iter().cycle()) {
        dry(&mut chart, stream, top)?;
        let colour = *colour;
        chart
            .draw_series(LineSeries::new(curve, colour.stroke_width(2)))?
            .label(stream.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}

type Level<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Marks when the listener had nothing to play.
fn dry(chart: &mut Level<'_, '_>, stream: &Measured, top: f64) -> Drawn {
    if stream.timeline.holes.is_empty() {
        return Ok(());
    }
    let holes = stream.timeline.holes.iter().map(|it| {
        let (from, to) = (it.from.as_secs_f64(), it.to.as_secs_f64());
        Rectangle::new([(from, 0.0), (to, top)], DRY.mix(0.3).filled())
    });
    let missing: Duration =
        stream.timeline.holes.iter().map(|it| it.to.saturating_sub(it.from)).sum();
    let edges = stream.timeline.holes.iter().map(|it| {
        TriangleMarker::new((it.from.as_secs_f64(), 0.0), 5, DRY.filled())
    });
    chart
        .draw_series(holes)?
        .label(format!("underruns: {}, {}", stream.timeline.holes.len(), millis(missing)))
        .legend(|(x, y)| Rectangle::new([(x, y - 4), (x + 16, y + 4)], DRY.mix(0.3).filled()));
    chart.draw_series(edges)?;
    Ok(())
}

/// What is left to play over time, in seconds; of what is not played, what came so far, in kB.
fn curve(timeline: &Timeline) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(timeline.moments.len() * 2);
    let mut received = 0;
    let is_played = timeline.moments.iter().any(|it| it.level.is_some());
    for (number, moment) in timeline.moments.iter().enumerate() {
        let at = moment.at.as_secs_f64();
        received += moment.bytes;
        if !is_played {
            points.push((at, received as f64 / 1000.0));
            continue;
        }
        let Some(level) = moment.level else { continue };
        let level = level.as_secs_f64();
        points.push((at, level));
        // It falls second by second until the next chunk, or until nothing is left.
        let next = timeline.moments.get(number + 1).map(|it| it.at).or(timeline.end);
        let next = next.map_or(at, |it| it.as_secs_f64());
        if at + level < next {
            points.push((at + level, 0.0));
        }
        points.push((next, (level - (next - at)).max(0.0)));
    }
    points
}

fn seconds(it: &f64) -> String {
    // As exact as the ticks may be near.
    let text = format!("{it:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
