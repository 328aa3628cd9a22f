//! Whether streams come through an Envoy byte for byte: clients ask for [scripts](crate::script) and
//! compare what comes with what was sent, as it comes.
//!
//! Everything random comes from one seed. A failure names it, and `VOXGATE_SEED` repeats it:
//!
//! ```no_run
//! # use voxgate_testbed::exact::{Campaign, Protocol, Stage};
//! # async fn test() -> anyhow::Result<()> {
//! let stage = Stage::setup().start().await?;
//! Campaign::new(1000, &Protocol::ALL).run(&stage).await?;
//! stage.finish().await
//! # }
//! ```

mod campaign;
mod check;
mod clients;
mod error;
mod mode;
mod plan;
mod stage;

pub use campaign::{Campaign, Tally};
pub use check::{Check, Difference};
pub use clients::Clients;
pub use error::{Inexact, Lost};
pub use mode::Mode;
pub use plan::{Heard, Plan, Protocol, Reader};
pub use stage::{Stage, StageSetup};
