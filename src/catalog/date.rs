use std::fmt;

use jiff::Span;
use jiff::civil;

const SECONDS_OF_A_DAY: u64 = 86_400;

/// A fact that nobody has looked up for so many days may have changed.
const OLD_AFTER_DAYS: i64 = 365;

/// A calendar day. There is no clock in the program: the day on which retirements are judged is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// Reads `YYYY-MM-DD`; nothing when it is no day of the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        is_shaped.then(|| text.parse().ok().map(Self))?
    }

    /// The day, in UTC, of a number of seconds since the start of 1970; nothing after the year 9999.
    pub fn of_unix_seconds(seconds: u64) -> Option<Self> {
        let days = Span::new().try_days(i64::try_from(seconds / SECONDS_OF_A_DAY).ok()?).ok()?;
        civil::date(1970, 1, 1).checked_add(days).ok().map(Self)
    }

    /// How many days lie between this day and a later one; negative for an earlier one.
    pub fn days_until(self, later: Self) -> i64 {
        self.0.duration_until(later.0).as_hours() / 24
    }

    /// Whether a fact that was last looked up on this day may have changed by a later one.
    pub fn is_old_on(self, later: Self) -> bool {
        self.days_until(later) > OLD_AFTER_DAYS
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        assert_eq!(Date::parse("2026-11-23").map(|date| date.to_string()).unwrap(), "2026-11-23");
        assert!(Date::parse("2024-02-29").is_some());
        for wrong in
            ["2023-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-01", "", "heute"]
        {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_counted_across_months_and_leap_years() {
        let days = |from, to| Date::parse(from).unwrap().days_until(Date::parse(to).unwrap());
        assert_eq!(days("2026-11-23", "2027-06-30"), 219);
        assert_eq!(days("2024-02-28", "2024-03-01"), 2);
        assert_eq!(days("2100-02-28", "2100-03-01"), 1);
        assert_eq!(days("2026-01-01", "2025-12-31"), -1);
    }
}
