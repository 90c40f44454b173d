//! Dates and times, with their distance from UTC.

use std::fmt::Write;

use super::{Arguments, Evaluated, Failure, Outcome, integer_of, string, text_of, wrong};

const DAY: i64 = 86_400;

/// A moment: seconds since 1970 in the proleptic Gregorian calendar, and how far the clock is ahead that it was read from.
#[derive(Debug, Clone, Copy)]
struct Moment {
    seconds: i64,
    offset: i64,
}

struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

pub(super) fn from_epoch(arguments: Arguments<'_>) -> Outcome {
    let seconds = integer_of(&arguments[0])?;
    string(in_range(seconds, 0)?.iso())
}

pub(super) fn to_epoch(arguments: Arguments<'_>) -> Outcome {
    Ok(Evaluated::Integer(parse(text_of(&arguments[0])?)?.seconds))
}

pub(super) fn date_time_add(arguments: Arguments<'_>) -> Outcome {
    let start = parse(text_of(&arguments[0])?)?;
    let duration = text_of(&arguments[1])?;
    let end = add(start, duration)?;
    match arguments.get(2) {
        None => string(end.iso()),
        Some(format) => string(end.formatted(text_of(format)?)?),
    }
}

/// The years that .NET knows.
fn in_range(seconds: i64, offset: i64) -> Result<Moment, Failure> {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 253_402_300_799;
    if (FIRST..=LAST).contains(&seconds) {
        return Ok(Moment { seconds, offset });
    }
    Err(wrong("the date is outside the years 1 to 9999", "pass an earlier or later date"))
}

fn parse(text: &str) -> Result<Moment, Failure> {
    let broken = || {
        let shown: String = text.chars().take(40).collect();
        wrong(format!("`{shown}` is not a date"), "use the form `2026-01-31T12:00:00Z`")
    };
    let (seconds, offset) = parse_parts(text.trim()).ok_or_else(broken)?;
    in_range(seconds, offset)
}

/// Seconds since 1970 in UTC, and the offset.
fn parse_parts(text: &str) -> Option<(i64, i64)> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, "00:00:00Z"),
    };
    let (time, offset) = match time.rfind(['Z', 'z', '+', '-']) {
        Some(at) => (time.get(..at)?.trim(), parse_offset(time.get(at..)?)?),
        None => (time, 0),
    };
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut clock = time.split('.').next()?.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().unwrap_or(Some(0))?;
    let valid = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    valid.then(|| {
        let local = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        (local - offset, offset)
    })
}

fn parse_offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return text[1..].is_empty().then_some(0),
    };
    let digits: String = text[1..].chars().filter(|next| *next != ':').collect();
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 =
        digits.get(2..).filter(|rest| !rest.is_empty()).unwrap_or("0").parse().ok()?;
    ((0..=14).contains(&hours) && (0..60).contains(&minutes))
        .then_some(sign * (hours * 3600 + minutes * 60))
}

/// Adds an ISO 8601 duration, such as `P1Y2M3DT4H5M6S` or `-PT1H`. As in Azure's engine, which reads it as a .NET
/// `TimeSpan`, a year has 365 days, a month has 30, and there are no weeks.
fn add(start: Moment, duration: &str) -> Result<Moment, Failure> {
    let broken = || {
        let shown: String = duration.chars().take(40).collect();
        wrong(format!("`{shown}` is not a duration"), "use the form `P1D` or `PT2H30M`")
    };
    let (sign, body) = match duration.strip_prefix('-') {
        Some(body) => (-1, body),
        None => (1, duration),
    };
    let body = body.strip_prefix('P').filter(|body| !body.is_empty()).ok_or_else(broken)?;
    let (mut seconds, mut in_time, mut digits) = (0_i64, false, String::new());
    for next in body.chars() {
        if next.is_ascii_digit() && digits.len() < 9 {
            digits.push(next);
            continue;
        }
        if next == 'T' && digits.is_empty() && !in_time {
            in_time = true;
            continue;
        }
        let number: i64 = digits.parse().map_err(|_| broken())?;
        digits.clear();
        match (next, in_time) {
            ('Y', false) => seconds += number * 365 * DAY,
            ('M', false) => seconds += number * 30 * DAY,
            ('D', false) => seconds += number * DAY,
            ('H', true) => seconds += number * 3600,
            ('M', true) => seconds += number * 60,
            ('S', true) => seconds += number,
            _ => return Err(broken()),
        }
    }
    if !digits.is_empty() {
        return Err(broken());
    }
    in_range(start.seconds + sign * seconds, start.offset)
}

impl Moment {
    /// What a clock there shows.
    fn parts(self) -> Parts {
        let local = self.seconds + self.offset;
        let (days, rest) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        Parts { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60 }
    }

    fn in_utc(self) -> Self {
        Self { offset: 0, ..self }
    }

    /// `-05:00`
    fn zone(self) -> String {
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs() / 60);
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Azure's engine writes what the clock shows, and a `Z` whatever the offset.
    fn iso(self) -> String {
        let Parts { year, month, day, hour, minute, second } = self.parts();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// The .NET formats that are plain sequences of numbers; others are left to Azure.
    fn formatted(self, format: &str) -> Result<String, Failure> {
        let custom = match format {
            "u" => return self.in_utc().formatted("yyyy-MM-dd HH:mm:ssZ"),
            "R" | "r" => {
                let weekday = weekday_name(self.seconds.div_euclid(DAY));
                let rest = self.in_utc().formatted("dd MMM yyyy HH:mm:ss")?;
                return Ok(format!("{weekday}, {rest} GMT"));
            }
            "o" | "O" => {
                let local = self.formatted("yyyy-MM-ddTHH:mm:ss.0000000")?;
                return Ok(local + &self.zone());
            }
            "s" => "yyyy-MM-ddTHH:mm:ss",
            "d" => "MM/dd/yyyy",
            custom => custom,
        };
        let Parts { year, month, day, hour, minute, second } = self.parts();
        let mut text = String::new();
        let mut rest = custom;
        while let Some(first) = rest.chars().next() {
            let run = rest.chars().take_while(|next| *next == first).count();
            let written = match (first, run) {
                ('y', 4) => write!(text, "{year:04}"),
                ('y', 2) => write!(text, "{:02}", year % 100),
                ('M', 3) => text.write_str(month_name(month)),
                ('M', 2) => write!(text, "{month:02}"),
                ('d', 1) => write!(text, "{day}"),
                ('d', 2) => write!(text, "{day:02}"),
                ('H', 2) => write!(text, "{hour:02}"),
                ('m', 2) => write!(text, "{minute:02}"),
                ('s', 2) => write!(text, "{second:02}"),
                ('-' | ':' | '.' | '/' | ' ' | '_' | 'T' | 'Z' | '0', _) => {
                    text.write_str(&rest[..run])
                }
                _ => return Err(Failure::Symbolic),
            };
            written.map_err(|_| Failure::Symbolic)?;
            rest = &rest[run * first.len_utf8()..];
        }
        Ok(text)
    }
}

/// The short name of the weekday, by days since 1970, which began on a Thursday.
fn weekday_name(days: i64) -> &'static str {
    const NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    usize::try_from(days.rem_euclid(7)).ok().and_then(|day| NAMES.get(day)).copied().unwrap_or("")
}

/// The short name of a month, from 1.
fn month_name(month: i64) -> &'static str {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(month - 1).ok().and_then(|month| NAMES.get(month)).copied().unwrap_or("")
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, counting years from March so that the leap day is a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}
