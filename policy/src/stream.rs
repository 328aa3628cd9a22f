//! Generated streams: what a listener hears of one, what must not happen to it on its way, and how
//! chatty ones are put together.
