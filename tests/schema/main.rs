//! The schema engine: every mistake is found at its place, and says what to write instead.

mod findings;
