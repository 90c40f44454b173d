//! Takes the intermediate form, gives the JSON of a template and the way back to the source.
//!
//! Knows no syntax. How a thing is written is decided here: what is JSON and what an expression string,
//! where loops stand, and which names need an escape. Read `value` first.

mod recorder;
mod value;

pub use recorder::Recorder;
pub use value::{data, literal, plain, string};
