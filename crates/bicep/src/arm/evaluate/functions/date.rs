//! Dates and times, with their distance from UTC.

use std::fmt::Write;

use jiff::SignedDuration;
use jiff::civil::{self, DateTime};

use super::{Arguments, Evaluated, Failure, Outcome, integer_of, string, text_of, wrong};

const DAY: i64 = 86_400;
/// Where the seconds of a moment start.
const EPOCH: DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// A moment: seconds since 1970 in the proleptic Gregorian calendar, and how far the clock is ahead that it was read from.
#[derive(Debug, Clone, Copy)]
struct Moment {
    seconds: i64,
    offset: i64,
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
    let mut date = date.splitn(3, '-');
    let year = date.next()?.parse().ok()?;
    let mut date = date.map(|part| part.parse().ok());
    let date = civil::Date::new(year, date.next()??, date.next()??).ok()?;
    let mut clock = time.split('.').next()?.splitn(3, ':').map(|part| part.parse().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let time = civil::Time::new(hour, minute, clock.next().unwrap_or(Some(0))?, 0).ok()?;
    let local = date.to_datetime(time).duration_since(EPOCH).as_secs();
    (date.year() >= 1).then_some((local - offset, offset))
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
    fn clock(self) -> DateTime {
        EPOCH.saturating_add(SignedDuration::from_secs(self.seconds + self.offset))
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
        self.clock().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The .NET formats that are plain sequences of numbers; others are left to Azure.
    fn formatted(self, format: &str) -> Result<String, Failure> {
        let custom = match format {
            "u" => return self.in_utc().formatted("yyyy-MM-dd HH:mm:ssZ"),
            "R" | "r" => {
                return Ok(self.in_utc().clock().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
            }
            "o" | "O" => {
                let local = self.formatted("yyyy-MM-ddTHH:mm:ss.0000000")?;
                return Ok(local + &self.zone());
            }
            "s" => "yyyy-MM-ddTHH:mm:ss",
            "d" => "MM/dd/yyyy",
            custom => custom,
        };
        let clock = self.clock();
        let mut text = String::new();
        let mut rest = custom;
        while let Some(first) = rest.chars().next() {
            let run = rest.chars().take_while(|next| *next == first).count();
            let written = match (first, run) {
                ('y', 4) => write!(text, "{:04}", clock.year()),
                ('y', 2) => write!(text, "{:02}", clock.year() % 100),
                ('M', 3) => write!(text, "{}", clock.strftime("%b")),
                ('M', 2) => write!(text, "{:02}", clock.month()),
                ('d', 1) => write!(text, "{}", clock.day()),
                ('d', 2) => write!(text, "{:02}", clock.day()),
                ('H', 2) => write!(text, "{:02}", clock.hour()),
                ('m', 2) => write!(text, "{:02}", clock.minute()),
                ('s', 2) => write!(text, "{:02}", clock.second()),
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
