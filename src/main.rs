//! The `prebake` command.

use std::process::ExitCode;

/// A compiler allocates much and briefly, on all threads at once: this allocator takes a tenth off the time of a
/// render, and far more off that of a static build, whose own is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // This thread works too, and does not wait until the others have started, as it would for a global pool.
    // A pool that cannot be made now is made when needed.
    let threads = threads();
    #[cfg(target_os = "linux")]
    if threads > MOST_WITH_HUGE_PAGES {
        // Without it, only more memory is taken.
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
    let _pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build();
    prebake::cli::run(std::env::args_os()).into()
}

/// How many threads may have huge pages. Each takes at least one, which saves a sixth of the time of one config on few
/// threads, and nothing on many.
#[cfg(target_os = "linux")]
const MOST_WITH_HUGE_PAGES: usize = 4;

/// How many threads the pool has.
fn threads() -> usize {
    let told = std::env::var_os("RAYON_NUM_THREADS");
    let told = told.and_then(|told| told.to_str()?.parse().ok()).filter(|count| *count > 0);
    told.unwrap_or_else(processors)
}

/// How many processors the process may use. The standard library also reads the quotas of control groups, which takes a
/// thirtieth of the time of one config; on two processors a quota changes little.
fn processors() -> usize {
    #[cfg(target_os = "linux")]
    if let Ok(processors) = rustix::thread::sched_getaffinity(None)
        && processors.count() <= 2
    {
        return processors.count() as usize;
    }
    std::thread::available_parallelism().map_or(1, usize::from)
}
