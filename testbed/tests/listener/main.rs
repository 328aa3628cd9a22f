//! What the filter says that a listener heard, beside what listeners say: a client that counts for itself,
//! and a browser that plays.

mod broken;
mod listener;
mod page;
mod player;
mod samples;
mod support;
mod truth;
mod whole;
