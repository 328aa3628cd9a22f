//! The engine against a model of plain lists.

mod disturbed;
mod driver;
mod events;
mod model;
mod rolling;
