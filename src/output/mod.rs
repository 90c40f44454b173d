//! Takes the files of a render, gives a folder that holds exactly them: all or nothing.
//!
//! Nothing else in the crate writes below a render's folder. Whatever happens on the way (a kill, a full
//! disk, a second run), the folder is the previous render or the new one, never a mixture. Files that
//! prebake did not write are carried over untouched. A process that is killed loses nothing; after a power
//! cut the digests of the manifest tell a torn render from a whole one, and the next run writes it again.
//!
//! Read `tree` for what stands in a folder, `previous` for a render as it was, `plan` for what a commit
//! would change, then `commit` for how it is written, on top of `stage` (the lock) and `exchange`.

#![expect(clippy::disallowed_methods, reason = "reads and writes the folder of a render")]

mod commit;
mod error;
mod exchange;
mod file;
mod plan;
mod previous;
mod stage;
mod tree;

pub use commit::commit;
pub use error::OutputError;
pub use file::write;
pub(crate) use file::write_new;
pub use previous::previous;
pub(crate) use previous::{KnownRender, PreviousRender, file_of_whole, has_render};
pub use stage::sweep;
pub use tree::{MAX_DEPTH, MAX_ENTRIES};
