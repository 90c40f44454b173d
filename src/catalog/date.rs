use std::fmt;

/// A fact that nobody has looked up for so many days may have changed.
const OLD_AFTER_DAYS: i64 = 365;

/// A calendar day. There is no clock in the program: the day on which retirements are judged is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`; nothing when it is no day of the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return None;
        }
        let date = Self {
            year: text[..4].parse().ok()?,
            month: text[5..7].parse().ok()?,
            day: text[8..].parse().ok()?,
        };
        ((1..=12).contains(&date.month) && (1..=date.days_in_month()).contains(&date.day))
            .then_some(date)
    }

    /// The day, in UTC, of a number of seconds since the start of 1970; nothing after the year 9999.
    pub fn of_unix_seconds(seconds: u64) -> Option<Self> {
        // Days since the first of March of year zero; see `day_number`.
        let days = i64::try_from(seconds / 86_400).ok()? + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = u8::try_from(day_of_year - (153 * month + 2) / 5 + 1).ok()?;
        let calendar_month = u8::try_from(if month < 10 { month + 3 } else { month - 9 }).ok()?;
        let year = era * 400 + year_of_era + i64::from(calendar_month <= 2);
        (year <= 9999).then_some(Self {
            year: u16::try_from(year).ok()?,
            month: calendar_month,
            day,
        })
    }

    /// How many days lie between this day and a later one; negative for an earlier one.
    pub fn days_until(self, later: Self) -> i64 {
        later.day_number() - self.day_number()
    }

    /// Whether a fact that was last looked up on this day may have changed by a later one.
    pub fn is_old_on(self, later: Self) -> bool {
        self.days_until(later) > OLD_AFTER_DAYS
    }

    fn days_in_month(self) -> u8 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Days since the first of March of year zero, so that the leap day ends a year.
    fn day_number(self) -> i64 {
        let (year, month) = match self.month {
            1 | 2 => (i64::from(self.year) - 1, i64::from(self.month) + 9),
            _ => (i64::from(self.year), i64::from(self.month) - 3),
        };
        let days_before_month = (153 * month + 2) / 5;
        365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + days_before_month
            + i64::from(self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
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
