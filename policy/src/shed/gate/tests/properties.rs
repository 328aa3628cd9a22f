//! The gate against a model of plain lists, and what must hold whatever happens.

mod driver;
mod fairness;
mod model;
