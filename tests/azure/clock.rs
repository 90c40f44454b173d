//! The time in the stand-in's cloud: the machine's, and what a test has let pass besides.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that only runs forward.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    ahead: Duration,
}

impl Clock {
    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        (now + self.ahead).as_secs()
    }

    pub fn advance(&mut self, time: Duration) {
        self.ahead += time;
    }

    /// As Azure writes it: `2026-11-29T00:21:05.0000000Z`.
    pub fn text(&self) -> String {
        timestamp(self.now())
    }
}

/// A time of the proleptic Gregorian calendar, from seconds since 1970.
pub fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 0000-03-01, so that the leap day ends a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.0000000Z")
}

#[test]
fn a_time_is_written_as_azure_writes_it() {
    // `date --utc --date=@1709210096` and `--date=@1798761599`.
    assert_eq!(timestamp(1_709_210_096), "2024-02-29T12:34:56.0000000Z");
    assert_eq!(timestamp(1_798_761_599), "2026-12-31T23:59:59.0000000Z");
}
