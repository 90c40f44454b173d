//! Schemas: every mistake is found at its place, in every committed schema, and says what to write instead.

mod findings;
mod import;
mod validate;
mod walk;
