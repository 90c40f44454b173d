//! Schemas: every mistake is found at its place, in every committed schema, and says what to write instead.

#![expect(clippy::disallowed_methods, reason = "tests read the type tables and the schemas")]

mod budget;
mod findings;
mod import;
mod renders;
mod validate;
mod walk;
