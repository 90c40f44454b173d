//! The `prebake` command.

use std::process::ExitCode;

/// A compiler allocates much and briefly, on all threads at once: this allocator takes a tenth off the time of a
/// render, and far more off that of a static build, whose own is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // This thread works too, and does not wait until the others have started, as it would for a global pool.
    // A pool that cannot be made now is made when needed.
    let _pool = rayon::ThreadPoolBuilder::new().use_current_thread().build();
    prebake::cli::run(std::env::args_os()).into()
}
