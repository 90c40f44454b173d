//! Takes the intermediate form, gives the JSON of a template and the way back to the source.
//!
//! Knows no syntax. How a thing is written is decided here: what is JSON and what an expression string,
//! where loops stand, and which texts need an escape. Read `template` for the frame, then `declaration`
//! with `types`, `deployed`, and `value`.

mod declaration;
mod deployed;
mod emitter;
mod template;
mod types;
mod value;

pub use template::template;

use emitter::Emitter;
