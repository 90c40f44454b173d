//! Takes what a human or a machine reads before a merge, gives text, Markdown, HTML and JSON.
//!
//! Computes nothing about Azure: a report shows data that other phases made. Read `review` for the review of a
//! change, `templates` for the Handlebars templates and how a team replaces them, `files` for the
//! summary of a render's files, `findings` for what machines read of findings.

mod bounds;
pub mod compiler;
pub mod files;
pub mod findings;
mod markup;
pub mod review;
mod rows;
mod store;
mod templates;
mod wording;
mod written;

pub use templates::Templates;
pub use written::Report;
