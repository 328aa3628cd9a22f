//! What a stream was like: a table, and words where something should be done.
