//! The `prebake` command.

use std::process::ExitCode;

/// A compiler allocates much and briefly, on all threads at once: this allocator takes a tenth off the time of a
/// render, and far more off that of a static build, whose own is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // This thread works too, and does not wait until the others have started, as it would for a global pool.
    // A pool that cannot be made now is made when needed.
    let _pool = rayon::ThreadPoolBuilder::new().num_threads(threads()).use_current_thread().build();
    prebake::cli::run(std::env::args_os()).into()
}

/// How many threads the pool has; 0 leaves it to the pool, which also reads the quotas of control groups. Reading them
/// takes a thirtieth of the time of one config, and on two processors a quota changes little.
fn threads() -> usize {
    #[cfg(target_os = "linux")]
    if std::env::var_os("RAYON_NUM_THREADS").is_none()
        && let Ok(processors) = rustix::thread::sched_getaffinity(None)
        && processors.count() <= 2
    {
        return processors.count() as usize;
    }
    0
}
