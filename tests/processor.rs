//! How long the processor works on something: unlike the time on the clock, it does not grow when other tests run at
//! the same time.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of this thread so far.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("processor time is positive")
}

/// Does the work on this thread, in at most this much processor time.
pub fn within<T>(most: Duration, name: &str, work: impl FnOnce() -> T) -> T {
    let start = now();
    let done = work();
    let took = now().saturating_sub(start);
    assert!(took < most, "{name} took {took:?}");
    done
}
