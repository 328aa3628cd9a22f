//! Where to cut a text that is too long.
