//! A stream as its listener gets it: requested, measured by the code that the filter runs, and drawn.

mod chart;
mod client;
mod error;
mod measure;
mod report;
mod request;
mod rows;
mod timeline;

#[cfg(test)]
mod tests;

pub use chart::{ChartError, chart};
pub use client::{Bounds, Head, Over};
pub use error::StreamError;
pub use measure::{MeasureError, Measured, Terms, measure};
pub use report::Report;
pub use request::{Ask, BadHeader, BadToken, BadUrl, Header, StreamUrl};
pub use rows::{Rows, millis, size};
pub use timeline::{Hole, Moment, Timeline};
