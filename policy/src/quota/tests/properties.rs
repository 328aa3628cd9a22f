//! The engine against a model of plain lists.

mod driver;
mod model;
mod rolling;
