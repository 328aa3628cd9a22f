//! Streams as SVG: of each stream, above, the chunks as dots (how long after the one before, and how
//! large); below, what the listener had left to play. All have the same scale of time.

use std::error::Error;
use std::time::Duration;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Measured, Moment, Timeline, millis};

/// A chart that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the chart: {0}")]
pub struct ChartError(String);

const WIDTH: u32 = 1000;
const CHUNKS: u32 = 220;
const LEVEL: u32 = 200;

/// Colours that people who cannot tell red from green can tell (Okabe and Ito).
const STREAMS: [RGBColor; 2] = [RGBColor(0, 114, 178), RGBColor(0, 158, 115)];
const DRY: RGBColor = RGBColor(213, 94, 0);
const FIRST_AUDIO: RGBColor = RGBColor(60, 60, 60);
const SIGNATURE: RGBColor = RGBColor(230, 159, 0);

/// Gaps are drawn between these at most, in milliseconds: what is sent together comes within less.
const GAPS: (f64, f64) = (0.1, 1_000_000.0);

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
        let height = (CHUNKS + LEVEL) * panels;
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&root, streams).map_err(|it| ChartError(it.to_string()))?;
    }
    Ok(svg)
}

fn draw(root: &Area<'_>, streams: &[Measured]) -> Drawn {
    root.fill(&WHITE)?;
    let length = streams.iter().map(|it| it.timeline.length()).max().unwrap_or_default();
    let end = (length.as_secs_f64() * 1.02).max(0.05);
    let gaps = decades(streams.iter().flat_map(|it| it.timeline.gaps().map(|(_, gap)| gap)));
    let mut rest = root.clone();
    for (stream, colour) in streams.iter().zip(STREAMS.iter().cycle()) {
        let (above, below) = rest.split_vertically(CHUNKS);
        let (below, further) = below.split_vertically(LEVEL);
        chunks(&above, stream, *colour, end, gaps)?;
        level(&below, stream, *colour, end)?;
        rest = further;
    }
    root.present()?;
    Ok(())
}

/// The powers of ten that these are between, in milliseconds.
fn decades(gaps: impl Iterator<Item = Duration>) -> (f64, f64) {
    let gaps = gaps.map(|it| (it.as_secs_f64() * 1000.0).clamp(GAPS.0, GAPS.1));
    let (least, most) =
        gaps.fold((10.0_f64, 10.0_f64), |(least, most), it| (least.min(it), most.max(it)));
    let decade = |it: f64| 10_f64.powf(it);
    (decade(least.log10().floor()), decade((most * 5.0).log10().ceil()))
}

fn chunks(
    area: &Area<'_>,
    stream: &Measured,
    colour: RGBColor,
    end: f64,
    (least, most): (f64, f64),
) -> Drawn {
    let timeline = &stream.timeline;
    let mut chart = ChartBuilder::on(area)
        .caption(stream.caption(), ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(24)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, (least..most).log_scale())?;
    if stream.is_delayed_by_acks() {
        let band = [(0.0, DELAYED_ACK.0), (end, DELAYED_ACK.1)];
        let style = SIGNATURE.mix(0.4).filled();
        chart
            .draw_series([Rectangle::new(band, style)])?
            .label("40 ms: a delayed ACK")
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 16, y + 4)], style));
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
    let largest = timeline.moments.iter().map(|it| it.bytes).max().unwrap_or(1).max(1);
    let radius = |bytes: u64| 1 + (3.0 * (bytes as f64 / largest as f64).sqrt()).round() as i32;
    let style = colour.mix(0.6).filled();
    let dots = thinned(timeline, (least, most)).into_iter();
    chart
        .draw_series(dots.map(|(at, gap, bytes)| Circle::new((at, gap), radius(bytes), style)))?
        .label(format!("a chunk; the largest has {}", super::size(largest)))
        .legend(move |(x, y)| Circle::new((x + 8, y), 4, style));
    if let Some(ttfa) = timeline.ttfa {
        let at = ttfa.as_secs_f64();
        let style = FIRST_AUDIO.stroke_width(1);
        chart
            .draw_series([PathElement::new([(at, least), (at, most)], style)])?
            .label(format!("first audio, {}", millis(ttfa)))
            .legend(move |(x, y)| PathElement::new([(x + 8, y - 6), (x + 8, y + 6)], style));
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
fn thinned(timeline: &Timeline, (least, most): (f64, f64)) -> Vec<(f64, f64, u64)> {
    let gap = |gap: Duration| (gap.as_secs_f64() * 1000.0).clamp(least, most);
    let dot =
        |(moment, before): (Moment, Duration)| (moment.at.as_secs_f64(), gap(before), moment.bytes);
    let dots: Vec<_> = timeline.gaps().map(dot).collect();
    let each = dots.len().div_ceil(MOST_DOTS).max(1);
    let longest = |dots: &[(f64, f64, u64)]| {
        dots.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
    };
    dots.chunks(each).map(longest).collect()
}

fn level(area: &Area<'_>, stream: &Measured, colour: RGBColor, end: f64) -> Drawn {
    let is_played = stream.timeline.is_played();
    let curve = curve(&stream.timeline, end);
    let highest = curve.iter().map(|it| it.1).fold(0.0, f64::max);
    let top = if highest > 0.0 { highest * 1.4 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(6)
        .x_label_formatter(&seconds)
        .x_desc("seconds since the request")
        .y_desc(if is_played { "left to play, s" } else { "received, kB" })
        .draw()?;
    dry(&mut chart, stream, top)?;
    let style = colour.stroke_width(2);
    chart
        .draw_series(LineSeries::new(curve, style))?
        .label(if is_played { "the listener's buffer" } else { "received" })
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
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
    chart
        .draw_series(holes)?
        .label(format!("underruns: {}, {}", stream.timeline.holes.len(), millis(missing)))
        .legend(|(x, y)| Rectangle::new([(x, y - 4), (x + 16, y + 4)], DRY.mix(0.3).filled()));
    Ok(())
}

/// What is left to play over time until `end`, in seconds; of what is not played, what came so far, in kB.
fn curve(timeline: &Timeline, end: f64) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(timeline.moments.len() * 2);
    let mut received = 0;
    let is_played = timeline.is_played();
    for (number, moment) in timeline.moments.iter().enumerate() {
        let at = moment.at.as_secs_f64();
        received += moment.bytes;
        if !is_played {
            points.push((at, received as f64 / 1000.0));
            continue;
        }
        let Some(level) = moment.level.map(|it| it.as_secs_f64()) else { continue };
        points.push((at, level));
        // It falls second by second until the next chunk, or until nothing is left.
        let next = timeline.moments.get(number + 1).map_or(end, |it| it.at.as_secs_f64());
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
