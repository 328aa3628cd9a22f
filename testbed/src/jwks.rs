//! Keys (next commit).
